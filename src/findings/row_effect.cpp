#include "findings/row_effect.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "findings/values.hpp"

namespace repro::findings {
namespace {

using claims::Quantity;
using measure::EffectData;
using measure::Interval;

constexpr double kUnbounded = std::numeric_limits<double>::infinity();

// What it can be at all: from hardly a step of each arm to steps without end. A speed-up stays
// above nothing, a saving below what the phases before the last leave of it. Empty when it does not
// depend on steps.
std::optional<Interval> possible_of(const Quantity& quantity, const Seed& seed,
                                    const Terms& terms) {
  constexpr double kHardly = 1e-9, kWithoutEnd = 1e9, kLarge = 1e6;
  const size_t arms = seed.runs.cell().arms.size();
  Interval possible = {kUnbounded, -kUnbounded};
  for (size_t corner = 0; corner < (size_t{1} << arms); ++corner) {
    if ((corner >> seed.runs.cell().baseline & 1) != 0) continue;
    std::vector<double> factors(arms, kHardly);
    for (size_t i = 0; i < arms; ++i)
      if ((corner >> i & 1) != 0) factors[i] = kWithoutEnd;
    factors[seed.runs.cell().baseline] = 1;
    auto value = value_with_steps(quantity, seed, factors, terms);
    if (!value) return std::nullopt;
    if (std::abs(*value) > kLarge) *value = std::copysign(kUnbounded, *value);
    possible = {std::min(possible.low, *value), std::max(possible.high, *value)};
  }
  return possible.low < possible.high ? std::optional(possible) : std::nullopt;
}

// An estimate, or the side of its bound on which the seed is known to lie.
Interval shown_by(const SeedValue& seed, const Interval& possible) {
  if (!seed.not_reached && !seed.at_most) return {seed.value, seed.value};
  if (seed.not_reached && seed.at_most) return possible;
  const bool is_upper_bound = seed.not_reached == seed.falls;
  return is_upper_bound ? Interval{std::min(possible.low, seed.value), seed.value}
                        : Interval{seed.value, std::max(possible.high, seed.value)};
}

// The seeds' own, averaged: they are the same causes in each. Where a line between two endings is
// read, and against which text, concerns seeds that are estimates alone.
measure::EffectParts mean_open(const std::vector<SeedValue>& seeds) {
  measure::EffectParts mean;
  double estimates = 0;
  for (const SeedValue& seed : seeds) {
    mean.timing += seed.open.timing / static_cast<double>(seeds.size());
    mean.prices += seed.open.prices / static_cast<double>(seeds.size());
    if (seed.not_reached || seed.at_most) continue;
    estimates += 1;
    mean.rungs += seed.open.rungs;
    mean.target += seed.open.target;
  }
  if (estimates > 0) mean.rungs /= estimates, mean.target /= estimates;
  return mean;
}

// What the seeds of a row show, and what is possible in any of them.
struct RowSeeds {
  std::vector<SeedValue> seeds;
  std::optional<Interval> possible;
};

RowSeeds measure_row(const Quantity& quantity, const Study& study, const StudyRow& row,
                     const Terms& terms) {
  RowSeeds result;
  for (const Seed& seed : row.seeds) {
    if (!seed.comparison) continue;
    const auto one = value_of(quantity, study, seed, terms);
    if (!one) continue;
    result.seeds.push_back(*one);
    const auto here = possible_of(quantity, seed, terms);
    auto& all = result.possible;
    if (here && all)
      all = {std::min(all->low, here->low), std::max(all->high, here->high)};
    else if (here)
      all = here;
  }
  return result;
}

std::optional<measure::Noise> noise_of(const std::vector<RowSeeds>& rows) {
  std::vector<std::vector<double>> estimates;
  for (const RowSeeds& row : rows) {
    auto& of_row = estimates.emplace_back();
    for (const SeedValue& seed : row.seeds)
      if (!seed.not_reached && !seed.at_most) of_row.push_back(seed.value);
  }
  return measure::pooled_noise(estimates);
}

}  // namespace

std::optional<Interval> RowEffect::shown_range() const {
  const double value = measure::mean(values);
  if (effect.has_noise())
    return effect.below == 0 && effect.above == 0 ? std::nullopt
                                                  : std::optional<Interval>(effect.interval);
  // What the ladder allows stands for the rungs' part: it is that and more.
  measure::EffectParts others = effect.parts;
  others.rungs = 0;
  const Interval range = {value - std::hypot(value - spanned.low, others.systematic()),
                          value + std::hypot(spanned.high - value, others.systematic())};
  return range.low == range.high ? std::nullopt : std::optional<Interval>(range);
}

RowEffect effect_over(const std::vector<SeedValue>& seeds, const std::optional<Interval>& possible,
                      const std::optional<measure::Noise>& noise) {
  RowEffect row;
  row.spanned = seeds.front().range;
  row.room = seeds.front().room;
  EffectData data;
  const Interval limits = possible.value_or(Interval{-kUnbounded, kUnbounded});
  for (const SeedValue& seed : seeds) {
    row.values.push_back(seed.value);
    row.spanned = {std::min(row.spanned.low, seed.range.low),
                   std::max(row.spanned.high, seed.range.high)};
    row.some_not_reached |= seed.not_reached;
    row.some_at_most |= seed.at_most;
    row.falls |= seed.falls;
    if (row.room && seed.room)
      row.room = {std::min(row.room->low, seed.room->low),
                  std::max(row.room->high, seed.room->high)};
    data.seeds.push_back(shown_by(seed, limits));
  }
  data.open = mean_open(seeds);
  data.possible = possible;
  data.noise = noise;
  row.effect = measure::estimate_effect(data);
  return row;
}

std::vector<std::optional<RowEffect>> row_effects(const Quantity& quantity, const Study& study,
                                                  const Terms& terms) {
  std::vector<RowSeeds> rows;
  for (const StudyRow& row : study.rows) rows.push_back(measure_row(quantity, study, row, terms));
  const auto noise = noise_of(rows);
  std::vector<std::optional<RowEffect>> effects;
  for (const RowSeeds& row : rows)
    effects.push_back(row.seeds.empty()
                          ? std::nullopt
                          : std::optional(effect_over(row.seeds, row.possible, noise)));
  return effects;
}

}  // namespace repro::findings
