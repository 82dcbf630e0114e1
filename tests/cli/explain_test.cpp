#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/repro_process.hpp"
#include "run/comparison.hpp"
#include "run/records.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;
using nlohmann::json;

struct FakeRun {
  double lr = 1e-3;
  std::string cpu = "a";
  double third_loss = 4;
  uint64_t third_hash = 3;
};

run::RunDirectory write_run(const fs::path& path, const FakeRun& fake) {
  const run::RunDirectory directory(path);
  make_directories(path);
  const json job = {{"kind", "train"},
                    {"key", "k"},
                    {"spec", {{"optimizer", {{"lr", fake.lr}}}, {"steps", 3}}},
                    {"inputs", json::object()},
                    {"origins", {{"steps", "table3.toml:7"}}},
                    {"execution", json::object()}};
  write_file_atomically(directory.job_file(), job.dump());
  write_file_atomically(directory.environment_file(), json({{"cpu", fake.cpu}}).dump());
  LineWriter records(directory.records_file());
  for (int64_t step = 1; step <= 3; ++step) {
    run::StepRecord record;
    record.step = step;
    record.tokens = 8 * step;
    record.loss = record.lm_loss = step == 3 ? fake.third_loss : 5;
    record.clocks.train = 0.1 * static_cast<double>(step + path.string().size());
    record.data_hash = step == 3 ? fake.third_hash : static_cast<uint64_t>(step);
    records.write(run::to_line(record));
  }
  return directory;
}

TEST_CASE("equal runs differ in nothing, whatever their clocks say", "[cli]") {
  TemporaryDirectory folder;
  const auto comparison = compare_runs(write_run(folder.path() / "a", {}),
                                       write_run(folder.path() / "longer-name", {}));
  CHECK(comparison.inputs.empty());
  CHECK(comparison.environment.empty());
  CHECK_FALSE(comparison.records);
}

TEST_CASE("a difference is found in the spec, the environment and the first differing step",
          "[cli]") {
  TemporaryDirectory folder;
  const auto comparison =
      compare_runs(write_run(folder.path() / "a", {}),
                   write_run(folder.path() / "b", {.lr = 2e-3, .cpu = "b", .third_loss = 4.5}));
  REQUIRE(comparison.inputs.size() == 1);
  CHECK(comparison.inputs[0].where == "spec.optimizer.lr");
  CHECK(comparison.inputs[0].second == "0.002");
  REQUIRE(comparison.environment.size() == 1);
  CHECK(comparison.environment[0].where == "environment.cpu");
  REQUIRE(comparison.records);
  CHECK(comparison.records->where == "records: step 3, loss");
  CHECK(comparison.records->first == "4");
  CHECK(comparison.records->second == "4.5");
}

TEST_CASE("other tokens are named before the loss that follows from them", "[cli]") {
  TemporaryDirectory folder;
  const auto comparison =
      compare_runs(write_run(folder.path() / "a", {}),
                   write_run(folder.path() / "b", {.third_loss = 4.5, .third_hash = 9}));
  REQUIRE(comparison.records);
  CHECK_THAT(comparison.records->where, Contains("step 3, data_hash"));
}

TEST_CASE("explain shows a run's values with their origins, found by the beginning of its name",
          "[cli]") {
  TemporaryDirectory folder;
  write_run(folder.path() / "runs/train-a-1234", {});
  const Finished ended = run_in(folder.path(), {"explain", "train-a"});
  CHECK(ended.exit_code == 0);
  CHECK_THAT(ended.output,
             Contains("optimizer.lr") && Contains("table3.toml:7") && Contains("unfinished"));
  const Finished unknown = run_in(folder.path(), {"explain", "train-b-1234"});
  CHECK(unknown.exit_code == 4);
  CHECK_THAT(unknown.errors, Contains("did you mean 'train-a-1234'"));
}

TEST_CASE("an unknown number is refused with the likely one, or with the quantities", "[cli]") {
  TemporaryDirectory folder;
  const auto error_of = [&](const char* number) {
    const Finished ended = run_in(folder.path(), {"explain", number, "--root", kRoot});
    CHECK(ended.exit_code == 4);
    CHECK(ended.errors.size() < 600);
    return ended.errors;
  };
  CHECK_THAT(error_of("table3:qwen_moe:c4:savin"),
             Contains("did you mean 'table3:qwen_moe:c4:saving'?"));
  CHECK_THAT(error_of("table3:something"),
             Contains("named like 'table3:qwen_moe:c4:saving'") && Contains("break_even_ratio"));
}

TEST_CASE("explain of two runs prints where they part", "[cli]") {
  TemporaryDirectory folder;
  write_run(folder.path() / "a", {});
  write_run(folder.path() / "b", {.lr = 2e-3});
  const Finished ended = run_in(folder.path(), {"explain", "a", "b"});
  CHECK(ended.exit_code == 0);
  CHECK_THAT(ended.output,
             Contains("spec.optimizer.lr: 0.001 | 0.002") && Contains("environment: equal"));
}

}  // namespace
}  // namespace repro::cli
