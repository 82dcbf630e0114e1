#include "check/replay.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/random.hpp"
#include "check/compare.hpp"
#include "measure/power.hpp"
#include "measure/stats.hpp"

namespace repro::checks {
namespace {

// Of the seeds' order in the `index`th replay the first so many.
std::vector<int64_t> draw(const std::vector<int64_t>& seeds, size_t n, uint64_t seed,
                          uint64_t index) {
  const Permutation order(seeds.size(), seed, index);
  std::vector<int64_t> drawn;
  for (uint64_t i = 0; i < n; ++i) drawn.push_back(seeds[order(i)]);
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

std::vector<int64_t> without(const std::vector<int64_t>& seeds, const std::vector<int64_t>& drawn) {
  std::vector<int64_t> rest;
  std::set_difference(seeds.begin(), seeds.end(), drawn.begin(), drawn.end(),
                      std::back_inserter(rest));
  return rest;
}

Observations only(const Observations& observed, const std::vector<int64_t>& seeds) {
  Observations some = observed;
  const std::set<int64_t> kept(seeds.begin(), seeds.end());
  for (auto& [name, ensemble] : some.trainings)
    std::erase_if(ensemble, [&](const auto& member) { return !kept.contains(member.first); });
  return some;
}

// The golden with what noise says by these seeds alone.
Golden with_noise_of(const Golden& golden, const Observations& observed, const Observations& twins,
                     const std::vector<int64_t>& seeds) {
  const Observations other = only(twins, seeds);
  const Golden told = make_golden(only(observed, seeds), &other, golden.recipe, golden.policy);
  Golden changed = golden;
  for (auto& [name, training] : changed.trainings) {
    const auto at = told.trainings.find(name);
    if (at == told.trainings.end()) continue;
    training.tolerance = at->second.tolerance;
    training.spread = at->second.spread;
  }
  return changed;
}

// The gate's numbers are those of its own targets.
Observations as_measured(const Observations& twins, const Golden& golden) {
  Observations measured = twins;
  measure_like(measured, golden);
  return measured;
}

bool any_suspect(const std::vector<Row>& rows) { return count(rows, Verdict::suspect) > 0; }

void find_smallest(Reliability& reliability, const Golden& golden, int64_t seeds) {
  if (seeds < 2) return;
  // Both looks must find it.
  const double power = std::sqrt(0.8);
  const auto tests = static_cast<double>(std::max<int64_t>(count_tests(golden), 1));
  for (const auto& [name, training] : golden.trainings)
    for (const auto& [number, spread] : training.spread) {
      const bool twins = training.basis == Basis::twins && golden.paired;
      const measure::TestDesign design{.paired = twins,
                                       .two_sided = golden.policy.sides == Sides::two_sided,
                                       .alpha = golden.policy.alpha / std::sqrt(tests)};
      const double error = spread * std::sqrt((twins ? 1.0 : 2.0) / static_cast<double>(seeds));
      const double beyond_margin =
          training.margin.at(number) + measure::normal_quantile(power) * error;
      reliability.found[name + ": " + number] =
          std::max(beyond_margin, measure::smallest_shift(design, spread, seeds, power));
    }
}

}  // namespace

Reliability replay(const Observations& observed, const Observations* twins, const Golden& golden,
                   const ReplayOptions& options) {
  Reliability reliability;
  const std::vector<int64_t> all = golden.seeds();
  const size_t gate = golden.gate_seeds().size();
  find_smallest(reliability, golden, static_cast<int64_t>(gate));
  if (twins == nullptr || gate == all.size()) return reliability;
  const Observations now = as_measured(*twins, golden);
  for (int64_t i = 0; i < options.replays; ++i) {
    const std::vector<int64_t> drawn = draw(all, gate, options.seed, static_cast<uint64_t>(i));
    const std::vector<int64_t> rest = without(all, drawn);
    const bool enough = static_cast<int64_t>(rest.size()) >= kFewestSeeds;
    const Golden told = enough ? with_noise_of(golden, observed, *twins, rest) : golden;
    const std::vector<Row> first = compare(told, now, {.seeds = drawn, .exact = false});
    ++reliability.replays;
    if (!any_suspect(first)) continue;
    ++reliability.suspect;
    for (const Row& row : first)
      if (row.verdict == Verdict::suspect) ++reliability.rows[row.metric()];
    const auto both = confirm(first, compare(told, now, {.seeds = rest, .exact = false}));
    reliability.red += count(both, Verdict::regression) > 0;
  }
  return reliability;
}

}  // namespace repro::checks
