#include "bench/coverage.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "measure/effect.hpp"
#include "measure/steps_to_target.hpp"

namespace repro::bench {
namespace {

using measure::EffectData;
using measure::Interval;
using measure::Reach;

// Recorded from runs of table 3 at the scale "mini".
constexpr double kLeastSeedSd = 0.010, kMostSeedSd = 0.040;  // nats, of a final unseen loss
constexpr double kTextError = 0.0025;  // nats, of a paired difference of window means
constexpr double kSlope = -0.35;       // nats an e-fold of steps, at the truth
constexpr double kCurvature = 0.08;    // nats an e-fold squared: the curve flattens
constexpr double kLadder[] = {0.125, 0.25, 0.5, 0.75};  // of the baseline's steps
constexpr int64_t kFullSteps = 100'000;                 // so that rounding to a step is nothing
constexpr double kSubmodelCost = 0.09;                  // of the baseline's cost
// Standard deviations of the logarithm of a step's seconds: of all runs of a phase, of one run.
struct TimingNoise {
  double phase, run;
};
constexpr TimingNoise kQuiet = {0.01, 0.01}, kBusy = {0.06, 0.06};

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNormal95 = 1.96;

using Random = std::mt19937_64;

double normal(Random& random, double sd) { return std::normal_distribution<double>(0, sd)(random); }
double uniform(Random& random, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random);
}

// One row of a table: where the fine-tune truly reaches the target, as the logarithm of a share of
// the baseline's steps, and how far seeds are apart.
struct Cell {
  double log_share = 0;
  double seed_sd = 0;
  double text_error = 0;  // nats; all seeds are measured on the same text
  double full_time = 1, tune_time = 1, submodel_time = 1;  // factors common to all seeds
};

// A final loss above the target, `x` e-folds of steps beyond the truth.
double loss_at(double x) { return kSlope * x + 0.5 * kCurvature * x * x; }
double slope_at(double x) { return kSlope + kCurvature * x; }

// The e-folds beyond the truth at which the loss is `loss`.
double crossing_of(double loss) {
  return (-kSlope - std::sqrt(kSlope * kSlope + 2 * kCurvature * loss)) / kCurvature;
}

Cell draw_cell(Random& random, const TimingNoise& timing) {
  Cell cell;
  cell.log_share = uniform(random, std::log(0.11), std::log(0.85));
  cell.seed_sd = uniform(random, kLeastSeedSd, kMostSeedSd);
  cell.text_error = normal(random, kTextError);
  cell.full_time = std::exp(normal(random, timing.phase));
  cell.tune_time = std::exp(normal(random, timing.phase));
  cell.submodel_time = std::exp(normal(random, timing.phase));
  return cell;
}

// The difference of two trainings' luck: the fine-tune's against its baseline's.
double draw_luck(Random& random, const Cell& cell) {
  return normal(random, cell.seed_sd) - normal(random, cell.seed_sd);
}

struct Truth {
  double step_ratio = 0, saving = 0;
};

// Means over the seeds that could be drawn, by the midpoints of 2,000 equal shares of their luck.
Truth truth_of(const Cell& cell) {
  constexpr int kShares = 2000;
  Truth truth;
  for (int i = 0; i < kShares; ++i) {
    const double luck =
        measure::normal_quantile((i + 0.5) / kShares) * std::sqrt(2.0) * cell.seed_sd;
    const double share = std::exp(cell.log_share + crossing_of(-luck));
    truth.step_ratio += 1 / share / kShares;
    truth.saving += (1 - kSubmodelCost - share) / kShares;
  }
  return truth;
}

struct SeedRow {
  Interval step_ratio, saving;
  measure::EffectParts ratio_open, saving_open;
};

// What a seed's ladder says, and what it leaves open.
SeedRow measure_seed(Random& random, const Cell& cell, const TimingNoise& timing) {
  const double luck = draw_luck(random, cell);
  std::vector<measure::Rung> ladder;
  for (const double share : kLadder) {
    const double x = std::log(share) - cell.log_share;
    ladder.push_back({std::llround(share * kFullSteps),
                      loss_at(x) + luck + cell.text_error + normal(random, kTextError)});
  }
  const auto found = measure::smallest_horizon(ladder, {.loss = 0, .tolerance = 0});
  const double share = found.estimate / kFullSteps;
  const double full = cell.full_time * std::exp(normal(random, timing.run));
  const double tune = share * cell.tune_time * std::exp(normal(random, timing.run)) / full;
  const double submodels =
      kSubmodelCost * cell.submodel_time * std::exp(normal(random, timing.run)) / full;
  const double saving = 1 - submodels - tune;
  if (found.reach == Reach::at_most)
    return {{1 / share, kInfinity}, {saving, 1 - submodels}, {}, {}};
  if (found.reach == Reach::not_reached) return {{0, 1 / share}, {-kInfinity, saving}, {}, {}};
  // A line between two points of a parabola is off by at most an eighth of its curvature times the
  // distance squared; e-folds.
  const double gap = std::log(static_cast<double>(found.by) / static_cast<double>(found.after));
  const double slope = std::abs(slope_at(std::log(share) - cell.log_share));
  const double rungs = kCurvature * gap * gap / 8 / slope;
  const double text = kNormal95 * kTextError / slope;
  SeedRow row{{1 / share, 1 / share}, {saving, saving}, {}, {}};
  row.ratio_open = {.seeds = 0, .rungs = rungs / share, .target = text / share};
  row.saving_open = {.seeds = 0, .rungs = rungs * tune, .target = text * tune};
  row.saving_open.timing =
      kNormal95 * timing.phase *
      std::sqrt(submodels * submodels + tune * tune + std::pow(submodels + tune, 2));
  return row;
}

struct Column {
  std::vector<EffectData> cells;
  std::vector<double> truths;
};

void pool_noise(Column& column) {
  std::vector<std::vector<double>> estimates;
  for (const EffectData& cell : column.cells) {
    auto& of_cell = estimates.emplace_back();
    for (const Interval& seed : cell.seeds)
      if (seed.low == seed.high) of_cell.push_back(seed.low);
  }
  for (EffectData& cell : column.cells) cell.noise = measure::pooled_noise(estimates);
}

// The mean over those seeds that are estimates: a bound's own spacing is in the bound.
measure::EffectParts mean_parts(const std::vector<measure::EffectParts>& parts,
                                const std::vector<Interval>& seeds) {
  measure::EffectParts sum;
  double n = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (seeds[i].low != seeds[i].high) continue;
    n += 1;
    sum.rungs += parts[i].rungs;
    sum.target += parts[i].target;
    sum.timing += parts[i].timing;
  }
  if (n == 0) return {};
  return {.seeds = 0, .rungs = sum.rungs / n, .target = sum.target / n, .timing = sum.timing / n};
}

void add_cell(Random& random, const CoverageOptions& options, Column& ratios, Column& savings) {
  const TimingNoise& timing = options.busy ? kBusy : kQuiet;
  const Cell cell = draw_cell(random, timing);
  const Truth truth = truth_of(cell);
  EffectData ratio, saving;
  std::vector<measure::EffectParts> ratio_open, saving_open;
  for (int64_t seed = 0; seed < options.seeds; ++seed) {
    const SeedRow row = measure_seed(random, cell, timing);
    ratio.seeds.push_back(row.step_ratio);
    saving.seeds.push_back(row.saving);
    ratio_open.push_back(row.ratio_open);
    saving_open.push_back(row.saving_open);
  }
  ratio.open = mean_parts(ratio_open, ratio.seeds);
  saving.open = mean_parts(saving_open, saving.seeds);
  ratio.possible = Interval{0, kInfinity};
  ratios.cells.push_back(std::move(ratio));
  ratios.truths.push_back(truth.step_ratio);
  savings.cells.push_back(std::move(saving));
  savings.truths.push_back(truth.saving);
}

void count(const Interval& interval, double truth, Coverage& coverage) {
  ++coverage.intervals;
  coverage.held += interval.low <= truth && truth <= interval.high;
  const double width = interval.high - interval.low;
  if (!std::isfinite(width)) return;
  ++coverage.finite;
  coverage.width_sum += width;
}

std::string line(const char* what, const Coverage& coverage) {
  return fmt::format(
      "  {:<34} {:5.1f} %  {:>6} intervals, {:5.1f} % bounded, mean width {:.3f}\n", what,
      100 * coverage.share(), coverage.intervals,
      100.0 * static_cast<double>(coverage.finite) / static_cast<double>(coverage.intervals),
      coverage.width_sum / static_cast<double>(coverage.finite));
}

}  // namespace

CoverageReport measure_coverage(const CoverageOptions& options) {
  CoverageReport report;
  report.options = options;
  Random random(options.seed);
  for (int64_t table = 0; table < options.tables; ++table) {
    Column ratios, savings;
    for (int64_t cell = 0; cell < options.cells; ++cell) add_cell(random, options, ratios, savings);
    pool_noise(ratios);
    pool_noise(savings);
    for (size_t i = 0; i < ratios.cells.size(); ++i) {
      const measure::Effect ratio = measure::estimate_effect(ratios.cells[i]);
      count(ratio.interval, ratios.truths[i], report.step_ratio);
      count(ratio.interval, ratios.truths[i],
            ratio.censored > 0 ? report.censored : report.uncensored);
      count(measure::estimate_effect(savings.cells[i]).interval, savings.truths[i], report.saving);
    }
  }
  return report;
}

std::string to_text(const CoverageReport& report) {
  const CoverageOptions& options = report.options;
  return fmt::format("coverage of nominal 95 % intervals: {} tables of {} cells, {} seeds, {}\n",
                     options.tables, options.cells, options.seeds,
                     options.busy ? "a busy machine" : "a quiet machine") +
         line("step ratio", report.step_ratio) + line("  all seeds estimates", report.uncensored) +
         line("  some or all seeds bounds", report.censored) + line("saving", report.saving);
}

}  // namespace repro::bench
