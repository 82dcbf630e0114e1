#pragma once
// The statistics reports and audits need, and no more: means with intervals, differences, ratios,
// paired and unpaired proportions, multiplicity, power. All p-values are exact to the distribution
// named; sample standard deviations divide by n - 1. Too few values throw Error, never return 0.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace repro::measure {

struct Interval {
  double low = 0;
  double high = 0;
};

double mean(std::span<const double> values);
double standard_deviation(std::span<const double> values);  // n - 1; needs 2
double median(std::span<const double> values);
double student_quantile(double probability, double degrees_of_freedom);
double student_upper_tail(double t, double degrees_of_freedom);
double normal_quantile(double probability);
double normal_upper_tail(double z);

struct Summary {
  int64_t n = 0;
  double mean = 0;
  std::optional<double> sd;  // empty for one value: one run says nothing about noise
};
Summary summarise(std::span<const double> values);
// Student's t; empty with fewer than two values.
std::optional<Interval> mean_interval(const Summary& summary, double confidence = 0.95);

struct TestResult {
  double statistic = 0;           // t or z
  double degrees_of_freedom = 0;  // 0 = normal
  double p = 1;                   // two-sided unless the function says one-sided
};
TestResult welch(const Summary& a, const Summary& b);  // difference of means, unequal variances
TestResult one_sample_below(const Summary& sample, double target);  // one-sided: mean < target
// One-sided test of "a is not worse than b by margin or more" (lower is better): small p = shown.
TestResult non_inferiority(const Summary& a, const Summary& b, double margin);

// Pooled two-proportion z-test, unpaired: a fallback where per-item outcomes are not published.
TestResult two_proportion(double rate_a, int64_t n_a, double rate_b, int64_t n_b);
// z of a rate against a fixed one (chance): standard error of the fixed rate.
TestResult one_proportion(double rate, int64_t n, double expected);
// Paired outcomes: b items only A has right, c only B. Exact binomial below 25 pairs that differ,
// else chi-squared with continuity correction; statistic = b - c or chi-squared.
TestResult mcnemar(int64_t only_a, int64_t only_b);

std::vector<double> holm(std::span<const double> p_values);  // adjusted, in the given order

// Ratio of means a / b. Delta method: ratio x sqrt((sa/a)^2 + (sb/b)^2) of standard errors.
std::optional<Interval> ratio_interval_delta(const Summary& a, const Summary& b,
                                             double confidence = 0.95);
// Fieller's set; empty when the denominator is not distinguishable from zero (no finite interval).
std::optional<Interval> ratio_interval_fieller(const Summary& a, const Summary& b,
                                               double confidence = 0.95);

// Runs per arm to see a relative difference `delta` at this coefficient of variation, one-sided:
// 2 ((z_{1-alpha} + z_power) cv / delta)^2, rounded up, at least 3.
int64_t seeds_needed(double cv, double delta, double alpha = 0.05, double power = 0.8);

// Reference convergence points (MLPerf): may a submission converge faster than the reference?
// m* = mean - t_{0.95, n_ref + n_sub - 2} sd sqrt(1/n_ref + 1/n_sub); max_speedup = mean / m*,
// infinite where m* is not above 0: the reference varies too much to exclude any.
struct ConvergenceBound {
  double smallest_mean = 0;  // m*
  double max_speedup = 1;
};
ConvergenceBound convergence_bound(double reference_mean, double reference_sd, int64_t reference_n,
                                   int64_t submission_n);
// Mean without the `trim` lowest and highest values (olympic mean); needs more than 2 trim values.
// An infinite value (a run that never converged) falls to the trimmed end.
double trimmed_mean(std::span<const double> values, int64_t trim = 1);

}  // namespace repro::measure
