#pragma once
// How far chance moves a training, from runs that differ by nothing else: the tolerance of each
// step, and the spread of each number.

#include <cstdint>
#include <string>
#include <vector>

#include "check/golden.hpp"

namespace repro::checks {

struct ToleranceOptions {
  double alpha = 0.05;  // of all steps of the series together
  double floor_share = 0.001;
  bool spikes = false;  // single steps of single seeds count for little
};

// Of a step the larger of the floor and t x s: s over the seeds' differences from their twins there
// and at the two steps to either side, t Student's quantile that of all steps together is passed
// with probability alpha. Empty with fewer than kFewestSeeds pairs, or where one is not finite.
Series tolerance_of_twins(const std::vector<const Series*>& seeds,
                          const std::vector<const Series*>& twins, const ToleranceOptions& options);
// The same by the seeds' own spread around their mean, for a value that is compared with that mean.
Series tolerance_of_seeds(const std::vector<const Series*>& seeds, const ToleranceOptions& options);

// The mean over the seeds, step by step; empty where their steps differ.
Series mean_of(const std::vector<const Series*>& seeds);

// Fills in tolerances and spreads of a training of `golden` with `series_count` series in all.
// `twins` may be null.
void measure_noise(TrainingGolden& training, const Ensemble* twins, const Policy& policy,
                   int64_t series_count);

// By number: the policy's margin, or as much more as lets a gate of so many seeds tell it from
// noise in nearly all checks.
void set_margins(TrainingGolden& training, const Policy& policy, int64_t gate_seeds, bool paired);

}  // namespace repro::checks
