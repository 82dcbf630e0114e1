// Trainings that go wrong on purpose, against the same training left alone.
#include "train/rehearsal.hpp"

#include <catch2/catch.hpp>

#include "train/training_fixture.hpp"

using namespace repro;
using namespace repro::train;

namespace {

config::TrainSpec with(const config::RehearsalSpec& how, int64_t seed = 0) {
  config::TrainSpec spec = tiny_spec();
  spec.watch.every = 0;
  spec.seed = spec.order_seed = seed;
  spec.rehearsal = how;
  return spec;
}

std::vector<run::StepRecord> records_of(const Runs& runs, const std::string& name,
                                        const config::TrainSpec& spec) {
  const run::RunDirectory directory = runs.make_training(name, spec);
  train_here(directory);
  return run::read_records(directory.records_file()).steps;
}

// The first step whose record differs but for its clocks; 0 = none.
int64_t parts_at(const std::vector<run::StepRecord>& a, const std::vector<run::StepRecord>& b) {
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i)
    if (without_seconds(a[i]) != without_seconds(b[i])) return a[i].step;
  return 0;
}

}  // namespace

TEST_CASE("a training that is ended and continued has the same bits, and says what it was",
          "[train]") {
  const Runs runs;
  const auto straight = records_of(runs, "straight", with({}));
  const run::RunDirectory stopped = runs.make_training("stopped", with({.restart_after = 7}));
  const nlohmann::json result = train_here(stopped);
  CHECK(parts_at(straight, run::read_records(stopped.records_file()).steps) == 0);
  CHECK(result.at("rehearsal").at("restart_after") == 7);
  const std::string records = read_file(stopped.records_file());
  CHECK(records.find("\"event\":\"start\"") != records.rfind("\"event\":\"start\""));
  CHECK_FALSE(train_here(runs, "plain", with({})).contains("rehearsal"));
}

TEST_CASE("each fault first shows where it is made", "[train]") {
  const Runs runs;
  const auto straight = records_of(runs, "straight", with({}));
  struct Case {
    const char* fault;
    int64_t restart_after;
    int64_t step;  // that first differs
  };
  const std::vector<Case> cases = {
      {"rate", 0, 2},  // the first update of a warm-up has rate 0
      {"dead-expert", 0, 1},
      {"order", 0, 1},
      {"loss", 0, 1},
      {"batch-skipped-at-resume", 7, 8},
      {"frozen-block", 0, 10},
      {"optimizer-at-resume", 7, 9},  // the loss of step 8 is of weights that are whole
      {"experts-at-resume", 7, 8},
      {"bf16-norms", 0, 3}};
  for (const Case& one : cases) {
    config::RehearsalSpec how;
    how.fault = one.fault;
    how.restart_after = one.restart_after;
    INFO(one.fault);
    CHECK(parts_at(straight, records_of(runs, one.fault, with(how))) == one.step);
  }
}

TEST_CASE("a repeated seed is seed 0 once more", "[train]") {
  const Runs runs;
  config::RehearsalSpec how;
  how.fault = "repeated-seed";
  CHECK(parts_at(records_of(runs, "zero", with({})), records_of(runs, "three", with(how, 3))) == 0);
}

TEST_CASE("jitter moves the loss a little, repeating not at all", "[train]") {
  const Runs runs;
  const auto straight = records_of(runs, "straight", with({}));
  const auto beside = records_of(runs, "beside", with({.jitter = 0x1p-10}));
  CHECK(parts_at(straight, beside) == 1);
  for (size_t i = 0; i < straight.size(); ++i)
    CHECK(beside[i].lm_loss == Approx(straight[i].lm_loss).epsilon(0.01));
  CHECK(parts_at(straight, records_of(runs, "again", with({.repeat = 1}))) == 0);
}
