#include "measure/power.hpp"

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/non_central_t.hpp>
#include <cmath>

#include "base/error.hpp"
#include "measure/stats.hpp"

namespace repro::measure {
namespace {

constexpr int64_t kMostSeeds = 100'000;
// Standard errors: beyond, the mean's own error is nothing beside that of the spread.
constexpr double kFar = 30;

double degrees_of(const TestDesign& design, int64_t seeds) {
  return static_cast<double>(design.paired ? seeds - 1 : 2 * seeds - 2);
}

// P(T > t) of the noncentral distribution.
double noncentral_tail(double t, double degrees, double shift) {
  if (shift < -kFar) return 0;
  if (shift > kFar) {
    const double ratio = shift / t;
    return boost::math::cdf(boost::math::chi_squared(degrees), degrees * ratio * ratio);
  }
  const boost::math::non_central_t distribution(degrees, shift);
  return boost::math::cdf(boost::math::complement(distribution, t));
}

}  // namespace

double power_of_test(const TestDesign& design, double shift, double sd, int64_t seeds) {
  if (seeds < 2) throw Error("a test needs at least 2 seeds, got {}", seeds);
  if (!(sd > 0)) throw Error("the power of a test needs a spread above 0, got {}", sd);
  const double degrees = degrees_of(design, seeds);
  const double errors =
      std::abs(shift) / sd * std::sqrt(static_cast<double>(seeds) / (design.paired ? 1 : 2));
  const double t = student_quantile(1 - design.alpha / (design.two_sided ? 2 : 1), degrees);
  const double power = noncentral_tail(t, degrees, errors);
  return design.two_sided ? power + noncentral_tail(t, degrees, -errors) : power;
}

int64_t seeds_for_power(const TestDesign& design, double shift, double sd, double power) {
  if (shift == 0) throw Error("no number of seeds finds a shift of 0; name a larger one");
  int64_t enough = 2;
  while (power_of_test(design, shift, sd, enough) < power) {
    enough *= 2;
    if (enough > kMostSeeds)
      throw Error("a shift of {:.3g} under a spread of {:.3g} needs more than {} seeds", shift, sd,
                  kMostSeeds);
  }
  int64_t too_few = enough / 2;
  while (too_few >= 2 && enough - too_few > 1) {
    const int64_t middle = (enough + too_few) / 2;
    (power_of_test(design, shift, sd, middle) < power ? too_few : enough) = middle;
  }
  return enough;
}

double smallest_shift(const TestDesign& design, double sd, int64_t seeds, double power) {
  if (sd == 0) return 0;
  double found = sd;
  while (power_of_test(design, found, sd, seeds) < power) found *= 2;
  double missed = 0;
  for (int i = 0; i < 60; ++i) {
    const double middle = (missed + found) / 2;
    (power_of_test(design, middle, sd, seeds) < power ? missed : found) = middle;
  }
  return found;
}

}  // namespace repro::measure
