#pragma once
// What a t-test can see before it is made: how many seeds find a shift of a given size, and how
// small a shift so many seeds find. By the noncentral t distribution, which for few seeds asks for
// one or two more than the normal approximation.

#include <cstdint>

namespace repro::measure {

struct TestDesign {
  bool paired = false;     // the same seeds on both sides; `sd` is then that of their differences
  bool two_sided = false;  // else a shift in one direction is looked for
  double alpha = 0.05;
};

// Probability that the test with so many seeds (on each side) finds a true shift; Error with fewer
// than 2 seeds or a spread that is not above 0.
double power_of_test(const TestDesign& design, double shift, double sd, int64_t seeds);

// The fewest seeds with at least this power, 2 or more; Error when 100,000 are not enough.
int64_t seeds_for_power(const TestDesign& design, double shift, double sd, double power = 0.8);

// The smallest shift that so many seeds find with this power; 0 where nothing varies.
double smallest_shift(const TestDesign& design, double sd, int64_t seeds, double power = 0.8);

}  // namespace repro::measure
