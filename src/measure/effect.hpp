#pragma once
// An effect over seeds: its mean, and how far the truth may be from it. Seeds are draws of a normal
// distribution whose spread is unknown; one that did not reach, or reached at once, is known only
// to lie on one side of a bound, and is counted as that (censored), not as the bound. What no seed
// can average away (rungs, target, items, timing, prices) is added in quadrature.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "measure/stats.hpp"

namespace repro::measure {

// Spread of an effect from one seed to the next, pooled over the cells that were repeated.
struct Noise {
  double sd = 0;
  double degrees_of_freedom = 0;
};
// One list of effects a cell, one effect a seed. Empty when no cell was repeated.
std::optional<Noise> pooled_noise(std::span<const std::vector<double>> cells);

// Half widths of an interval by cause, at its confidence and in the effect's unit.
struct EffectParts {
  double seeds = 0;   // their luck; the wider side's. Infinite: nothing says how large it is
  double rungs = 0;   // where between two endings the target is reached
  double target = 0;  // finite text that losses are measured on
  double items = 0;   // finite items of a task
  double timing = 0;  // seconds of a step of equal work, and a device's measured speed
  double prices = 0;  // from the cheapest to the dearest offer

  double systematic() const;  // all but the seeds' luck, in quadrature
};

struct NamedPart {
  std::string_view name;   // "seeds", "rungs", "target", "items", "timing", "prices"
  std::string_view cause;  // "the luck of the seeds"
  double half_width = 0;
};
std::vector<NamedPart> list_parts(const EffectParts& parts);  // in the order of the struct
NamedPart largest_part(const EffectParts& parts);

struct EffectData {
  // One a seed; low = high: an estimate, else only bounds are known. An end may be infinite.
  std::vector<Interval> seeds;
  EffectParts open;  // `seeds` of it is not read
  // Nothing beyond is possible, whatever is measured; an end may be infinite.
  std::optional<Interval> possible;
  std::optional<Noise> noise;  // from other cells: used where fewer than two seeds are estimates
  double confidence = 0.95;
};

struct Effect {
  double centre = 0;  // the likeliest mean
  double below = 0;   // half widths to either side, not cut at what is possible
  double above = 0;
  Interval shown;     // from the least to the most that a seed by itself shows
  Interval interval;  // centre - below to centre + above, as far as possible
  EffectParts parts;
  double degrees_of_freedom = 0;  // of the seeds' part; 0: nothing measures their noise
  double t = 0;                   // its quantile that the half widths hold
  int64_t seeds = 0;
  int64_t censored = 0;   // seeds of which only bounds are known
  bool borrowed = false;  // the noise is of other cells

  bool has_noise() const { return degrees_of_freedom > 0; }
};

// Profile likelihood over the spread: means whose likelihood ratio is below n log(1 + t^2 / (n -
// 1)) with Student's quantile t of n - 1 degrees of freedom, which without censoring is Student's
// interval exactly. Borrowed noise of d degrees of freedom counts as d more residuals: n + d,
// n - 1 + d. One seed, or one estimate within all other seeds' bounds, without borrowed noise says
// nothing about noise: the half widths are infinite. Error without seeds.
Effect estimate_effect(const EffectData& data);

}  // namespace repro::measure
