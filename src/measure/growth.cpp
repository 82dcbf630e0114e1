#include "measure/growth.hpp"

#include <algorithm>
#include <vector>

#include "base/error.hpp"

namespace repro::measure {

Spike spike_after(std::span<const double> losses, double before, int64_t window) {
  check(window >= 1, "a window has a step");
  Spike spike;
  double sum = 0;
  for (size_t i = 0; i < losses.size(); ++i) {
    sum += losses[i];
    const auto first = static_cast<int64_t>(i) - window;
    if (first >= 0) sum -= losses[static_cast<size_t>(first)];
    const auto count = std::min(static_cast<int64_t>(i) + 1, window);
    const double above = sum / static_cast<double>(count) - before;
    spike.height = std::max(spike.height, above);
    if (!spike.recovery && count == window && above <= 0)
      spike.recovery = static_cast<int64_t>(i) + 1;
  }
  return spike;
}

double gini(std::span<const double> loads) {
  std::vector<double> sorted(loads.begin(), loads.end());
  std::sort(sorted.begin(), sorted.end());
  double sum = 0, ranked = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    sum += sorted[i];
    ranked += static_cast<double>(i + 1) * sorted[i];
  }
  if (!(sum > 0)) return 0;
  const auto count = static_cast<double>(sorted.size());
  return 2 * ranked / (count * sum) - (count + 1) / count;
}

}  // namespace repro::measure
