#pragma once
// Are the values of one group larger than those of another, whatever their distribution? The test
// of Mann and Whitney (1947), for what is not normal: seconds of steps, steps to a target that some
// runs did not reach.

#include <span>

namespace repro::measure {

struct RankTest {
  double u = 0;  // pairs in which the value of `a` is the larger; equal ones count half
  double p = 1;  // two-sided
  bool exact = false;
};

// Up to 50 values together by the distribution over all ways to share their ranks, ties included;
// beyond by the normal distribution, corrected for ties and for continuity. Infinite values take
// part; Error when a group is empty or a value is no number.
RankTest mann_whitney(std::span<const double> a, std::span<const double> b);

}  // namespace repro::measure
