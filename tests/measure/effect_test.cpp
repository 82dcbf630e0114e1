#include "measure/effect.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/error.hpp"

namespace repro::measure {
namespace {

EffectData seeds(std::vector<Interval> shown) {
  EffectData data;
  data.seeds = std::move(shown);
  return data;
}

double log_of_tail(double z) { return std::log(0.5 * std::erfc(-z / std::sqrt(2.0))); }

}  // namespace

TEST_CASE("the interval of estimates is Student's", "[measure]") {
  const std::vector<double> values = {1.7, 1.9, 2.3, 2.2};
  const Effect effect = estimate_effect(seeds({{1.7, 1.7}, {1.9, 1.9}, {2.3, 2.3}, {2.2, 2.2}}));
  const Interval student = *mean_interval(summarise(values));
  CHECK(effect.interval.low == Approx(student.low));
  CHECK(effect.interval.high == Approx(student.high));
  CHECK(effect.degrees_of_freedom == 3);
  CHECK(effect.t == Approx(3.182).margin(1e-3));
  CHECK(effect.parts.seeds == Approx(student.high - effect.centre));
}

TEST_CASE("the likelihood's interval goes over into Student's as the bounds close in",
          "[measure]") {
  // A bound of 2e-6 is an estimate to the eye, but takes the likelihood's way.
  const Effect exact = estimate_effect(seeds({{1.7, 1.7}, {1.9, 1.9}, {2.3, 2.3}}));
  const Effect closed = estimate_effect(seeds({{1.7, 1.7}, {1.9, 1.9}, {2.3 - 1e-6, 2.3 + 1e-6}}));
  CHECK(closed.censored == 1);
  CHECK(closed.centre == Approx(exact.centre).epsilon(1e-4));
  CHECK(closed.interval.low == Approx(exact.interval.low).epsilon(1e-4));
  CHECK(closed.interval.high == Approx(exact.interval.high).epsilon(1e-4));
}

TEST_CASE("seeds between the same two endings still vary", "[measure]") {
  // Speed-ups of 1.5, 1.7 and 1.9 all lie between the endings at 1.333 and 2.0.
  const Effect effect = estimate_effect(seeds({{1.5, 1.5}, {1.7, 1.7}, {1.9, 1.9}}));
  CHECK(effect.parts.seeds == Approx(student_quantile(0.975, 2) * 0.2 / std::sqrt(3.0)));
  CHECK(effect.interval.low < 1.333);
  CHECK(effect.interval.high > 2.0);
}

TEST_CASE("systematic parts are added in quadrature and do not shrink with seeds", "[measure]") {
  EffectData few = seeds({{1.0, 1.0}, {1.2, 1.2}});
  few.open = {.seeds = 9, .rungs = 0.03, .target = 0.04, .timing = 0.12, .prices = 0};
  CHECK(few.open.systematic() == Approx(0.13));
  const Effect effect = estimate_effect(few);
  CHECK(effect.above == Approx(std::hypot(effect.parts.seeds, 0.13)));
  CHECK(effect.parts.seeds == Approx(student_quantile(0.975, 1) * 0.1));
  EffectData many = few;
  for (int i = 0; i < 400; ++i) many.seeds.push_back({1.1, 1.1});
  CHECK(estimate_effect(many).above > 0.13);
  CHECK(largest_part(estimate_effect(many).parts).name == "timing");
}

TEST_CASE("an interval ends where nothing beyond is possible, its half widths do not",
          "[measure]") {
  EffectData data = seeds({{0.2, 0.2}, {0.9, 0.9}});
  data.possible = Interval{0, 1};
  const Effect effect = estimate_effect(data);
  CHECK(effect.interval.low == 0);
  CHECK(effect.interval.high == 1);
  CHECK(effect.below > 1);
}

TEST_CASE("a seed that did not reach is on the far side of its bound, not on it", "[measure]") {
  const Effect on_it = estimate_effect(seeds({{2.0, 2.0}, {1.8, 1.8}, {1.3, 1.3}}));
  const Effect beyond = estimate_effect(seeds({{2.0, 2.0}, {1.8, 1.8}, {0, 1.3}}));
  CHECK(beyond.censored == 1);
  CHECK(beyond.centre < on_it.centre);
  CHECK(beyond.interval.low < on_it.interval.low);
  const Effect reached_at_once = estimate_effect(seeds({{6, 6}, {7, 7}, {8, INFINITY}}));
  CHECK(reached_at_once.centre > 7);
  CHECK(std::isfinite(reached_at_once.interval.high));
}

TEST_CASE("a censored interval's end has the likelihood ratio of Student's threshold",
          "[measure]") {
  // Of two estimates and a bound from above, by a grid over the spread.
  const auto profile = [](double mean) {
    double best = -INFINITY;
    for (double log_sd = -6; log_sd < 4; log_sd += 1e-3) {
      const double sd = std::exp(log_sd);
      best = std::max(
          best, -2 * log_sd - (std::pow(2.0 - mean, 2) + std::pow(1.8 - mean, 2)) / (2 * sd * sd) +
                    log_of_tail((1.3 - mean) / sd));
    }
    return best;
  };
  const Effect effect = estimate_effect(seeds({{2.0, 2.0}, {1.8, 1.8}, {-INFINITY, 1.3}}));
  const double t = student_quantile(0.975, 2);
  const double threshold = 3 * std::log1p(t * t / 2);
  for (const double end : {effect.interval.low, effect.interval.high})
    CHECK(2 * (profile(effect.centre) - profile(end)) == Approx(threshold).epsilon(1e-3));
}

TEST_CASE("one seed takes its noise from the other cells, several have their own", "[measure]") {
  EffectData one = seeds({{0.5, 0.5}});
  CHECK_FALSE(estimate_effect(one).has_noise());
  CHECK(std::isinf(estimate_effect(one).above));
  one.noise = Noise{.sd = 0.1, .degrees_of_freedom = 4};
  const Effect borrowed = estimate_effect(one);
  CHECK(borrowed.borrowed);
  CHECK(borrowed.above == Approx(student_quantile(0.975, 4) * 0.1));
  EffectData two = seeds({{0.5, 0.5}, {0.6, 0.6}});
  const double own = estimate_effect(two).above;
  two.noise = one.noise;
  CHECK(estimate_effect(two).above == own);
}

TEST_CASE("bounds alone say nothing without noise, and how far beyond them with it", "[measure]") {
  const std::vector<Interval> missed(3, Interval{-INFINITY, 0.1});
  EffectData data = seeds(missed);
  CHECK(std::isinf(estimate_effect(data).interval.high));
  data.noise = Noise{.sd = 0.05, .degrees_of_freedom = 10};
  const Effect effect = estimate_effect(data);
  CHECK(effect.centre == Approx(0.1));
  CHECK(std::isinf(effect.interval.low));
  CHECK(effect.interval.high > 0.1);
  CHECK(effect.interval.high < 0.1 + 2 * 0.05);
}

TEST_CASE("an estimate that every bound allows is no measure of noise", "[measure]") {
  CHECK_FALSE(estimate_effect(seeds({{0.05, 0.05}, {0, 0.1}, {0, 0.1}})).has_noise());
  CHECK(estimate_effect(seeds({{0.5, 0.5}, {0, 0.1}, {0, 0.1}})).has_noise());
}

TEST_CASE("equal seeds have an interval of no width", "[measure]") {
  const Effect effect = estimate_effect(seeds({{0.3, 0.3}, {0.3, 0.3}, {0.3, 0.3}}));
  CHECK(effect.interval.low == Approx(0.3));
  CHECK(effect.interval.high == Approx(0.3));
}

TEST_CASE("no seeds are an error, not an interval", "[measure]") {
  CHECK_THROWS_AS(estimate_effect({}), Error);
}

TEST_CASE("noise is pooled over repeated cells only", "[measure]") {
  const std::vector<std::vector<double>> cells = {{1, 3}, {5}, {2, 2, 2}};
  const auto noise = pooled_noise(cells);
  REQUIRE(noise);
  CHECK(noise->degrees_of_freedom == 3);
  CHECK(noise->sd == Approx(std::sqrt(2.0 / 3.0)));
  CHECK_FALSE(pooled_noise(std::vector<std::vector<double>>{{1}, {2}}));
}

}  // namespace repro::measure
