#pragma once
// How a ratio changes with size, and what it would be at a size that nobody ran: a power law
// through what was measured. It is an extrapolation and only as good as the law; the interval holds
// what the scatter of the points says and not that the law may end.

#include <cstdint>
#include <optional>
#include <span>

#include "measure/stats.hpp"

namespace repro::measure {

// One measured value, of one seed; both are above 0.
struct TrendPoint {
  double size = 0;
  double value = 0;
};

// value = exp(a) size^exponent, by least squares of the logarithms.
struct Trend {
  double exponent = 0;
  Interval exponent_interval;
  double size = 0;         // where the trend is asked for
  double value = 0;        // there
  Interval interval;       // of the mean there; both ends above 0
  int64_t points = 0;      // n; n - 2 degrees of freedom
  int64_t sizes = 0;       // different ones
  double spread = 0;       // sqrt of what n points make of a variance of 1 at `size`
  double residual_sd = 0;  // of the logarithms
};

// Student's intervals at this confidence. Empty with fewer than three sizes: two say nothing about
// whether a line is right. Error where a size or a value is not above 0.
std::optional<Trend> trend_at(std::span<const TrendPoint> points, double size,
                              double confidence = 0.95);

// Points in all, spread over the sizes as these are, after which the interval at `size` would reach
// no further than a factor of `reach` (> 1) to either side, were the scatter as it is; empty where
// that takes more than a million.
std::optional<int64_t> points_for(const Trend& trend, double reach, double confidence = 0.95);

}  // namespace repro::measure
