// The statistical lane: the seeds together. A number has moved when its mean difference is larger
// than the margin and too large for chance; both are needed, because a difference may be certain
// and still be nothing, or large and still be luck. A row is looked at twice, so each look may take
// alpha / sqrt(rows): chance passes both in at most alpha^2 of all checks.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "check/compare.hpp"
#include "measure/paired_test.hpp"
#include "measure/stats.hpp"

namespace repro::checks {
namespace {

using measure::TestResult;

struct Move {
  double then = 0, now = 0;  // means
  double by = 0;             // mean difference
  double error = 0;          // standard error of it
  TestResult test = {};
  double half_width() const {  // of its 95 % interval
    return error > 0 ? measure::student_quantile(0.975, test.degrees_of_freedom) * error : 0;
  }
};

bool finite_all(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return std::isfinite(value); });
}

// One seed has no spread of its own: the golden's stands in.
TestResult test_by_spread(double by, double spread, double degrees) {
  if (by == 0) return {.statistic = 0, .degrees_of_freedom = degrees, .p = 1};
  const double t = by / spread;
  return {.statistic = t,
          .degrees_of_freedom = degrees,
          .p = 2 * measure::student_upper_tail(std::abs(t), degrees)};
}

double standard_error(const std::vector<double>& values) {
  return measure::standard_deviation(values) / std::sqrt(static_cast<double>(values.size()));
}

// How far chance moves one seed, as the golden knows it.
struct Known {
  double spread = 0;
  double degrees = 1;
};

// A spread of twins is around 0, one of seeds around their own mean.
Known known_noise(const TrainingGolden& training, const std::string& number, size_t recorded) {
  const auto spread = training.spread.find(number);
  const double lost = training.basis == Basis::seeds ? 1 : 0;
  return {.spread = spread == training.spread.end() ? 0 : spread->second,
          .degrees = std::max(1.0, static_cast<double>(recorded) - lost)};
}

Move paired_move(const std::vector<double>& then, const std::vector<double>& now,
                 const Known& noise) {
  const std::vector<double> differences = measure::paired_differences(then, now);
  Move move{.then = measure::mean(then), .now = measure::mean(now)};
  move.by = measure::mean(differences);
  const bool alone = differences.size() < 2;
  move.error = alone ? noise.spread : standard_error(differences);
  move.test =
      alone ? test_by_spread(move.by, move.error, noise.degrees) : measure::paired_t(differences);
  return move;
}

Move unpaired_move(const std::vector<double>& then, const std::vector<double>& now,
                   const Known& noise) {
  Move move{.then = measure::mean(then), .now = measure::mean(now)};
  move.by = move.now - move.then;
  if (then.size() > 1 && now.size() > 1) {
    move.error = std::hypot(standard_error(then), standard_error(now));
    move.test = measure::welch(measure::summarise(now), measure::summarise(then));
  } else {
    move.error = noise.spread * std::sqrt(1 + 1.0 / static_cast<double>(then.size()));
    move.test = test_by_spread(move.by, move.error, noise.degrees);
  }
  return move;
}

struct Limits {
  double alpha = 0.05;  // of this row
  double margin = 0;
  Sides sides = Sides::two_sided;
  int worse = 1;  // the direction in which it gets worse
};

std::string digits(double value) { return fmt::format("{:.5g}", value); }

void judge_difference(Row& row, const Move& move, const Limits& limits) {
  const bool either = limits.sides == Sides::two_sided;
  const double p = either ? move.test.p : measure::one_sided(move.test, limits.worse);
  const double moved = either ? std::abs(move.by) : limits.worse * move.by;
  if (moved > limits.margin && p < limits.alpha) {
    row.verdict = Verdict::suspect;
    row.reason = fmt::format("moved by {} (p = {:.2g})", digits(move.by), p);
  } else if (move.half_width() > limits.margin) {
    row.verdict = Verdict::unstable;
    row.reason = fmt::format("moved by {} ± {}, which is more than the tolerance can tell",
                             digits(move.by), digits(move.half_width()));
  }
}

// Worse by less than the margin must be shown, not merely not be disproved.
void judge_non_inferiority(Row& row, const Move& move, const Limits& limits) {
  const double worse_by = limits.worse * move.by;
  double highest = worse_by;
  if (move.error > 0)
    highest += measure::student_quantile(0.95, move.test.degrees_of_freedom) * move.error;
  if (highest < limits.margin) return;
  row.verdict = worse_by > limits.margin ? Verdict::suspect : Verdict::unstable;
  row.reason = fmt::format("worse by {}, at most {} at 95 %: not shown to be less than {}",
                           digits(worse_by), digits(highest), digits(limits.margin));
}

std::string mean_text(const std::vector<double>& values) {
  const measure::Summary summary = measure::summarise(values);
  if (!summary.sd) return digits(summary.mean);
  return fmt::format("{}, sd {:.2g}", digits(summary.mean), *summary.sd);
}

Row missing_number(Row row, const std::vector<double>& values, const char* whose) {
  const auto missing = std::count_if(values.begin(), values.end(),
                                     [](double value) { return !std::isfinite(value); });
  row.verdict = Verdict::suspect;
  row.direction = 1;
  row.reason =
      fmt::format("{} of {} {}seeds have none, or it is not finite", missing, values.size(), whose);
  return row;
}

// Seeds of which the golden has the number.
std::vector<int64_t> recorded_seeds(const Ensemble& then, const std::string& number,
                                    const std::vector<int64_t>& seeds) {
  std::vector<int64_t> known;
  for (const int64_t seed : seeds)
    if (const auto at = then.find(seed); at != then.end() && at->second.numbers.contains(number))
      known.push_back(seed);
  return known;
}

std::string title_of(const std::string& number) {
  if (number == "final_loss") return "final loss";
  if (number == "unseen_loss") return "unseen loss";
  if (number == "ppl_loss") return "log perplexity";
  if (number == "steps_to_loss") return "steps to loss";
  if (number == "least_expert_share") return "least expert's share";
  return number;
}

// The golden's values of a number, and those of now that they are compared with.
struct Compared {
  std::vector<double> then, now;
  size_t recorded = 0;  // seeds of the golden
};

Compared values_of(const std::string& number, const TrainingGolden& training, const Ensemble& there,
                   const std::vector<int64_t>& seeds, bool paired) {
  const std::vector<int64_t> all = recorded_seeds(training.seeds, number, seeds_of(training.seeds));
  const std::vector<int64_t> same = paired ? recorded_seeds(training.seeds, number, seeds) : all;
  return {numbers_of(training.seeds, number, same),
          numbers_of(there, number, paired ? same : seeds), all.size()};
}

Row number_row(const std::string& name, const std::string& number, const Golden& golden,
               const Ensemble& there, const std::vector<int64_t>& seeds, double alpha) {
  const TrainingGolden& training = golden.trainings.at(name);
  const auto [then, now, recorded] = values_of(number, training, there, seeds, golden.paired);
  const Limits limits{.alpha = alpha,
                      .margin = training.margin.at(number),
                      .sides = golden.policy.sides,
                      .worse = sense_of(number) == Sense::lower_is_better ? 1 : -1};
  Row row{.training = name,
          .quantity = title_of(number),
          .lane = Lane::statistical,
          .golden = mean_text(then),
          .now = "none",
          .tolerance = fmt::format("± {:.2g}", limits.margin)};
  row.golden_value = measure::mean(then);
  row.tolerance_value = limits.margin;
  row.worse = limits.worse;
  if (now.empty() || !finite_all(now)) return missing_number(row, now, "");
  row.now = mean_text(now);
  if (!finite_all(then)) return missing_number(row, then, "of the golden's ");
  const Known noise = known_noise(training, number, recorded);
  if (noise.spread == 0 && (then.size() < 2 || now.size() < 2) && then != now) {
    row.verdict = Verdict::not_comparable;
    row.reason = "one seed says nothing about noise";
    return row;
  }
  const Move move = golden.paired ? paired_move(then, now, noise) : unpaired_move(then, now, noise);
  row.now_value = move.now;
  row.direction = move.by > 0 ? 1 : move.by < 0 ? -1 : 0;
  if (golden.policy.sides == Sides::non_inferiority)
    judge_non_inferiority(row, move, limits);
  else
    judge_difference(row, move, limits);
  return row;
}

}  // namespace

std::vector<Row> statistical_rows(const std::string& name, const Golden& golden,
                                  const Observations& now, const std::vector<int64_t>& seeds,
                                  int64_t tests) {
  const double alpha =
      golden.policy.alpha / std::sqrt(static_cast<double>(std::max<int64_t>(tests, 1)));
  std::vector<Row> rows;
  for (const auto& [number, margin] : golden.trainings.at(name).margin)
    if (!recorded_seeds(golden.trainings.at(name).seeds, number, seeds).empty() || !golden.paired)
      rows.push_back(number_row(name, number, golden, now.trainings.at(name), seeds, alpha));
  return rows;
}

}  // namespace repro::checks
