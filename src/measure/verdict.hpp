#pragma once
// Does a measured effect bear out a published one? Four answers, each with its reason. Effects are
// turned so that larger is stronger (a saving, a speed-up): a claim is reproduced when the effect
// is at least as large as published, within a declared margin. One run cannot say how far luck
// carried it, so without a noise estimate from repeated cells one seed is never more than
// "inconclusive".

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

// Spread of an effect from one seed to the next, pooled over the cells that were repeated.
struct Noise {
  double sd = 0;
  double degrees_of_freedom = 0;
};
// One list of effects a cell; lists of one tell nothing; empty when all do.
std::optional<Noise> pooled_noise(std::span<const std::vector<double>> cells);

struct Question {
  double claimed = 0;           // the published effect
  double margin = 0;            // claimed - margin is still "as large as published"
  std::vector<Interval> seeds;  // what each seed shows: a censored effect has an infinite end
  std::optional<Noise> noise;   // from elsewhere in the table
  double confidence = 0.95;
};

struct Judgement {
  Verdict verdict = Verdict::not_tested;
  std::string reason = "not run";  // a sentence without its full stop
};
// No seeds: not tested.
Judgement judge(const Question& question);

}  // namespace repro::measure
