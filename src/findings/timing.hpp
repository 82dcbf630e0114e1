#pragma once
// How steady were the clocks? Steps of equal work should take equal time; where they did not, the
// machine was shared or throttled, and hours and dollars carry that. What a run would have cost at
// the median step time is "calibrated", not measured, and never shown in one column with it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "findings/study.hpp"

namespace repro::findings {

// Seconds of training a step over a study's done runs of equal work: one shape of model and batch.
struct StepTimes {
  std::string what;  // "Qwen", or "Qwen's" and a phase: whose
  double least = 0;
  double median = 0;
  double greatest = 0;
  int64_t runs = 0;
  double spread() const { return greatest / least; }  // 1 = perfectly steady
};

// One for each kind of equal work, in the order of the plan.
std::vector<StepTimes> step_times(const Study& study);

// The largest spread of all; 1 when nothing was repeated.
double worst_spread(const Study& study);

// The saving of arm `arm` against the baseline with each phase's steps at the median step time of
// their kind, makespan accounting, nothing but training counted; mean over seeds. Empty without a
// comparison or a price.
std::optional<double> steady_saving(const Study& study, const StudyRow& row, size_t arm);

}  // namespace repro::findings
