#pragma once
// Does a measured effect bear out a published one? Four answers, each with its reason. One run
// cannot say how far luck carried it, so without a noise estimate from repeated cells one seed is
// never more than "inconclusive".

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "measure/stats.hpp"

namespace repro::measure {

enum class Verdict { reproduced, not_reproduced, inconclusive, not_tested };
std::string_view name(Verdict verdict);  // "not reproduced"

// How a published effect is read. A saving is reproduced when it is at least as large as published,
// a share of the work when it is at most as large, a loss when it is about the same.
enum class Sense { at_least, at_most, about };

// Spread of an effect from one seed to the next, pooled over the cells that were repeated.
struct Noise {
  double sd = 0;
  double degrees_of_freedom = 0;
};
// One list of effects a cell, one effect a seed. Empty when no cell was repeated.
std::optional<Noise> pooled_noise(std::span<const std::vector<double>> cells);

struct Question {
  Sense sense = Sense::at_least;
  double claimed = 0;           // the published effect
  double margin = 0;            // how far from `claimed` still counts as it
  std::vector<Interval> seeds;  // what each seed shows: a censored effect has an infinite end
  std::optional<Noise> noise;   // from elsewhere in the table, for a single seed
  double confidence = 0.95;
};

// Where the mean effect lies: each seed's own uncertainty and the spread over seeds (Student's t).
// One seed: its own uncertainty widened by `noise`; empty when there is none. Empty without seeds.
std::optional<Interval> effect_interval(const Question& question);

struct Judgement {
  Verdict verdict = Verdict::not_tested;
  std::string reason = "not run";  // a clause, without a full stop
};
// No seeds: not tested, "not run".
Judgement judge(const Question& question);

}  // namespace repro::measure
