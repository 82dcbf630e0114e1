#include "check/step_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "measure/paired_test.hpp"
#include "measure/rank_test.hpp"
#include "measure/stats.hpp"

namespace repro::checks {
namespace {

constexpr double kTimeAlpha = 0.05;
constexpr size_t kFewestPairs = 4;  // two a half

std::string seconds_text(double seconds) {
  return seconds < 1 ? fmt::format("{:.4g} ms", 1000 * seconds) : fmt::format("{:.4g} s", seconds);
}

Row time_row(const std::string& training, const std::vector<double>& then,
             const std::vector<double>& now) {
  Row row{.training = training,
          .quantity = "seconds of a step",
          .lane = Lane::time,
          .tolerance = fmt::format("{:.0f} %", 100 * kSlower)};
  row.golden_value = measure::median(then);
  row.now_value = measure::median(now);
  row.tolerance_value = kSlower;
  row.golden = seconds_text(*row.golden_value);
  row.now = seconds_text(*row.now_value);
  row.direction = *row.now_value > *row.golden_value ? 1 : -1;
  return row;
}

// Whether runs of which every new one is slower than every old one could be told from chance.
bool can_tell(size_t a, size_t b) {
  double ways = 1;
  for (size_t i = 1; i <= a; ++i) ways *= static_cast<double>(b + i) / static_cast<double>(i);
  return 2 / ways < kTimeAlpha;
}

// By how much the median is larger, and whether chance would order the runs so.
void judge_unpaired(Row& row, const std::vector<double>& then, const std::vector<double>& now) {
  const double slower = *row.now_value / *row.golden_value - 1;
  const double p = measure::mann_whitney(now, then).p;
  if (slower <= kSlower) return;
  if (!can_tell(then.size(), now.size())) {
    row.verdict = Verdict::unstable;
    row.reason =
        fmt::format("slower by {:.1f} %, and too few runs to tell it from chance: {} and {}",
                    100 * slower, then.size(), now.size());
    return;
  }
  if (p >= kTimeAlpha) return;
  row.verdict = Verdict::suspect;
  row.reason = fmt::format("slower by {:.1f} % (p = {:.2g})", 100 * slower, p);
}

std::vector<double> seconds_of(const Ensemble& ensemble) {
  std::vector<double> seconds;
  for (const auto& [seed, member] : ensemble)
    if (member.step_seconds > 0) seconds.push_back(member.step_seconds);
  return seconds;
}

std::vector<double> seconds_of(const std::map<int64_t, double>& by_seed) {
  std::vector<double> seconds;
  for (const auto& [seed, value] : by_seed) seconds.push_back(value);
  return seconds;
}

Row not_comparable(Row row, const std::string& why) {
  row.verdict = Verdict::not_comparable;
  row.reason = why;
  return row;
}

// Slower in this part of the pairs, beyond the tolerance and beyond chance.
bool is_slower(const std::vector<double>& logs) {
  const double mean = measure::mean(logs);
  return mean > std::log1p(kSlower) && measure::one_sided(measure::paired_t(logs), 1) < kTimeAlpha;
}

// Of runs in the order of their starts: how often the side changes from one to the next.
double share_of_turns(const Ensemble& base, const Ensemble& fresh) {
  std::vector<std::pair<std::string, bool>> starts;
  for (const auto& [seed, member] : base) starts.emplace_back(member.started, false);
  for (const auto& [seed, member] : fresh) starts.emplace_back(member.started, true);
  std::sort(starts.begin(), starts.end());
  if (starts.size() < 2 || starts.front().first.empty()) return 0;
  size_t turns = 0;
  for (size_t i = 1; i < starts.size(); ++i) turns += starts[i].second != starts[i - 1].second;
  return static_cast<double>(turns) / static_cast<double>(starts.size() - 1);
}

}  // namespace

TimeGolden make_time_golden(const Observations& observed, const std::string& name) {
  TimeGolden golden{.name = name,
                    .machine = observed.machine,
                    .machine_text = observed.machine_text,
                    .recorded = "",
                    .seconds = {}};
  for (const auto& [training, ensemble] : observed.trainings)
    for (const auto& [seed, member] : ensemble)
      if (member.step_seconds > 0) golden.seconds[training][seed] = member.step_seconds;
  return golden;
}

std::vector<Row> stored_time_rows(const TimeGolden& golden, const Observations& now) {
  std::vector<Row> rows;
  for (const auto& [training, by_seed] : golden.seconds) {
    const auto there = now.trainings.find(training);
    if (there == now.trainings.end() || seconds_of(there->second).empty()) continue;
    const std::vector<double> then = seconds_of(by_seed), seconds = seconds_of(there->second);
    Row row = time_row(training, then, seconds);
    if (golden.machine != now.machine) {
      rows.push_back(not_comparable(row, fmt::format("another machine: {} then, {} now",
                                                     golden.machine_text, now.machine_text)));
      continue;
    }
    judge_unpaired(row, then, seconds);
    if (row.verdict == Verdict::suspect)
      row.reason += "; old and new did not take turns: --base OLD_WORKER lets them";
    rows.push_back(row);
  }
  return rows;
}

Row interleaved_time_row(const std::string& training, const std::vector<double>& old_seconds,
                         const std::vector<double>& new_seconds) {
  Row row = time_row(training, old_seconds, new_seconds);
  std::vector<double> halves[2], all;
  for (size_t i = 0; i < std::min(old_seconds.size(), new_seconds.size()); ++i) {
    // Of a run of one step the seconds are not known.
    if (!(new_seconds[i] > 0) || !(old_seconds[i] > 0)) continue;
    const double log = std::log(new_seconds[i] / old_seconds[i]);
    halves[all.size() % 2].push_back(log);
    all.push_back(log);
  }
  if (all.size() < kFewestPairs)
    return not_comparable(row,
                          fmt::format("{} pairs of runs, {} are needed", all.size(), kFewestPairs));
  const measure::Interval interval = *measure::mean_interval(measure::summarise(all));
  row.reason = fmt::format("{:+.1f} % ({:+.1f} to {:+.1f})", 100 * std::expm1(measure::mean(all)),
                           100 * std::expm1(interval.low), 100 * std::expm1(interval.high));
  const bool first = is_slower(halves[0]), second = is_slower(halves[1]);
  if (first && second)
    row.verdict = Verdict::regression;
  else if (first || second || is_slower(all))
    row.verdict = Verdict::suspect;
  else if (std::expm1(interval.high) > kSlower && std::expm1(interval.low) < -kSlower)
    row.verdict = Verdict::unstable;
  return row;
}

std::vector<Row> against_time_rows(const Observations& base, const Observations& fresh) {
  std::vector<Row> rows;
  for (const auto& [training, ensemble] : base.trainings) {
    const auto other = fresh.trainings.find(training);
    if (other == fresh.trainings.end()) continue;
    const std::vector<double> then = seconds_of(ensemble), now = seconds_of(other->second);
    if (then.empty() || now.empty()) continue;
    Row row = time_row(training, then, now);
    if (base.machine.empty() || base.machine != fresh.machine)
      row = not_comparable(row, "not of one machine");
    else if (share_of_turns(ensemble, other->second) < 0.5)
      row = not_comparable(row, "the two did not take turns, so the machine's mood decides");
    else
      judge_unpaired(row, then, now);
    rows.push_back(row);
  }
  return rows;
}

}  // namespace repro::checks
