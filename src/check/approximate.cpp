// The approximate lane: each step within what noise was seen to do to it. No step is forgiven, and
// a value that is no number is outside every tolerance.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "check/compare.hpp"
#include "check/noise.hpp"

namespace repro::checks {
namespace {

struct Worst {
  double excess = -1;  // |difference| / tolerance; infinite for what is no number or missing
  int64_t seed = 0, step = 0;
  double golden = 0, now = 0, tolerance = 0;
  int64_t outside = 0;  // steps
};

void look_at(Worst& worst, int64_t seed, const Series& golden, const Series& now,
             const Series& tolerance) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  size_t j = 0;
  for (size_t i = 0; i < golden.steps.size() && i < tolerance.values.size(); ++i) {
    while (j < now.steps.size() && now.steps[j] < golden.steps[i]) ++j;
    const bool there = j < now.steps.size() && now.steps[j] == golden.steps[i];
    const double value = there ? now.values[j] : std::numeric_limits<double>::quiet_NaN();
    const double difference = std::abs(value - golden.values[i]);
    // No spread and no floor: any difference is too much.
    double excess = difference == 0 ? 0 : difference / tolerance.values[i];
    if (std::isnan(excess)) excess = kInfinity;
    worst.outside += excess > 1;
    if (excess <= worst.excess) continue;
    worst = {excess,       seed, golden.steps[i], golden.values[i], value, tolerance.values[i],
             worst.outside};
  }
  if (golden.steps.empty() || now.steps.empty() || now.steps.back() <= golden.steps.back()) return;
  worst = {kInfinity,         seed, now.steps.back(), golden.values.back(),
           now.values.back(), 0,    worst.outside + 1};
}

const char* quantity_of(const std::string& series) {
  if (series == "loss") return "loss by step";
  return series == "grad_norm" ? "gradient norm by step" : nullptr;
}

std::vector<const Series*> all_series(const Ensemble& ensemble, const std::string& name) {
  std::vector<const Series*> all;
  for (const auto& [seed, member] : ensemble)
    if (const auto at = member.series.find(name); at != member.series.end())
      all.push_back(&at->second);
  return all;
}

Row row_of(const std::string& name, const std::string& series, const Worst& worst, Basis basis) {
  const char* known = quantity_of(series);
  Row row{.training = name,
          .quantity = known != nullptr ? known : series + " by step",
          .lane = Lane::approximate,
          .golden = fmt::format("{:.5g}", worst.golden),
          .now = fmt::format("{:.5g}", worst.now),
          .tolerance = fmt::format("± {:.2g}", worst.tolerance),
          .golden_value = worst.golden,
          .now_value = worst.now,
          .tolerance_value = worst.tolerance};
  const std::string where = fmt::format("seed {}, step {}", worst.seed, worst.step);
  row.direction = worst.now > worst.golden ? 1 : worst.now < worst.golden ? -1 : 0;
  if (worst.outside == 0) {
    row.reason = fmt::format("nearest to its tolerance at {}", where);
    return row;
  }
  row.verdict = Verdict::suspect;
  row.reason = fmt::format("{} step{} outside, most at {}", worst.outside,
                           worst.outside == 1 ? "" : "s", where);
  if (basis == Basis::seeds) row.reason += " (from the seeds' mean)";
  return row;
}

}  // namespace

std::vector<Row> approximate_rows(const std::string& name, const Golden& golden,
                                  const Observations& now, const std::vector<int64_t>& seeds) {
  const TrainingGolden& training = golden.trainings.at(name);
  const Ensemble& there = now.trainings.at(name);
  std::vector<Row> rows;
  for (const auto& [series, tolerance] : training.tolerance) {
    const Series mean =
        training.basis == Basis::seeds ? mean_of(all_series(training.seeds, series)) : Series{};
    Worst worst;
    for (const int64_t seed : seeds) {
      const auto then = training.seeds.find(seed);
      const Member& member = there.at(seed);
      const auto measured = member.series.find(series);
      const Series& values = measured == member.series.end() ? Series{} : measured->second;
      if (training.basis == Basis::seeds)
        look_at(worst, seed, mean, values, tolerance);
      else if (then != training.seeds.end() && then->second.series.contains(series))
        look_at(worst, seed, then->second.series.at(series), values, tolerance);
    }
    if (worst.excess >= 0) rows.push_back(row_of(name, series, worst, training.basis));
  }
  return rows;
}

}  // namespace repro::checks
