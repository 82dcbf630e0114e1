#pragma once
// `repro plan --power`: how many seeds find a change of a given size, by the noise of what has run.

#include <optional>

#include "cli/context.hpp"
#include "plan/plan.hpp"

namespace repro::cli {

struct PowerChoice {
  std::optional<double> power;   // of the test; empty = not asked
  double effect = 0.05;          // relative change of the steps to a loss
  double alpha = 0.05;           // one-sided
  std::optional<double> spread;  // relative, from seed to seed; empty = of the runs that are done
};

// Of each training the spread of its steps to a loss over the done seeds, and the seeds a side that
// find the change. Where nothing was repeated, a stated assumption.
void show_power(const Context& context, const plan::Plan& plan, const PowerChoice& choice);

}  // namespace repro::cli
