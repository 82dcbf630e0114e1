#pragma once
// At equal work, which arm has the lower loss? An arm's longest ending whose work the baseline's
// own endings span is held against the baseline's loss at that much work, seed by seed. Where they
// span none, the arm's longest stands against the baseline's nearest: who ends lower with less work
// would at equal work too, and nothing else follows.

#include <string>
#include <vector>

#include "findings/study.hpp"
#include "measure/effect.hpp"

namespace repro::findings {

// What can be equal: "samples", "FLOPs", "device-hours", "dollars".
const std::vector<std::string>& equal_measures();

struct EqualWork {
  std::string measure;
  size_t arm = 0;
  double rate = 1, baseline_rate = 1;  // learning rates, as factors of each arm's own
  int64_t steps = 0;                   // of the arm's last phase
  double spent = 0;                    // times what the baseline's reference run takes
  double baseline_spent = 0;           // likewise: equal, or the nearest that it has run
  double loss = 0;                     // of the arm, mean over seeds, in the manifest's metric
  double baseline_loss = 0;            // of the baseline at equal work: log-linear between endings
  measure::Effect difference;          // loss - baseline_loss; below zero: the arm is better
  bool equal() const;                  // as much work on both sides; else the baseline's nearest
  // Whoever ends lower did no more work than the other.
  bool decides() const;
  // -1 the arm is better, +1 the baseline, 0 not clear of the noise, or by more work.
  int better() const;
};

// Of every arm and measure with equal work in all seeds that are compared; at each arm's own rate,
// and where rates were tried and another is best, with each at its best too.
std::vector<EqualWork> equal_work_of(const Study& study, const StudyRow& row);

}  // namespace repro::findings
