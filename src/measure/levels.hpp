#pragma once
// Steps in a history of one number: a fit by constant levels. Of fits with one level, two, ... each
// the one with the least sum of absolute differences, that with the least
// beta levels + log(sum), beta = 4 ln n / n, is taken, as airspeed velocity (asv) does. An outlier
// alone is no level.

#include <cstddef>
#include <span>
#include <vector>

namespace repro::measure {

struct Level {
  size_t begin = 0, end = 0;  // [begin, end) of the values
  double value = 0;           // their median
  double error = 0;           // mean absolute difference from it
};

// In order; at least one for at least one value. Each but an only one has `shortest` values or
// more. Time and memory grow with the square of the values: Error above kMostLevelValues.
constexpr size_t kMostLevelValues = 2000;
std::vector<Level> fit_levels(std::span<const double> values, size_t shortest = 2);

}  // namespace repro::measure
