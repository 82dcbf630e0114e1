#pragma once
// Two measurements of the same seeds: what a seed brings to both cancels in their difference.

#include <span>
#include <vector>

#include "measure/stats.hpp"

namespace repro::measure {

// b - a, seed by seed; Error when the lengths differ.
std::vector<double> paired_differences(std::span<const double> a, std::span<const double> b);

// Student's t of the mean difference against 0, two-sided; Error with fewer than 2. Differences
// that are all alike are infinitely clear, and all 0 no difference.
TestResult paired_t(std::span<const double> differences);

// The one-sided p of the same test, for a mean above 0 (`sign` 1) or below 0 (-1).
double one_sided(const TestResult& paired, int sign);

}  // namespace repro::measure
