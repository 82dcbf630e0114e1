#include "measure/power.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "measure/effect.hpp"
#include "measure/scipy_vectors.hpp"

namespace repro::measure {

TEST_CASE("the power of a test is scipy's noncentral t", "[measure]") {
  for (const auto& one : scipy_vectors("power")) {
    const TestDesign design{
        .paired = one.at("paired"), .two_sided = one.at("two_sided"), .alpha = one.at("alpha")};
    CAPTURE(one.dump());
    CHECK(power_of_test(design, one.at("shift"), 1, one.at("n")) ==
          Approx(one.at("power").get<double>()).epsilon(1e-6));
  }
}

TEST_CASE("the fewest seeds have the power, and one less has not", "[measure]") {
  for (const bool paired : {true, false})
    for (const double shift : {0.3, 1.0, 4.0}) {
      const TestDesign design{.paired = paired, .two_sided = true};
      const int64_t seeds = seeds_for_power(design, shift, 1, 0.8);
      CHECK(power_of_test(design, shift, 1, seeds) >= 0.8);
      if (seeds > 2) CHECK(power_of_test(design, shift, 1, seeds - 1) < 0.8);
    }
  // 4 % of spread, 5 % to be found, one-sided: the normal approximation says 8.
  CHECK(seeds_for_power({}, 0.05, 0.04) == 9);
}

TEST_CASE("the smallest shift is found just as often as it was asked for", "[measure]") {
  const TestDesign design{.paired = true, .two_sided = true, .alpha = 0.01};
  const double shift = smallest_shift(design, 0.02, 5, 0.9);
  CHECK(power_of_test(design, shift, 0.02, 5) == Approx(0.9).epsilon(1e-6));
  CHECK(smallest_shift(design, 0, 5) == 0);
}

TEST_CASE("two seeds and a severe test need an enormous shift", "[measure]") {
  const TestDesign design{.paired = true, .two_sided = true, .alpha = 0.001};
  CHECK(power_of_test(design, 30, 1, 2) < 0.1);
  CHECK(smallest_shift(design, 1, 2, 0.8) > 300);
}

TEST_CASE("no shift and no spread have no power", "[measure]") {
  CHECK_THROWS_AS(seeds_for_power({}, 0, 1), Error);
  CHECK_THROWS_AS(power_of_test({}, 1, 0, 5), Error);
  CHECK_THROWS_AS(power_of_test({}, 1, 1, 1), Error);
}

TEST_CASE("crossings that are known to lie between two evaluations have scipy's likeliest mean",
          "[measure]") {
  for (const auto& one : scipy_vectors("censored")) {
    EffectData data;
    for (const auto& interval : one.at("intervals"))
      data.seeds.push_back({interval.at(0), interval.at(1)});
    CAPTURE(one.dump());
    CHECK(estimate_effect(data).centre == Approx(one.at("mean").get<double>()).epsilon(1e-3));
  }
}

}  // namespace repro::measure
