#pragma once
// Seconds of a step, which belong to a machine: goldens of their own, by machine, and comparisons
// that chance and neighbours cannot decide. Only runs of old and new that took turns can show that
// one is slower.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "check/observations.hpp"
#include "check/verdict.hpp"

namespace repro::checks {

// goldens/NAME.time.MACHINE.json: medians over the steps of each run, seconds.
struct TimeGolden {
  std::string name = {}, machine = {}, machine_text = {}, recorded = {};
  std::map<std::string, std::map<int64_t, double>> seconds;  // training -> seed -> seconds
};
TimeGolden make_time_golden(const Observations& observed, const std::string& name);

std::filesystem::path time_golden_path(const std::filesystem::path& root, const std::string& name,
                                       const std::string& machine);
// Error of one line when it is damaged or was edited by hand.
TimeGolden read_time_golden(const std::filesystem::path& path);
void write_time_golden(const std::filesystem::path& path, const TimeGolden& golden);

// Against seconds that were recorded another day: at most suspect, because the machine may have had
// other neighbours then. Another machine is not comparable.
std::vector<Row> stored_time_rows(const TimeGolden& golden, const Observations& now);

// Runs of old and new in turns, pair by pair: a regression when the new one is slower by more than
// kSlower, in the first half of the pairs and in the second.
Row interleaved_time_row(const std::string& training, const std::vector<double>& old_seconds,
                         const std::vector<double>& new_seconds);

// Of two sets of runs: not comparable unless they are of one machine and took turns, by when they
// started.
std::vector<Row> against_time_rows(const Observations& base, const Observations& fresh);

constexpr double kSlower = 0.05;  // share of the old seconds

}  // namespace repro::checks
