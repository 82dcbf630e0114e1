#include "measure/growth.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace repro::measure;

TEST_CASE("a spike is as high as the largest mean of a window above the loss before", "[measure]") {
  const std::vector<double> losses = {5, 7, 6, 5, 4, 4, 4};
  const Spike spike = spike_after(losses, 4.5, 2);
  CHECK(spike.height == 2.0);  // (7 + 6) / 2 - 4.5
  REQUIRE(spike.recovery);
  CHECK(*spike.recovery == 5);  // (5 + 4) / 2 = 4.5
}

TEST_CASE("the first steps count before a window is full, and recovery needs a full one",
          "[measure]") {
  const Spike spike = spike_after(std::vector<double>{6, 4, 4, 4}, 5, 3);
  CHECK(spike.height == 1.0);
  CHECK(*spike.recovery == 3);
  const Spike at_once = spike_after(std::vector<double>{4, 4, 4, 4}, 5, 3);
  CHECK(at_once.height == 0);
  CHECK(*at_once.recovery == 3);
}

TEST_CASE("a loss that is not back within its steps has no recovery", "[measure]") {
  CHECK_FALSE(spike_after(std::vector<double>{6, 5.5, 5.2}, 5, 2).recovery);
  CHECK_FALSE(spike_after(std::vector<double>{}, 5, 2).recovery);
  CHECK(spike_after(std::vector<double>{}, 5, 2).height == 0);
}

TEST_CASE("the Gini coefficient is 0 of equal loads and 1 - 1 / n of one that has all",
          "[measure]") {
  CHECK(gini(std::vector<double>{3, 3, 3, 3}) == Approx(0).margin(1e-15));
  CHECK(gini(std::vector<double>{0, 0, 0, 8}) == Approx(0.75));
  CHECK(gini(std::vector<double>{8, 0, 0, 0}) == Approx(0.75));
  // Mean absolute difference over twice the mean: (1 + 2 + 1) * 2 / 9 / 4.
  CHECK(gini(std::vector<double>{1, 2, 3}) == Approx(2.0 / 9));
  CHECK(gini(std::vector<double>{}) == 0);
  CHECK(gini(std::vector<double>{0, 0}) == 0);
}
