// The approximate lane: each step within what noise was seen to do to it. No step is forgiven, and
// a value that is no number is outside every tolerance. Norms of gradients spike at single steps of
// single seeds for no reason but chance; there the seeds' median is looked at, which one seed
// cannot move.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "check/compare.hpp"
#include "check/noise.hpp"

namespace repro::checks {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kFewestForMedian = 3;

// One step of one seed.
struct Deviation {
  double excess = 0;  // difference / tolerance; infinite for what is no number or missing
  int64_t seed = 0, step = 0;
  double golden = 0, now = 0, tolerance = 0;
};

Deviation deviation(int64_t seed, int64_t step, double golden, double now, double tolerance) {
  const double difference = now - golden;
  // No spread and no floor: any difference is too much.
  double excess = difference == 0 ? 0 : difference / tolerance;
  if (!std::isfinite(now) || std::isnan(excess)) excess = kInfinity;
  return {excess, seed, step, golden, now, tolerance};
}

using ByStep = std::map<int64_t, std::vector<Deviation>>;

void collect(ByStep& all, int64_t seed, const Series& golden, const Series& now,
             const Series& tolerance) {
  size_t j = 0;
  for (size_t i = 0; i < golden.steps.size() && i < tolerance.values.size(); ++i) {
    while (j < now.steps.size() && now.steps[j] < golden.steps[i]) ++j;
    const bool there = j < now.steps.size() && now.steps[j] == golden.steps[i];
    all[golden.steps[i]].push_back(deviation(seed, golden.steps[i], golden.values[i],
                                             there ? now.values[j] : kMissing,
                                             tolerance.values[i]));
  }
  if (golden.steps.empty() || now.steps.empty() || now.steps.back() <= golden.steps.back()) return;
  // It goes on where the golden has ended.
  all[now.steps.back()].push_back(
      deviation(seed, now.steps.back(), kMissing, now.values.back(), 0));
}

Deviation farthest(const std::vector<Deviation>& seeds) {
  return *std::max_element(seeds.begin(), seeds.end(), [](const Deviation& a, const Deviation& b) {
    return std::abs(a.excess) < std::abs(b.excess);
  });
}

// Of an even number the nearer to 0 of the two in the middle.
Deviation middle(std::vector<Deviation> seeds) {
  if (const Deviation worst = farthest(seeds); std::isinf(worst.excess)) return worst;
  std::sort(seeds.begin(), seeds.end(),
            [](const Deviation& a, const Deviation& b) { return a.excess < b.excess; });
  const Deviation& high = seeds[seeds.size() / 2];
  const Deviation& low = seeds[(seeds.size() - 1) / 2];
  return std::abs(low.excess) < std::abs(high.excess) ? low : high;
}

std::string quantity_of(const std::string& series) {
  if (series == "loss") return "loss by step";
  return series == "grad_norm" ? "gradient norm by step" : series + " by step";
}

Row step_row(const std::string& name, const std::string& series, const ByStep& all, bool spikes) {
  std::vector<Deviation> steps;
  for (const auto& [step, seeds] : all) steps.push_back(spikes ? middle(seeds) : farthest(seeds));
  const Deviation worst = farthest(steps);
  const auto outside = std::count_if(
      steps.begin(), steps.end(), [](const Deviation& step) { return std::abs(step.excess) > 1; });
  Row row{.training = name,
          .quantity = quantity_of(series),
          .lane = Lane::approximate,
          .golden = fmt::format("{:.5g}", worst.golden),
          .now = fmt::format("{:.5g}", worst.now),
          .tolerance = fmt::format("± {:.2g}", worst.tolerance),
          .golden_value = worst.golden,
          .now_value = worst.now,
          .tolerance_value = worst.tolerance};
  const std::string where =
      fmt::format("step {}, {}seed {}", worst.step, spikes ? "median, " : "", worst.seed);
  row.direction = worst.now > worst.golden ? 1 : worst.now < worst.golden ? -1 : 0;
  if (outside == 0) return row;
  row.verdict = Verdict::suspect;
  row.reason =
      fmt::format("{} step{} outside, most at {}", outside, outside == 1 ? "" : "s", where);
  return row;
}

Row unlike_row(const std::string& name, const std::string& series) {
  return {.training = name,
          .quantity = quantity_of(series),
          .lane = Lane::approximate,
          .golden = "recorded",
          .now = "not compared",
          .tolerance = "",
          .verdict = Verdict::not_comparable,
          .reason = "no seed saw the golden's tokens step by step"};
}

}  // namespace

std::vector<Row> approximate_rows(const std::string& name, const Golden& golden,
                                  const Observations& now, const std::vector<int64_t>& seeds) {
  const TrainingGolden& training = golden.trainings.at(name);
  const Ensemble& there = now.trainings.at(name);
  std::vector<Row> rows;
  for (const auto& [series, tolerance] : training.tolerance) {
    const Series mean =
        training.basis == Basis::seeds ? mean_of(series_of(training.seeds, series)) : Series{};
    ByStep all;
    bool unlike = false;
    for (const int64_t seed : seeds) {
      const auto then = training.seeds.find(seed);
      if (then != training.seeds.end() &&
          chose_other_text(golden, now, then->second, there.at(seed))) {
        unlike = true;
        continue;
      }
      const auto measured = there.at(seed).series.find(series);
      const Series values = measured == there.at(seed).series.end() ? Series{} : measured->second;
      if (training.basis == Basis::seeds)
        collect(all, seed, mean, values, tolerance);
      else if (then != training.seeds.end() && then->second.series.contains(series))
        collect(all, seed, then->second.series.at(series), values, tolerance);
    }
    const bool spikes = spikes_by_chance(series) && seeds.size() >= kFewestForMedian;
    if (!all.empty())
      rows.push_back(step_row(name, series, all, spikes));
    else if (unlike)
      rows.push_back(unlike_row(name, series));
  }
  return rows;
}

}  // namespace repro::checks
