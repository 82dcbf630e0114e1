#include "check/observed_files.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "check/compare.hpp"
#include "check/golden.hpp"
#include "temporary_directory.hpp"

namespace repro::checks {
namespace {

using Catch::Contains;

const fs::path kFiles = fs::path(REPRO_TESTS) / "check/loss_files";

Observations of(std::vector<fs::path> files) {
  return observe_files({std::move(files), "", "training", 1});
}

}  // namespace

TEST_CASE("files of other programs are seeds of one training, without what a machine decides",
          "[check]") {
  const Observations observed = of({kFiles / "megatron_full.json"});
  CHECK_FALSE(observed.paired);
  const Member& member = observed.trainings.at("training").at(0);
  CHECK(member.series.contains("loss"));
  CHECK(member.series.contains("num-zeros"));
  CHECK_FALSE(member.series.contains("iteration-time"));
  CHECK(member.numbers.at("final_loss") == 9.75);
  CHECK(member.order.empty());
  REQUIRE(observed.warnings.size() == 1);
  CHECK_THAT(observed.warnings[0], Contains("iteration-time: not compared"));
}

TEST_CASE("logs that the importer knows are read by their names", "[check]") {
  const TemporaryDirectory folder;
  std::ofstream(folder.path() / "a.csv") << "step,loss\n1,5\n2,4\n";
  const fs::path logs = fs::path(REPRO_TESTS) / "import/logs";
  const Observations csv = of({folder.path() / "a.csv"});
  CHECK(csv.trainings.at("training").at(0).series.at("loss").values == std::vector<double>{5, 4});
  CHECK_FALSE(csv.trainings.at("training").at(0).series.contains("lr"));
  const Observations state = of({logs / "trainer_state.json"});
  CHECK(state.trainings.at("training").at(0).series.at("grad_norm").values[0] == 12.5);
  CHECK_THROWS_WITH(of({logs / "nanogpt.log"}), Contains("its format is not seen from the file"));
}

TEST_CASE("a legacy golden equals its full values, and two that lack a step are not equal",
          "[check]") {
  const TemporaryDirectory folder;
  const auto write = [&](const char* name, const std::string& values, const char* precision) {
    std::ofstream(folder.path() / name)
        << "{\"lm loss\": {" << precision << "\"values\": {" << values << "}}}";
    return folder.path() / name;
  };
  const char* full = "\"value_precision\": \"full\", ";
  const Golden legacy =
      make_golden(of({write("a.json", "\"1\": 10.98432, \"2\": 9.5", "")}), nullptr, {}, {});
  const Observations same = of({write("b.json", "\"1\": 10.984320640563965, \"2\": 9.5", full)});
  const auto verdict = [](const Golden& golden, const Observations& now) {
    const auto rows = compare(golden, now, {.seeds = {0}});
    for (const Row& row : rows)
      if (row.quantity == "every record") return row.verdict;
    return Verdict::nothing_measured;
  };
  CHECK(verdict(legacy, same) == Verdict::ok);
  const Observations nan = of({write("c.json", "\"1\": 10.98432, \"2\": \"nan\"", full)});
  CHECK(verdict(legacy, nan) == Verdict::suspect);
  CHECK(verdict(make_golden(nan, nullptr, {}, {}), nan) == Verdict::suspect);
}

TEST_CASE("a step of a long log that a golden does not keep is compared all the same", "[check]") {
  const TemporaryDirectory folder;
  const auto write = [&](const char* name, int other_step) {
    std::ofstream log(folder.path() / name);
    for (int step = 1; step <= 1000; ++step)
      log << step << ' ' << 2 + 1.0 / step + (step == other_step ? 0.5 : 0) << '\n';
    return folder.path() / name;
  };
  const Golden golden = make_golden(of({write("a.txt", 0)}), nullptr, {}, {});
  const auto records = [&](const Observations& now) {
    return compare(golden, now, {.seeds = {0}}).at(0);
  };
  CHECK(records(of({write("same.txt", 0)})).verdict == Verdict::ok);
  const Row row = records(of({write("other.txt", 502)}));
  CHECK(row.quantity == "every record");
  CHECK(row.verdict == Verdict::suspect);
  CHECK_THAT(row.reason, Contains("between the steps that the golden keeps"));
}

TEST_CASE("of a few logs that are no pairs every value must be there and a number", "[check]") {
  const TemporaryDirectory folder;
  const auto write = [&](const char* name, const std::string& values) {
    std::ofstream(folder.path() / name) << "{\"lm loss\": {\"value_precision\": \"full\", "
                                        << "\"values\": {" << values << "}}}";
    return folder.path() / name;
  };
  const fs::path whole = write("a.json", "\"1\": 5, \"2\": 4, \"3\": 3");
  const fs::path other = write("b.json", "\"1\": 5.1, \"2\": 4.1, \"3\": 3.1");
  const auto reason = [](const Observations& then, const Observations& now) {
    for (const Row& row : compare(make_golden(then, nullptr, {}, {}), now, {.seeds = {0, 1}}))
      if (row.quantity == "every value" && row.verdict == Verdict::suspect) return row.reason;
    return std::string();
  };
  CHECK(reason(of({whole, other}), of({whole, other})).empty());
  const fs::path nan = write("c.json", "\"1\": 5, \"2\": \"nan\", \"3\": 3");
  CHECK_THAT(reason(of({whole, other}), of({whole, nan})),
             Contains("now, seed 1: loss at step 2 is not a number"));
  CHECK_THAT(reason(of({nan, other}), of({whole, other})), Contains("then, seed 0"));
  const fs::path shorter = write("d.json", "\"1\": 5, \"2\": 4");
  const fs::path hole = write("e.json", "\"1\": 5, \"3\": 3");
  for (const fs::path& less : {shorter, hole})
    CHECK_THAT(reason(of({whole, other}), of({whole, less})),
               Contains("now, seed 1: has not the steps"));
}

}  // namespace repro::checks
