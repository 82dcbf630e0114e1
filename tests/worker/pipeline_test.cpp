// Table 3 through the real programs, on real text. The corpora are fetched from the registries the
// first time and come from the cache afterwards.

#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "process.hpp"
#include "run/records.hpp"
#include "run/run_directory.hpp"

namespace repro {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> run_arguments(const std::string& table, const fs::path& runs) {
  return {"run", table, "--scale", "smoke", "--runs", runs.string()};
}

// One cell instead of six: enough to be killed and compared.
std::vector<std::string> one_cell(const fs::path& runs) {
  std::vector<std::string> arguments = run_arguments("table3", runs);
  for (const char* setting :
       {"models=[\"qwen_moe\"]", "corpora=[\"wikitext2\"]", "arm.full.steps=120"})
    arguments.insert(arguments.end(), {"--set", setting});
  return arguments;
}

std::vector<fs::path> run_directories(const fs::path& runs) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(runs))
    if (fs::exists(entry.path() / "job.json")) found.push_back(entry.path());
  return found;
}

std::map<std::string, fs::file_time_type> finish_times(const fs::path& runs) {
  std::map<std::string, fs::file_time_type> times;
  for (const fs::path& directory : run_directories(runs))
    times[directory.filename().string()] = fs::last_write_time(directory / "DONE");
  return times;
}

// What a training run computed, without what depends on the clock.
std::vector<std::vector<double>> losses(const fs::path& directory) {
  std::vector<std::vector<double>> rows;
  for (const run::StepRecord& step : run::read_records(directory / "records.jsonl").steps)
    rows.push_back({static_cast<double>(step.step), step.lm_loss, step.aux_loss, step.grad_norm,
                    static_cast<double>(step.data_hash >> 12)});
  return rows;
}

bool is_training(const fs::path& directory) {
  return directory.filename().string().starts_with("train-");
}

// Waits until some training under `runs` has written `steps` step records.
void wait_for_steps(const fs::path& runs, int64_t steps) {
  for (int i = 0; i < 3000; ++i) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(runs, ignored))
      if (const auto progress = run::read_progress(entry.path() / "records.jsonl"))
        if (progress->phase == "train" && progress->done >= static_cast<double>(steps)) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  FAIL("no training reached the step");
}

}  // namespace

TEST_CASE("table 3 runs from an empty folder, once; tables 1 and 6 then train nothing",
          "[worker]") {
  const TemporaryDirectory folder;
  const fs::path runs = folder.path() / "runs";
  const Finished first = run_repro(run_arguments("table3", runs));
  INFO(first.errors);
  REQUIRE(first.exit_code == 0);
  CHECK(first.output.find("Qwen") != std::string::npos);
  CHECK(first.output.find("Llama") != std::string::npos);
  const auto times = finish_times(runs);
  CHECK(times.size() == 3 + 3 + 6 * (1 + 4 + 1 + 4));

  const Finished again = run_repro(run_arguments("table3", runs));
  CHECK(again.exit_code == 0);
  for (const char* table : {"table1", "table6"})
    CHECK(run_repro(run_arguments(table, runs)).exit_code == 0);
  CHECK(finish_times(runs) == times);
}

TEST_CASE("a killed run, continued, ends in the numbers of an uninterrupted one", "[worker]") {
  const TemporaryDirectory folder;
  const fs::path whole = folder.path() / "whole";
  const fs::path broken = folder.path() / "broken";
  REQUIRE(run_repro(one_cell(whole)).exit_code == 0);

  std::vector<std::string> command = one_cell(broken);
  command.insert(command.begin(), built("repro"));
  Process process(command);
  wait_for_steps(broken, 30);  // past a checkpoint, before the end
  process.signal_group(SIGKILL);
  CHECK(process.wait().exit_code == -SIGKILL);
  const Finished continued = run_repro(one_cell(broken));
  INFO(continued.errors);
  REQUIRE(continued.exit_code == 0);

  int compared = 0;
  for (const fs::path& directory : run_directories(whole)) {
    if (!is_training(directory)) continue;
    INFO(directory.filename().string());
    const auto expected = losses(directory);
    CHECK(!expected.empty());
    CHECK(losses(broken / directory.filename()) == expected);
    ++compared;
  }
  CHECK(compared == 1 + 4 + 4);
}

TEST_CASE("the fine-tune sees the tokens of the full arm in the same order", "[worker]") {
  const TemporaryDirectory folder;
  const fs::path runs = folder.path() / "runs";
  REQUIRE(run_repro(one_cell(runs)).exit_code == 0);
  std::map<int64_t, std::set<uint64_t>> hashes;  // by step
  int trainings = 0;
  for (const fs::path& directory : run_directories(runs)) {
    const std::string name = directory.filename().string();
    if (name.find("-full-") == std::string::npos && name.find("-tune") == std::string::npos)
      continue;
    for (const run::StepRecord& step : run::read_records(directory / "records.jsonl").steps)
      hashes[step.step].insert(step.data_hash);
    ++trainings;
  }
  CHECK(trainings == 5);
  CHECK(hashes.size() == 120);
  for (const auto& [step, seen] : hashes) CHECK(seen.size() == 1);
}

TEST_CASE("a worker without a job says so and fails", "[worker]") {
  const TemporaryDirectory folder;
  const Finished finished =
      Process({built("repro-worker"), (folder.path() / "nothing").string()}).wait();
  CHECK(finished.exit_code == 4);
  CHECK(finished.errors.find("nothing") != std::string::npos);
  CHECK(Process({built("repro-worker")}).wait().exit_code == 64);
}

}  // namespace repro
