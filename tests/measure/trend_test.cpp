#include "measure/trend.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "base/random.hpp"

namespace repro::measure {
namespace {

std::vector<TrendPoint> law(double factor, double exponent, double noise, uint64_t seed) {
  std::vector<TrendPoint> points;
  for (const double size : {64.0, 96.0, 128.0})
    for (int i = 0; i < 3; ++i)
      points.push_back({size, factor * std::pow(size, exponent) *
                                  std::exp(noise * random_normal(seed, 0, points.size()))});
  return points;
}

}  // namespace

TEST_CASE("a power law without noise is found again and goes on", "[measure]") {
  const auto trend = trend_at(law(3, -0.5, 0, 0), 2048);
  REQUIRE(trend);
  CHECK(trend->exponent == Approx(-0.5));
  CHECK(trend->value == Approx(3 * std::pow(2048, -0.5)));
  CHECK(trend->interval.low == Approx(trend->value));
  CHECK(trend->interval.high == Approx(trend->value));
  CHECK(trend->points == 9);
  CHECK(trend->sizes == 3);
}

TEST_CASE("the slope and the interval are those of a regression done by hand", "[measure]") {
  // x = ln size = 0, 1, 2; y = ln value = 0, 1, 1: slope 1/2, residuals -1/6, 1/3, -1/6.
  const double e = std::exp(1.0);
  const std::vector<TrendPoint> points = {{1, 1}, {e, e}, {e * e, e}};
  const auto trend = trend_at(points, e * e * e);
  REQUIRE(trend);
  CHECK(trend->exponent == Approx(0.5));
  CHECK(std::log(trend->value) == Approx(2.0 / 3 + 0.5 * 2));
  CHECK(trend->residual_sd == Approx(std::sqrt(1.0 / 6)));
  const double half = 12.7062047 * std::sqrt(1.0 / 6) * std::sqrt(1.0 / 3 + 4.0 / 2);
  CHECK(std::log(trend->interval.high) - std::log(trend->value) == Approx(half));
  CHECK(trend->exponent_interval.high == Approx(0.5 + 12.7062047 * std::sqrt(1.0 / 12)));
}

TEST_CASE("95 % intervals of an extrapolation hold the truth about 95 times of 100", "[measure]") {
  const double truth = 2 * std::pow(2048, -0.2);
  int holds = 0;
  constexpr int kTables = 1000;
  for (int i = 0; i < kTables; ++i) {
    const auto trend = trend_at(law(2, -0.2, 0.1, static_cast<uint64_t>(i)), 2048);
    holds += trend->interval.low <= truth && truth <= trend->interval.high;
  }
  CHECK(holds > 930);  // 950 expected, standard error 7
  CHECK(holds < 970);
}

TEST_CASE("two sizes make no trend, and nothing below 0 has a logarithm", "[measure]") {
  const std::vector<TrendPoint> two = {{64, 1}, {64, 1.1}, {128, 1}, {128, 1.2}};
  CHECK_FALSE(trend_at(two, 2048));
  const std::vector<TrendPoint> below = {{64, 1}, {96, -1}, {128, 1}};
  CHECK_THROWS_WITH(trend_at(below, 2048), Catch::Contains("above 0"));
}

TEST_CASE("so many points as are asked for narrow the interval to what was asked", "[measure]") {
  const auto few = trend_at(law(2, -0.2, 0.2, 3), 2048);
  const auto wanted = points_for(*few, 1.5);
  REQUIRE(wanted);
  CHECK(*wanted > few->points);
  CHECK(*wanted % 3 == 0);
  // Were there so many with the same scatter: the formula's own interval, from scratch.
  const double half = student_quantile(0.975, static_cast<double>(*wanted) - 2) * few->residual_sd *
                      few->spread * std::sqrt(9.0 / static_cast<double>(*wanted));
  CHECK(std::exp(half) <= 1.5);
  // Where it is narrow enough already, no more are needed.
  CHECK(points_for(*trend_at(law(2, -0.2, 0, 3), 2048), 1.5) == 9);
  CHECK_FALSE(points_for(*few, 1.000001));
}

}  // namespace repro::measure
