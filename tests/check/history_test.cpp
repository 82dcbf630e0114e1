#include "check/history.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>

#include "base/error.hpp"
#include "check/made_runs.hpp"
#include "temporary_directory.hpp"

namespace repro::checks {
namespace {

// One check of each value, by a program of its own.
std::vector<HistoryEntry> checks_of(const std::vector<double>& values, int worse = 1,
                                    double tolerance = 0.01) {
  std::vector<HistoryEntry> entries;
  for (size_t i = 0; i < values.size(); ++i)
    entries.push_back({.golden = "g",
                       .name = "smoke",
                       .manifest = "m",
                       .program = fmt::format("p{}", i),
                       .machine = "a",
                       .revision = fmt::format("r{}", i),
                       .at = "",
                       .numbers = {{"t: final loss", {values[i], tolerance, worse}}}});
  return entries;
}

}  // namespace

TEST_CASE("a step is named by the revisions on its two sides", "[check]") {
  const auto found = find_steps(checks_of({5, 5, 5, 5, 5.2, 5.2, 5.2}));
  REQUIRE(found.size() == 1);
  CHECK(found[0].is_worse);
  CHECK(found[0].moved == Approx(0.2));
  CHECK(found[0].where() == "between r3 and r4");
  CHECK(find_steps(checks_of({5, 5, 5, 5, 5.2, 5.2, 5.2}, -1))[0].is_better);
}

TEST_CASE("many steps that each pass their tolerance are worse together", "[check]") {
  std::vector<double> values;
  for (int level = 0; level < 5; ++level)
    for (int i = 0; i < 6; ++i) values.push_back(5 + 0.006 * level);
  const auto found = find_steps(checks_of(values));
  CHECK(found[0].levels.size() == 5);
  CHECK(found[0].is_worse);
  CHECK(found[0].moved == Approx(0.024));
}

TEST_CASE("a move within the tolerance, one outlier and a way back are no step", "[check]") {
  for (const auto& values : {std::vector<double>{5, 5, 5, 5.005, 5.005, 5.005},
                             std::vector<double>{5, 5.001, 5, 6, 5.001, 5, 5.001},
                             std::vector<double>{5, 5, 5, 5.2, 5.2, 5.2, 5, 5, 5}}) {
    const auto found = find_steps(checks_of(values));
    CHECK_FALSE(found[0].is_worse);
    CHECK_FALSE(found[0].is_better);
    CHECK(found[0].where().empty());
  }
}

TEST_CASE("a program counts once, and its newest revision stands before the step", "[check]") {
  auto entries = checks_of({5, 5, 5, 5.2, 5.2});
  HistoryEntry again = entries[2];
  again.revision = "docs";
  entries.insert(entries.begin() + 3, again);
  const auto found = find_steps(entries);
  CHECK(found[0].values.size() == 5);
  CHECK(found[0].where() == "between docs and r3");
}

TEST_CASE("numbers of two machines, goldens or manifests are not one history", "[check]") {
  auto entries = checks_of({5, 5, 6, 6, 7, 7});
  entries[2].machine = entries[3].machine = "b";
  entries[4].manifest = entries[5].manifest = "n";
  CHECK(find_steps(entries).size() == 3);
  for (const NumberHistory& one : find_steps(entries)) CHECK_FALSE(one.is_worse);
}

TEST_CASE("a stored check is read as it was written, and lines that are none are counted",
          "[check]") {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "history.jsonl";
  CHECK(read_history(file).entries.empty());
  HistoryEntry entry = checks_of({0.1 + 0.2}).front();
  entry.cleared = 2;
  std::ofstream(file) << to_line(entry) << "\n{\"name\": 3}\nnot json\n[]\n"
                      << R"({"name": "x", "numbers": {"n": {"value": "1"}, "m": 2}, "red": "no"})"
                      << "\n";
  const StoredHistory read = read_history(file);
  REQUIRE(read.entries.size() == 2);
  CHECK(read.unreadable == 3);
  CHECK(read.entries[0].numbers.at("t: final loss").value == 0.1 + 0.2);
  CHECK(read.entries[0].cleared == 2);
  CHECK(read.entries[1].numbers.empty());
}

TEST_CASE("what is stored of a check are the numbers of all seeds, and seconds", "[check]") {
  Row loss{.training = "t", .quantity = "final loss", .lane = Lane::statistical};
  loss.now_value = 5;
  loss.tolerance_value = 0.01;
  Row step = loss;
  step.lane = Lane::approximate;
  step.quantity = "loss by step";
  const Observations now = made_runs({}, 0, 3);
  const auto numbers = numbers_of_rows({loss, step}, now);
  CHECK(numbers.size() == 2);
  CHECK(numbers.at("t: final loss").value == 5);
  CHECK(numbers.contains("qwen-full: seconds of a step"));
}

}  // namespace repro::checks
