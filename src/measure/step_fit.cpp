#include "measure/step_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace repro::measure {
namespace {

struct Line {
  double fixed, per_flop;
};

// Least squares of the relative errors: every size counts alike, however long its step. `steps` by
// size, the largest last.
Line fit_line(const std::vector<config::MeasuredStep>& steps) {
  double weights = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (const config::MeasuredStep& step : steps) {
    const double weight = 1 / (step.seconds * step.seconds);
    const double flops = step.flops();
    weights += weight;
    x += weight * flops;
    y += weight * step.seconds;
    xx += weight * flops * flops;
    xy += weight * flops * step.seconds;
  }
  const double spread = weights * xx - x * x;
  const Line proportional{0, steps.back().seconds / steps.back().flops()};
  if (steps.size() < 2 || !(spread > 0)) return proportional;
  const Line line{(y * xx - x * xy) / spread, (weights * xy - x * y) / spread};
  // A step's fixed cost is not negative; noise, or a rate that falls with size, makes it look so.
  return line.fixed >= 0 && line.per_flop > 0 ? line : proportional;
}

}  // namespace

std::string describe(const StepFit& fit) {
  if (!fit.error) return "from one size, in proportion: its error is unknown";
  return fmt::format(
      "from {} sizes; the largest, predicted from the smaller, comes out {:.0f} % {}", fit.sizes,
      100 * std::abs(*fit.error), *fit.error < 0 ? "faster" : "slower");
}

StepFit fit_steps(std::vector<config::MeasuredStep> steps) {
  check(!steps.empty(), "a fit has a measured step");
  for (const config::MeasuredStep& step : steps)
    if (!(step.flops() > 0))
      throw Error("the measured step of size '{}' does not say its FLOPs; measure again",
                  step.size);
  std::sort(steps.begin(), steps.end(),
            [](const auto& a, const auto& b) { return a.flops() < b.flops(); });
  const Line line = fit_line(steps);
  StepFit fit{.fixed = line.fixed,
              .per_flop = line.per_flop,
              .largest_flops = steps.back().flops(),
              .sizes = static_cast<int64_t>(steps.size()),
              .error = {}};
  if (steps.size() < 2) return fit;
  const config::MeasuredStep largest = steps.back();
  steps.pop_back();
  const Line smaller = fit_line(steps);
  fit.error = (smaller.fixed + smaller.per_flop * largest.flops()) / largest.seconds - 1;
  return fit;
}

}  // namespace repro::measure
