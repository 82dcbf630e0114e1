#include "run/comparison.hpp"

#include <catch2/catch.hpp>

#include "run/fake_run.hpp"
#include "temporary_directory.hpp"

namespace repro::run {
namespace {

using Catch::Contains;

TEST_CASE("equal runs differ in nothing, whatever their clocks say", "[run]") {
  TemporaryDirectory folder;
  const auto comparison = compare_runs(write_run(folder.path() / "a", {}),
                                       write_run(folder.path() / "longer-name", {}));
  CHECK(comparison.inputs.empty());
  CHECK(comparison.environment.empty());
  CHECK_FALSE(comparison.records);
}

TEST_CASE("a difference is found in the spec, the environment and the first differing step",
          "[run]") {
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

TEST_CASE("other tokens are named before the loss that follows from them", "[run]") {
  TemporaryDirectory folder;
  const auto comparison =
      compare_runs(write_run(folder.path() / "a", {}),
                   write_run(folder.path() / "b", {.third_loss = 4.5, .third_hash = 9}));
  REQUIRE(comparison.records);
  CHECK_THAT(comparison.records->where, Contains("step 3, data_hash"));
}

TEST_CASE("runs that record other steps are compared where both recorded", "[run]") {
  TemporaryDirectory folder;
  const RunDirectory every = write_run(folder.path() / "a", {});
  const RunDirectory third = write_run(folder.path() / "b", {.third_loss = 4.5});
  const std::vector<StepRecord> steps = read_records(third.records_file()).steps;
  write_file_atomically(third.records_file(), to_line(steps[2]) + "\n");
  const auto differs = compare_runs(every, third).records;
  REQUIRE(differs);
  CHECK(differs->where == "records: step 3, loss");
  StepRecord same = steps[2];
  same.loss = 4;
  write_file_atomically(third.records_file(), to_line(same) + "\n");
  const auto missing = compare_runs(every, third).records;
  REQUIRE(missing);
  CHECK(missing->where == "records: step 1");
  CHECK(missing->second == "not recorded");
}

TEST_CASE("what another program's log does not state is no difference; a loss is", "[run]") {
  TemporaryDirectory folder;
  const RunDirectory own = write_run(folder.path() / "own", {});
  const auto other = [&](const std::string& name, FakeRun fake) {
    fake.kind = "import";
    return compare_runs(own, write_run(folder.path() / name, fake)).records;
  };
  CHECK_FALSE(other("silent", {.grad_norm = 0}));
  REQUIRE(other("louder", {.grad_norm = 2}));
  CHECK(other("louder-again", {.grad_norm = 2})->where == "records: step 1, grad_norm");
  const auto zero = other("zero", {.third_loss = 0});
  REQUIRE(zero);
  CHECK(zero->where == "records: step 3, loss");
  CHECK(zero->first == "4");
  CHECK(zero->second == "0");
}

}  // namespace
}  // namespace repro::run
