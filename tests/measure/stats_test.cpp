#include "measure/stats.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "base/error.hpp"

namespace repro::measure {
namespace {

Summary of(std::vector<double> values) { return summarise(values); }

}  // namespace

TEST_CASE("a sample's standard deviation divides by n - 1", "[measure]") {
  const Summary summary = of({2, 4, 4, 4, 5, 5, 7, 9});
  CHECK(summary.mean == 5);
  CHECK(*summary.sd == Approx(std::sqrt(32.0 / 7)));
  CHECK(median(std::vector<double>{9, 1, 3, 2}) == 2.5);
  CHECK_FALSE(of({3}).sd);
  CHECK_FALSE(mean_interval(of({3})));
}

TEST_CASE("the interval of a mean uses Student's quantile", "[measure]") {
  // n = 5, sd = 1.5811, t_{.975,4} = 2.7764: half width 1.9632.
  const Interval interval = *mean_interval(of({1, 2, 3, 4, 5}));
  CHECK(interval.low == Approx(3 - 1.96324).margin(1e-4));
  CHECK(interval.high == Approx(3 + 1.96324).margin(1e-4));
  CHECK(student_quantile(0.95, 9) == Approx(1.8331).margin(5e-5));
  CHECK(student_quantile(0.95, 11) == Approx(1.7959).margin(5e-5));
  CHECK(student_quantile(0.95, 24) == Approx(1.7109).margin(5e-5));
}

TEST_CASE("Welch's test equals a worked example with unequal variances", "[measure]") {
  // Variances 7.9 and 34.95 of means 20.82 and 22.9866: t = -1.46, 10.9 degrees of freedom.
  const Summary a{.n = 10, .mean = 20.6, .sd = std::sqrt(9.0)};
  const Summary b{.n = 8, .mean = 23.0, .sd = std::sqrt(16.0)};
  const TestResult test = welch(a, b);
  CHECK(test.statistic == Approx(-2.4 / std::sqrt(0.9 + 2.0)));
  CHECK(test.degrees_of_freedom == Approx(2.9 * 2.9 / (0.81 / 9 + 4.0 / 7)));
  CHECK(test.p == Approx(0.1818).margin(0.002));
  CHECK_THROWS_WITH(welch(of({1}), b), Catch::Contains("run more seeds"));
}

TEST_CASE("a sample below a target is shown by a small one-sided p, above it is not", "[measure]") {
  const Summary sample = of({3.276, 3.277, 3.278, 3.277, 3.276});
  CHECK(one_sample_below(sample, 3.28).p < 0.01);
  CHECK(one_sample_below(sample, 3.27).p > 0.99);
}

TEST_CASE("equal arms are non-inferior by a wide margin and not by a narrow one", "[measure]") {
  const Summary a = of({5.00, 5.01, 4.99, 5.00});
  CHECK(non_inferiority(a, a, 0.1).p < 0.001);
  CHECK(non_inferiority(a, a, 0.001).p > 0.3);
  const Summary worse = of({5.20, 5.21, 5.19, 5.20});
  CHECK(non_inferiority(worse, a, 0.1).p > 0.99);
  CHECK_THROWS_AS(non_inferiority(a, a, 0), Error);
}

TEST_CASE("no spread at all makes a difference infinitely clear, and no difference none",
          "[measure]") {
  CHECK(welch(of({1, 1}), of({2, 2})).p == 0);
  CHECK(welch(of({1, 1}), of({1, 1})).p == 1);
}

TEST_CASE("unpaired proportions and Holm give the published accuracies' p-values", "[measure]") {
  struct Task {
    int64_t n;
    double full, disco, z, p, holm;
  };
  const std::vector<Task> tasks = {{2376, .279, .291, 0.92, 0.360, 0.360},
                                   {14042, .230, .253, 4.50, 6.7e-6, 2.7e-5},
                                   {10042, .2745, .2945, 3.14, 0.0017, 0.0050},
                                   {1838, .5225, .5703, 2.91, 0.0036, 0.0072}};
  std::vector<double> p_values;
  for (const Task& task : tasks) {
    const TestResult test = two_proportion(task.disco, task.n, task.full, task.n);
    CHECK(test.statistic == Approx(task.z).margin(0.006));
    CHECK(test.p == Approx(task.p).epsilon(0.03));
    p_values.push_back(test.p);
  }
  const std::vector<double> adjusted = holm(p_values);
  for (size_t i = 0; i < tasks.size(); ++i)
    CHECK(adjusted[i] == Approx(tasks[i].holm).epsilon(0.03));
}

TEST_CASE("a rate against chance gives the published z", "[measure]") {
  CHECK(one_proportion(.279, 2376, .25).statistic == Approx(3.26).margin(0.006));
  CHECK(one_proportion(.230, 14042, .25).statistic == Approx(-5.47).margin(0.006));
  CHECK(one_proportion(.253, 14042, .25).statistic == Approx(0.82).margin(0.006));
  CHECK(one_proportion(.5225, 1838, .5).statistic == Approx(1.93).margin(0.006));
  CHECK(one_proportion(.5225, 1838, .5).p == Approx(0.054).margin(0.001));
}

TEST_CASE("Holm's adjustment never orders p-values anew and never exceeds 1", "[measure]") {
  CHECK(holm(std::vector<double>{0.01, 0.04, 0.03}) == std::vector<double>{0.03, 0.06, 0.06});
  CHECK(holm(std::vector<double>{0.9, 0.8}) == std::vector<double>{1.0, 1.0});
  CHECK(holm({}).empty());
}

TEST_CASE("McNemar is exact for few discordant pairs and corrected for many", "[measure]") {
  CHECK(mcnemar(9, 1).p == Approx(2 * 11.0 / 1024));
  CHECK(mcnemar(5, 5).p == 1);
  CHECK(mcnemar(0, 0).p == 1);
  const TestResult many = mcnemar(59, 33);
  CHECK(many.statistic == Approx(25.0 * 25 / 92));
  CHECK(many.p == Approx(0.0091).margin(2e-4));
}

TEST_CASE("Fieller's interval contains the ratio and is wider above than below", "[measure]") {
  const Summary a{.n = 10, .mean = 10, .sd = 1.0};
  const Summary b{.n = 10, .mean = 5, .sd = 1.0};
  const Interval fieller = *ratio_interval_fieller(a, b);
  const Interval delta = *ratio_interval_delta(a, b);
  CHECK(fieller.low < 2);
  CHECK(fieller.high > 2);
  CHECK(fieller.high - 2 > 2 - fieller.low);
  CHECK(delta.high - 2 == Approx(2 - delta.low));
  // Each end solves (a - q b)^2 = t^2 (ea^2 + q^2 eb^2).
  const double degrees = 0.5 * 0.5 / ((0.1 * 0.1 + 0.4 * 0.4) / 9);
  const double t = student_quantile(0.975, degrees);
  for (const double q : {fieller.low, fieller.high})
    CHECK((10 - 5 * q) * (10 - 5 * q) == Approx(t * t * (0.1 + q * q * 0.1)));
}

TEST_CASE("Fieller's interval of constant pairs is their ratio, never a NaN", "[measure]") {
  uint64_t state = 1;
  const auto next = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return 1e-3 + static_cast<double>(state >> 11) / 9007199254740992.0 * 100;
  };
  for (int i = 0; i < 2000; ++i) {
    const double a = next(), b = next();
    const auto fieller = ratio_interval_fieller(of({a, a, a}), of({b, b, b}));
    REQUIRE(fieller);
    CHECK(fieller->low == Approx(a / b));
    CHECK(fieller->high == Approx(a / b));
    CHECK(fieller->low <= fieller->high);
  }
}

TEST_CASE("a denominator that may be zero has no finite ratio interval", "[measure]") {
  CHECK_FALSE(ratio_interval_fieller(of({1, 1.1}), of({-1, 1})));
  CHECK_FALSE(ratio_interval_delta(of({1}), of({2, 3})));
}

TEST_CASE("eight seeds show 5 % at a coefficient of variation of 4 %", "[measure]") {
  CHECK(seeds_needed(0.04, 0.05) == 8);
  CHECK(seeds_needed(0.04, 0.2) == 3);
  CHECK_THROWS_AS(seeds_needed(0.04, 0), Error);
}

TEST_CASE("the convergence bound equals the rules' worked examples", "[measure]") {
  struct Example {
    double mean, sd;
    int64_t n;
    double bound, speedup, printed, printed_speedup;
  };
  for (const Example& example : {Example{15.75, .43, 8, 15.2164, 1.0351, 15.21, 1.0353},
                                 Example{20.75, .66, 8, 19.9309, 1.0411, 19.93, 1.0412},
                                 Example{18.25, .547, 10, 17.6033, 1.0367, 17.60, 1.0368}}) {
    const ConvergenceBound bound = convergence_bound(example.mean, example.sd, example.n, 3);
    CHECK(bound.smallest_mean == Approx(example.bound).margin(1e-4));
    CHECK(bound.max_speedup == Approx(example.speedup).margin(1e-4));
    CHECK(bound.smallest_mean == Approx(example.printed).margin(0.01));
    CHECK(bound.max_speedup == Approx(example.printed_speedup).margin(3e-4));
  }
  CHECK(convergence_bound(15.75, 0, 8, 3).max_speedup == 1);
  CHECK(std::isinf(convergence_bound(1, 10, 3, 3).max_speedup));
}

TEST_CASE("the untrimmed spread makes the convergence bound twice as lenient", "[measure]") {
  CHECK(convergence_bound(15.75, .782, 8, 3).smallest_mean == Approx(14.78).margin(0.005));
  CHECK(convergence_bound(15.75, .782, 8, 3).max_speedup == Approx(1.0656).margin(5e-4));
}

TEST_CASE("one run that never converged falls to the trimmed end, two do not", "[measure]") {
  const double never = std::numeric_limits<double>::infinity();
  CHECK(trimmed_mean(std::vector<double>{1, 2, 3, 4, never}) == 3);
  CHECK(std::isinf(trimmed_mean(std::vector<double>{1, 2, 3, never, never})));
  CHECK_THROWS_AS(trimmed_mean(std::vector<double>{1, 2}), Error);
}

TEST_CASE("McNemar is exact for 24 pairs that differ and an approximation from 25 on",
          "[measure]") {
  // 12 + 12 and 20 + 4 of 24: the binomial's tail, whose statistic is the difference.
  CHECK(mcnemar(20, 4).statistic == 16);
  CHECK(mcnemar(20, 4).degrees_of_freedom == 0);
  CHECK(mcnemar(20, 4).p == Approx(2 * (1 + 24 + 276 + 2024 + 10626) / 16777216.0));
  CHECK(mcnemar(4, 20).p == mcnemar(20, 4).p);
  CHECK(mcnemar(4, 20).statistic == -16);
  CHECK(mcnemar(20, 5).statistic == Approx(14.0 * 14 / 25));
  CHECK(mcnemar(20, 5).degrees_of_freedom == 1);
  CHECK(mcnemar(5, 20).statistic == mcnemar(20, 5).statistic);
  CHECK(mcnemar(13, 13).statistic == 0);
  CHECK(mcnemar(13, 13).p == 1);
  CHECK(mcnemar(0, 3).p == Approx(0.25));
  CHECK_THROWS_AS(mcnemar(-1, 3), Error);
  CHECK_THROWS_AS(mcnemar(3, -1), Error);
}

TEST_CASE("proportions of unequal groups are pooled by their sizes", "[measure]") {
  // 90 of 100 against 500 of 1000: pooled 590 / 1100.
  const double pooled = 590.0 / 1100;
  CHECK(two_proportion(0.9, 100, 0.5, 1000).statistic ==
        Approx(0.4 / std::sqrt(pooled * (1 - pooled) * (1.0 / 100 + 1.0 / 1000))));
  CHECK(two_proportion(1, 10, 1, 20).p == 1);
  CHECK(two_proportion(0, 10, 1, 20).p < 1e-6);
  CHECK_THROWS_AS(two_proportion(1.1, 10, 0.5, 10), Error);
  CHECK_THROWS_AS(two_proportion(0.5, 0, 0.5, 10), Error);
  CHECK_THROWS_AS(two_proportion(0.5, 10, -0.1, 10), Error);
  CHECK_NOTHROW(two_proportion(0.5, 1, 0, 1));
}

TEST_CASE("the delta method's half width is t times the ratio's standard error", "[measure]") {
  const Summary a{.n = 10, .mean = 10, .sd = 1.0};
  const Summary b{.n = 10, .mean = 5, .sd = 1.0};
  // Standard errors 0.316 each; of the ratio 2 x sqrt(0.1 / 100 + 0.1 / 25).
  const double error = 2 * std::sqrt(0.1 / 100 + 0.1 / 25);
  const double degrees = 0.5 * 0.5 / ((0.1 * 0.1 + 0.4 * 0.4) / 9);
  const Interval interval = *ratio_interval_delta(a, b);
  CHECK(interval.high - interval.low == Approx(2 * student_quantile(0.975, degrees) * error));
  CHECK(interval.low + interval.high == Approx(4));
  // Of a ratio of zero the numerator's error alone is left.
  const Summary nothing{.n = 10, .mean = 0, .sd = 1.0};
  CHECK(ratio_interval_delta(nothing, b)->high ==
        Approx(student_quantile(0.975, 9) * std::sqrt(0.1) / 5));
  CHECK_FALSE(ratio_interval_delta(a, nothing));
  CHECK_FALSE(ratio_interval_delta(a, of({2})));
  CHECK_FALSE(ratio_interval_fieller(a, of({2})));
  CHECK_FALSE(ratio_interval_fieller(of({2}), b));
  const Summary wide{.n = 10, .mean = -10, .sd = 1.0};
  CHECK(ratio_interval_delta(wide, b)->low < -2);
  CHECK(ratio_interval_delta(b, wide)->high > -0.5);
}

TEST_CASE("a difference's sign, margin and direction decide one-sided tests", "[measure]") {
  const Summary low = of({1.0, 1.1, 0.9}), high = of({2.0, 2.1, 1.9});
  CHECK(welch(low, high).statistic == Approx(-welch(high, low).statistic));
  CHECK(welch(low, high).p == Approx(welch(high, low).p));
  CHECK(welch(low, high).statistic == Approx(-1 / std::sqrt(0.02 / 3)));
  // Each standard error is 0.1 / sqrt(3).
  const double error = 0.1 / std::sqrt(3.0);
  CHECK(one_sample_below(low, 1.2).statistic == Approx(-0.2 / error));
  CHECK(one_sample_below(low, 1.2).p == Approx(student_upper_tail(0.2 / error, 2)));
  CHECK(one_sample_below(low, 0.8).p == Approx(1 - one_sample_below(low, 1.2).p));
  const TestResult within = non_inferiority(low, high, 0.5);
  CHECK(within.statistic == Approx(-1.5 / std::hypot(error, error)));
  CHECK(within.degrees_of_freedom == Approx(4));
  CHECK(within.p == Approx(student_upper_tail(1.5 / std::hypot(error, error), 4)));
  CHECK(one_sample_below(of({1, 1}), 2).p == 0);
  CHECK(one_sample_below(of({1, 1}), 0.5).p == 1);
  CHECK(one_sample_below(of({1, 1}), 1).p == 0.5);
}

TEST_CASE("tails of infinite statistics are nothing or everything, quantiles are symmetric",
          "[measure]") {
  CHECK(normal_upper_tail(INFINITY) == 0);
  CHECK(normal_upper_tail(-INFINITY) == 1);
  CHECK(student_upper_tail(INFINITY, 3) == 0);
  CHECK(student_upper_tail(-INFINITY, 3) == 1);
  CHECK(normal_upper_tail(1.959964) == Approx(0.025).margin(1e-7));
  CHECK(student_upper_tail(2.7764, 4) == Approx(0.025).margin(1e-5));
  CHECK(normal_quantile(0.2) == Approx(-normal_quantile(0.8)));
  CHECK(median(std::vector<double>{7, 1, 3}) == 3);
  CHECK_THROWS_AS(median({}), Error);
  CHECK_THROWS_AS(mean({}), Error);
  CHECK_THROWS_AS(standard_deviation(std::vector<double>{1}), Error);
}

TEST_CASE("a convergence bound needs two references and one run, an olympic mean more than it cuts",
          "[measure]") {
  CHECK_THROWS_AS(convergence_bound(1, 0.1, 1, 3), Error);
  CHECK_THROWS_AS(convergence_bound(1, 0.1, 2, 0), Error);
  CHECK_NOTHROW(convergence_bound(1, 0.1, 2, 1));
  // t_{0.95, 9}: ten references and one run.
  CHECK(convergence_bound(10, 1, 10, 1).smallest_mean ==
        Approx(10 - 1.8331 * std::sqrt(1.1)).margin(1e-3));
  CHECK(trimmed_mean(std::vector<double>{5, 1, 9, 2, 3}, 0) == 4);
  CHECK(trimmed_mean(std::vector<double>{5, 1, 9, 2, 3}, 2) == 3);
  CHECK_THROWS_AS(trimmed_mean(std::vector<double>{1, 2, 3, 4}, 2), Error);
  CHECK_THROWS_AS(trimmed_mean(std::vector<double>{1}, -1), Error);
  // 2 ((1.6449 + 0.8416) x 0.1 / 0.05)^2 = 49.5
  CHECK(seeds_needed(0.1, 0.05) == 50);
  CHECK(seeds_needed(0.1, 0.05, 0.05, 0.9) == 69);
  CHECK(seeds_needed(0.1, 0.05, 0.01, 0.8) == 81);
  CHECK_THROWS_AS(seeds_needed(0, 0.05), Error);
}

}  // namespace repro::measure
