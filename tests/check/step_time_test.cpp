#include "check/step_time.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "check/made_runs.hpp"
#include "temporary_directory.hpp"

namespace repro::checks {
namespace {

using Catch::Contains;

Observations timed(double seconds, const std::string& machine, const std::string& hour) {
  Observations observed = made_runs({}, 0, 5);
  observed.machine = machine;
  observed.machine_text = "machine " + machine;
  for (auto& [seed, member] : observed.trainings.at("qwen-full")) {
    member.step_seconds = seconds * (1 + 0.002 * static_cast<double>(seed));
    member.started = fmt::format("2026-01-31T{}:{:02}:00Z", hour, 10 * seed);
  }
  return observed;
}

}  // namespace

TEST_CASE("recorded seconds make a slower program suspect, never red, and only on their machine",
          "[check]") {
  const TimeGolden golden = make_time_golden(timed(0.1, "a", "10"), "smoke");
  CHECK(stored_time_rows(golden, timed(0.1, "a", "12")).at(0).verdict == Verdict::ok);
  const Row slow = stored_time_rows(golden, timed(0.12, "a", "12")).at(0);
  CHECK(slow.verdict == Verdict::suspect);
  CHECK_THAT(slow.reason, Contains("slower by 20.0 %") && Contains("did not take turns"));
  const Row elsewhere = stored_time_rows(golden, timed(0.2, "b", "12")).at(0);
  CHECK(elsewhere.verdict == Verdict::not_comparable);
  CHECK_THAT(elsewhere.reason, Contains("machine a then, machine b now"));
}

TEST_CASE("a time golden comes back as it was, and not when it was edited", "[check]") {
  const TemporaryDirectory folder;
  const fs::path path = time_golden_path(folder.path(), "smoke", "0123456789ab");
  CHECK(path.filename() == "smoke.time.0123456789ab.json");
  write_time_golden(path, make_time_golden(timed(0.1, "a", "10"), "smoke"));
  CHECK(read_time_golden(path).seconds.at("qwen-full").at(3) == 0.1 * 1.006);
  CHECK(golden_names(folder.path()).empty());  // it is no golden of losses
  std::string text = read_file(path);
  text.replace(text.find("machine a"), 9, "machine b");
  write_file_atomically(path, text);
  CHECK_THROWS_WITH(read_time_golden(path), Contains("edited by hand"));
  write_file_atomically(path, "{}");
  CHECK_THROWS_WITH(read_time_golden(path), Contains("is no time golden"));
}

TEST_CASE("runs in turns show a slowdown when both halves of the pairs do", "[check]") {
  const std::vector<double> old_seconds = {0.10, 0.12, 0.11, 0.13, 0.10, 0.12};
  const auto times = [&](double factor) {
    std::vector<double> seconds = old_seconds;
    for (size_t i = 0; i < seconds.size(); ++i)
      seconds[i] *= factor + 0.001 * static_cast<double>(i);
    return seconds;
  };
  CHECK(interleaved_time_row("a", old_seconds, times(1.0)).verdict == Verdict::ok);
  CHECK(interleaved_time_row("a", old_seconds, times(0.8)).verdict == Verdict::ok);
  const Row slow = interleaved_time_row("a", old_seconds, times(1.1));
  CHECK(slow.verdict == Verdict::regression);
  CHECK_THAT(slow.reason, Contains("+10.2 %"));
  // One run of six that a neighbour slowed is none.
  std::vector<double> one = old_seconds;
  one[2] *= 3;
  CHECK(interleaved_time_row("a", old_seconds, one).verdict != Verdict::regression);
  CHECK(interleaved_time_row("a", {1, 1}, {2, 2}).verdict == Verdict::not_comparable);
}

TEST_CASE("two sets of runs are timed only when they are of one machine and took turns",
          "[check]") {
  const Observations base = timed(0.1, "a", "10");
  CHECK(against_time_rows(base, timed(0.2, "a", "12")).at(0).verdict == Verdict::not_comparable);
  CHECK(against_time_rows(base, timed(0.2, "b", "10")).at(0).verdict == Verdict::not_comparable);
  CHECK(against_time_rows(base, timed(0.2, "a", "10")).at(0).verdict == Verdict::suspect);
  CHECK(against_time_rows(base, timed(0.1, "a", "10")).at(0).verdict == Verdict::ok);
}

TEST_CASE("seconds that are not known, or of too few runs, are not ok", "[check]") {
  const std::vector<double> none(6, 0.0);
  CHECK(interleaved_time_row("a", none, none).verdict == Verdict::not_comparable);
  TimeGolden golden;
  golden.machine = "a";
  golden.seconds["t"] = {{0, 0.1}, {1, 0.1}};
  Observations now;
  now.machine = "a";
  for (const int64_t seed : {0, 1}) now.trainings["t"][seed].step_seconds = 0.3;
  const Row row = stored_time_rows(golden, now).at(0);
  CHECK(row.verdict == Verdict::unstable);
  CHECK_THAT(row.reason, Contains("slower by 200.0 %, and too few runs"));
}

}  // namespace repro::checks
