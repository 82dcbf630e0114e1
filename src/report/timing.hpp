#pragma once
// How steady were the clocks? Steps of equal work should take equal time; where they did not, the
// machine was shared or throttled, and hours and dollars carry that. What a run would have cost at
// the median step time is "calibrated", not measured, and never shown in one column with it.

#include <cstdint>
#include <optional>
#include <string>

#include "report/study.hpp"

namespace repro::report {

// Seconds of training a step over a study's done runs of equal work.
struct StepTimes {
  double least = 0;
  double median = 0;
  double greatest = 0;
  int64_t runs = 0;
  double spread() const { return greatest / least; }  // 1 = perfectly steady
};

// Runs of the full model (both arms) or of the submodels; empty when none is done.
std::optional<StepTimes> step_times(const Study& study, const std::string& model, bool submodels);

// The largest spread of all; 1 when nothing was repeated.
double worst_spread(const Study& study);

// The saving with each phase's steps at the model's median step time, makespan accounting, nothing
// but training counted; mean over seeds. Empty without a comparison or a price.
std::optional<double> steady_saving(const Study& study, const StudyRow& row);

}  // namespace repro::report
