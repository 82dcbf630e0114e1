#pragma once
// The step of a model too large to be timed here, extrapolated from smaller ones that were:
// seconds = fixed + per_flop x FLOPs of the step, fitted to their relative errors. How far it can
// be trusted is what it gets wrong when the largest measured size is predicted from the smaller.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/profile.hpp"

namespace repro::measure {

struct StepFit {
  double fixed = 0;     // seconds a step takes whatever its size
  double per_flop = 0;  // seconds
  double largest_flops = 0;
  int64_t sizes = 0;
  // Predicted over measured seconds of the largest size, less 1; empty with one size.
  std::optional<double> error;

  double seconds(double flops) const { return fixed + per_flop * flops; }
};

// "from 3 sizes; the largest, predicted from the smaller ones, is 8 % too slow".
std::string describe(const StepFit& fit);

// One size is scaled in proportion. Error for none, or for one whose FLOPs are unknown.
StepFit fit_steps(std::vector<config::MeasuredStep> steps);

}  // namespace repro::measure
