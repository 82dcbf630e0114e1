// Runs killed and continued through the real worker, in processes of their own.
#include "train/checkpoint.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <thread>

#include "process.hpp"
#include "published_models.hpp"
#include "train/training_fixture.hpp"

using namespace repro;
using namespace repro::train;

namespace {

config::TrainSpec resumable() {
  config::TrainSpec spec = tiny_spec();
  spec.model = config::as_llama_moe(spec.model);  // its gate noise must resume too
  spec.model.top_k = 2;
  spec.precision = "bf16-mixed";
  spec.steps = 300;
  spec.watch.every = 7;
  return spec;
}

Process start_worker(const run::RunDirectory& directory) {
  return Process({built("repro-worker"), directory.path().string()});
}

int64_t steps_done(const run::RunDirectory& directory) {
  if (!fs::exists(directory.records_file())) return 0;
  const auto progress = run::read_progress(directory.records_file());
  return progress ? static_cast<int64_t>(progress->done) : 0;
}

void wait_for_step(const run::RunDirectory& directory, int64_t step) {
  for (int waited = 0; steps_done(directory) < step; ++waited) {
    if (waited == 60'000) FAIL("step " << step << " was not reached in a minute");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void check_equal_runs(const run::RunDirectory& a, const run::RunDirectory& b, int64_t steps) {
  CHECK(steps_of(a) == steps_of(b));
  CHECK(evals_of(a) == evals_of(b));
  for (const char* file : {"model.safetensors", "optimizer.safetensors"})
    CHECK(read_file(checkpoint_folder(a.checkpoints(), steps) / file) ==
          read_file(checkpoint_folder(b.checkpoints(), steps) / file));
  CHECK(read_file(a.weights()) == read_file(b.weights()));
  for (const char* key : {"loss_first", "loss_last", "data_hash", "tokens", "expert_load"})
    CHECK(a.result().at(key) == b.result().at(key));
}

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("a run killed twice and continued ends with the same bits as one left alone", "[train]") {
  const Runs runs;
  const auto whole = runs.make_training("whole", resumable(), 50);
  REQUIRE(start_worker(whole).wait().exit_code == 0);

  const auto killed = runs.make_training("killed", resumable(), 10);
  for (int64_t step : {23, 64}) {
    Process worker = start_worker(killed);
    wait_for_step(killed, step);
    worker.signal(SIGKILL);
    REQUIRE(worker.wait().exit_code == -SIGKILL);
    REQUIRE(killed.state() == run::State::started);
  }
  const Finished finished = start_worker(killed).wait();
  INFO(finished.errors);
  REQUIRE(finished.exit_code == 0);
  check_equal_runs(whole, killed, 300);

  // Continued, not started again: each process says where it began, at a checkpoint.
  const std::string records = read_file(killed.records_file());
  CHECK(count(records, "\"event\":\"start\"") >= 2);
  const std::string log = read_file(killed.mlperf_file());
  for (const char* key : {"\"run_start\"", "\"run_stop\"", "\"init_start\""})
    CHECK(count(log, key) == 1);
}

TEST_CASE("a run that spends its time writing checkpoints survives kills at any moment",
          "[train]") {
  const Runs runs;
  config::TrainSpec spec = resumable();
  spec.steps = 40;
  const auto whole = runs.make_training("whole", spec, 1000);
  REQUIRE(start_worker(whole).wait().exit_code == 0);
  const auto killed = runs.make_training("killed", spec, 1);
  for (int64_t step : {3, 9, 16, 24}) {
    Process worker = start_worker(killed);
    wait_for_step(killed, step);
    worker.signal(SIGKILL);
    REQUIRE(worker.wait().exit_code == -SIGKILL);
  }
  REQUIRE(start_worker(killed).wait().exit_code == 0);
  check_equal_runs(whole, killed, 40);
}

TEST_CASE("an interrupted run stops with 130, and continues from where it stopped", "[train]") {
  const Runs runs;
  const auto whole = runs.make_training("whole", resumable(), 1000);
  REQUIRE(start_worker(whole).wait().exit_code == 0);
  const auto stopped = runs.make_training("stopped", resumable(), 1000);
  Process worker = start_worker(stopped);
  wait_for_step(stopped, 20);
  worker.signal(SIGINT);
  const Finished finished = worker.wait();
  INFO(finished.errors);
  REQUIRE(finished.exit_code == 130);
  CHECK(finished.errors.find("interrupted after step") != std::string::npos);
  const int64_t reached = steps_done(stopped);
  CHECK(reached >= 20);
  REQUIRE(reached < 300);
  CHECK(fs::exists(stopped.checkpoints() / fmt::format("{:08d}", reached) / "DONE"));
  REQUIRE(start_worker(stopped).wait().exit_code == 0);
  check_equal_runs(whole, stopped, 300);
}

TEST_CASE("clocks go on after a restart", "[train]") {
  const Runs runs;
  const auto directory = runs.make_training("clocks", resumable(), 10);
  Process worker = start_worker(directory);
  wait_for_step(directory, 60);
  worker.signal(SIGKILL);
  worker.wait();
  REQUIRE(start_worker(directory).wait().exit_code == 0);
  double before = 0;
  for (const auto& record : run::read_records(directory.records_file()).steps) {
    CHECK(record.clocks.train > before);
    before = record.clocks.train;
  }
  CHECK(directory.result().at("clocks").at("train").get<double>() >= before);
}
