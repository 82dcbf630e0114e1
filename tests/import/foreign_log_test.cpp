#include "import/foreign_log.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "temporary_directory.hpp"

namespace repro::imports {
namespace {

using Catch::Contains;

const fs::path kLogs = fs::path(REPRO_TESTS) / "import" / "logs";

ImportedLog read(const std::string& file, const ForeignLog& log) {
  return import_foreign_log(kLogs / file, log);
}

std::vector<int64_t> steps_of(const ImportedLog& log) {
  std::vector<int64_t> steps;
  for (const run::StepRecord& record : log.records.steps) steps.push_back(record.step);
  return steps;
}

TEST_CASE("the Hugging Face trainer's text log has losses, evaluations and a total time",
          "[import]") {
  const ImportedLog log = read(
      "hf_trainer.log", {.format = "hf-trainer", .tokens_per_step = 16384, .logging_steps = 10});
  CHECK(steps_of(log) == std::vector<int64_t>{10, 20, 30});
  CHECK(log.records.steps[0].loss == 9.1234);
  CHECK(log.records.steps[0].lr == 3e-5);
  CHECK(log.records.steps[1].grad_norm == 3.1);  // behind a progress bar
  CHECK(log.records.steps[2].loss == 6.5);       // quoted, as newer versions print
  CHECK(log.records.steps[2].tokens == 30 * 16384);
  CHECK(log.records.steps[2].clocks.train == Approx(60.0));
  CHECK(log.not_finite == 1);
  CHECK(log.unknown == 1);
  REQUIRE(log.records.evals.size() == 1);
  CHECK(log.records.evals[0].step == 20);
  CHECK(log.records.evals[0].loss == 7.4012);
}

TEST_CASE("trainer_state.json gives the same as the text log", "[import]") {
  const ImportedLog state =
      read("trainer_state.json", {.format = "hf-trainer", .tokens_per_step = 16384});
  CHECK(steps_of(state) == std::vector<int64_t>{10, 20, 30});
  CHECK(state.records.steps[1].loss == 7.25);
  CHECK(state.records.steps[2].clocks.train == Approx(60.0));
  CHECK(state.records.evals.at(0).loss == 7.4012);
  CHECK(state.unknown == 0);
}

TEST_CASE("Megatron's iterations bring samples and milliseconds; a restart replaces steps",
          "[import]") {
  const ImportedLog log = read("megatron.log", {.format = "megatron", .sequence = 1024});
  CHECK(steps_of(log) == std::vector<int64_t>{10, 20, 30});
  CHECK(log.replaced == 1);
  CHECK(log.records.steps[1].loss == 7.24);
  CHECK(log.records.steps[2].tokens == 480 * 1024);
  CHECK(log.records.steps[2].lr == 3e-4);
  CHECK(log.records.steps[2].clocks.train == Approx(10 * 1.2345 + 10 * 1.1 + 10 * 1.0));
  CHECK(log.records.evals.at(0).loss == 7.4012);
  CHECK(log.unknown == 3);
}

TEST_CASE("nanoGPT's iterations count from zero and are timed one by one", "[import]") {
  const ImportedLog log = read("nanogpt.log", {.format = "nanogpt", .tokens_per_step = 16384});
  CHECK(steps_of(log) == std::vector<int64_t>{1, 11, 21});
  CHECK(log.records.steps[2].clocks.train == Approx(30 + 10 + 10));
  CHECK(log.records.steps[2].tokens == 21 * 16384);
  CHECK(log.records.evals.size() == 2);
  CHECK(log.records.evals[1].loss == 2.7);
  CHECK(log.unknown == 2);
}

TEST_CASE("torchtitan's coloured lines give tokens a second of one device", "[import]") {
  const ImportedLog log =
      read("torchtitan.log", {.format = "torchtitan", .tokens_per_step = 65536, .devices = 4});
  CHECK(steps_of(log) == std::vector<int64_t>{1, 10});
  CHECK(log.records.steps[1].loss == 5.5);
  CHECK(log.records.steps[1].grad_norm == 0.9);
  CHECK(log.records.steps[1].clocks.train == Approx(2.0 + 9 * 1.0));
  CHECK(log.unknown == 1);
}

TEST_CASE("a CSV log is read by its headings", "[import]") {
  const ImportedLog log = read("train.csv", {.format = "csv"});
  CHECK(steps_of(log) == std::vector<int64_t>{10, 20, 30});
  CHECK(log.records.steps[2].tokens == 491520);
  CHECK(log.records.steps[2].clocks.train == 4.5);
}

TEST_CASE("a log cut in the middle of a line keeps what was whole", "[import]") {
  const TemporaryDirectory folder;
  const std::string whole = read_file(kLogs / "megatron.log");
  const fs::path cut = folder.path() / "cut.log";
  std::ofstream(cut) << whole.substr(0, whole.find("lm loss: 6.5"));
  const ImportedLog log = import_foreign_log(cut, {.format = "megatron", .sequence = 1024});
  CHECK(steps_of(log) == std::vector<int64_t>{10, 20});
  CHECK(log.unknown == 4);
}

TEST_CASE("a file of another format, a truncated CSV and a damaged state are refused", "[import]") {
  const TemporaryDirectory folder;
  CHECK_THROWS_WITH(read("nanogpt.log", {.format = "megatron"}),
                    Contains("no step of format 'megatron' in 7 lines; another --format"));
  const fs::path csv = folder.path() / "cut.csv";
  std::ofstream(csv) << "step,loss\n1,9.0\n2\n";
  CHECK_THROWS_WITH(import_foreign_log(csv, {.format = "csv"}), Contains("cut.csv:3: 1 cells"));
  const fs::path state = folder.path() / "state.json";
  std::ofstream(state) << "{\n\"log_history\": [\n{\"loss\": 1.0, \"st";
  CHECK_THROWS_WITH(import_foreign_log(state, {.format = "hf-trainer"}),
                    Contains("state.json:3: not readable as JSON"));
}

}  // namespace
}  // namespace repro::imports
