#include "measure/stats.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"

namespace repro::measure {
namespace {

namespace bm = boost::math;

// Standard error of a mean, which needs at least two values.
double standard_error(const Summary& summary) {
  if (!summary.sd)
    throw Error("a test needs at least 2 values in each group, got {}; run more seeds", summary.n);
  return *summary.sd / std::sqrt(static_cast<double>(summary.n));
}

// difference / error, where no spread at all makes any difference infinitely clear.
double standardised(double difference, double error) {
  if (error > 0) return difference / error;
  if (difference == 0) return 0;
  return std::copysign(std::numeric_limits<double>::infinity(), difference);
}

// Degrees of freedom of Welch and Satterthwaite for a sum of two variances of means.
double welch_degrees(double error_a, int64_t n_a, double error_b, int64_t n_b) {
  const double va = error_a * error_a;
  const double vb = error_b * error_b;
  const double denominator =
      va * va / static_cast<double>(n_a - 1) + vb * vb / static_cast<double>(n_b - 1);
  if (denominator == 0) return static_cast<double>(n_a + n_b - 2);
  return (va + vb) * (va + vb) / denominator;
}

TestResult normal_test(double z) {
  return {.statistic = z, .degrees_of_freedom = 0, .p = 2 * normal_upper_tail(std::abs(z))};
}

void check_rate(double rate, int64_t n) {
  if (n < 1 || !(rate >= 0 && rate <= 1))
    throw Error("a rate needs a value from 0 to 1 and at least one item, got {} of {}", rate, n);
}

}  // namespace

double mean(std::span<const double> values) {
  if (values.empty()) throw Error("the mean of no values is undefined");
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standard_deviation(std::span<const double> values) {
  if (values.size() < 2)
    throw Error("a standard deviation needs at least 2 values, got {}", values.size());
  const double centre = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - centre) * (value - centre);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

double median(std::span<const double> values) {
  if (values.empty()) throw Error("the median of no values is undefined");
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

double student_quantile(double probability, double degrees_of_freedom) {
  return bm::quantile(bm::students_t(degrees_of_freedom), probability);
}
double student_upper_tail(double t, double degrees_of_freedom) {
  if (std::isinf(t)) return t > 0 ? 0.0 : 1.0;
  return bm::cdf(bm::complement(bm::students_t(degrees_of_freedom), t));
}
double normal_quantile(double probability) { return bm::quantile(bm::normal(), probability); }
double normal_upper_tail(double z) {
  if (std::isinf(z)) return z > 0 ? 0.0 : 1.0;
  return bm::cdf(bm::complement(bm::normal(), z));
}

Summary summarise(std::span<const double> values) {
  Summary summary{.n = static_cast<int64_t>(values.size()), .mean = mean(values), .sd = {}};
  if (values.size() > 1) summary.sd = standard_deviation(values);
  return summary;
}

std::optional<Interval> mean_interval(const Summary& summary, double confidence) {
  if (!summary.sd) return std::nullopt;
  const double t = student_quantile(0.5 + confidence / 2, static_cast<double>(summary.n - 1));
  const double half = t * standard_error(summary);
  return Interval{summary.mean - half, summary.mean + half};
}

TestResult welch(const Summary& a, const Summary& b) {
  const double ea = standard_error(a);
  const double eb = standard_error(b);
  const double degrees = welch_degrees(ea, a.n, eb, b.n);
  const double t = standardised(a.mean - b.mean, std::hypot(ea, eb));
  return {.statistic = t,
          .degrees_of_freedom = degrees,
          .p = 2 * student_upper_tail(std::abs(t), degrees)};
}

TestResult one_sample_below(const Summary& sample, double target) {
  const double t = standardised(sample.mean - target, standard_error(sample));
  const auto degrees = static_cast<double>(sample.n - 1);
  return {.statistic = t, .degrees_of_freedom = degrees, .p = student_upper_tail(-t, degrees)};
}

TestResult non_inferiority(const Summary& a, const Summary& b, double margin) {
  if (!(margin > 0)) throw Error("a non-inferiority margin must be more than 0, got {}", margin);
  const double ea = standard_error(a);
  const double eb = standard_error(b);
  const double degrees = welch_degrees(ea, a.n, eb, b.n);
  const double t = standardised(a.mean - b.mean - margin, std::hypot(ea, eb));
  return {.statistic = t, .degrees_of_freedom = degrees, .p = student_upper_tail(-t, degrees)};
}

TestResult two_proportion(double rate_a, int64_t n_a, double rate_b, int64_t n_b) {
  check_rate(rate_a, n_a);
  check_rate(rate_b, n_b);
  const auto a = static_cast<double>(n_a);
  const auto b = static_cast<double>(n_b);
  const double pooled = (rate_a * a + rate_b * b) / (a + b);
  return normal_test(
      standardised(rate_a - rate_b, std::sqrt(pooled * (1 - pooled) * (1 / a + 1 / b))));
}

TestResult one_proportion(double rate, int64_t n, double expected) {
  check_rate(rate, n);
  check_rate(expected, n);
  return normal_test(
      standardised(rate - expected, std::sqrt(expected * (1 - expected) / static_cast<double>(n))));
}

TestResult mcnemar(int64_t only_a, int64_t only_b) {
  if (only_a < 0 || only_b < 0)
    throw Error("unlike pairs cannot be negative, got {} and {}", only_a, only_b);
  const int64_t unlike = only_a + only_b;
  const auto difference = static_cast<double>(only_a - only_b);
  if (unlike == 0) return {};
  if (unlike < 25) {
    const bm::binomial fair(static_cast<double>(unlike), 0.5);
    const double tail = bm::cdf(fair, static_cast<double>(std::min(only_a, only_b)));
    return {.statistic = difference, .degrees_of_freedom = 0, .p = std::min(1.0, 2 * tail)};
  }
  const double corrected = std::max(0.0, std::abs(difference) - 1);
  const double statistic = corrected * corrected / static_cast<double>(unlike);
  return {.statistic = statistic,
          .degrees_of_freedom = 1,
          .p = bm::cdf(bm::complement(bm::chi_squared(1), statistic))};
}

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double largest = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const auto remaining = static_cast<double>(order.size() - rank);
    largest = std::max(largest, std::min(1.0, remaining * p_values[order[rank]]));
    adjusted[order[rank]] = largest;
  }
  return adjusted;
}

std::optional<Interval> ratio_interval_delta(const Summary& a, const Summary& b,
                                             double confidence) {
  if (!a.sd || !b.sd || b.mean == 0) return std::nullopt;
  const double ea = standard_error(a);
  const double eb = standard_error(b);
  const double ratio = a.mean / b.mean;
  // The variance of a - ratio x b, over b squared: also right when a is zero.
  const double error = std::hypot(ea, ratio * eb) / std::abs(b.mean);
  const double degrees = welch_degrees(ea, a.n, std::abs(ratio) * eb, b.n);
  const double half = student_quantile(0.5 + confidence / 2, degrees) * error;
  return Interval{ratio - half, ratio + half};
}

std::optional<Interval> ratio_interval_fieller(const Summary& a, const Summary& b,
                                               double confidence) {
  if (!a.sd || !b.sd) return std::nullopt;
  const double ea = standard_error(a);
  const double eb = standard_error(b);
  const double ratio = b.mean == 0 ? 0 : a.mean / b.mean;
  const double degrees = welch_degrees(ea, a.n, std::abs(ratio) * eb, b.n);
  const double t = student_quantile(0.5 + confidence / 2, degrees);
  // (a - q b)^2 <= t^2 (ea^2 + q^2 eb^2), solved for q.
  const double quadratic = b.mean * b.mean - t * t * eb * eb;
  if (quadratic <= 0) return std::nullopt;
  const double half_linear = a.mean * b.mean;
  // The discriminant t^2 (ea^2 b^2 + eb^2 a^2 - t^2 ea^2 eb^2) as a sum of what is never negative:
  // as the difference of two squares it is rounding alone where the values hardly vary.
  const double root = t * std::sqrt(ea * ea * quadratic + eb * eb * a.mean * a.mean);
  return Interval{(half_linear - root) / quadratic, (half_linear + root) / quadratic};
}

int64_t seeds_needed(double cv, double delta, double alpha, double power) {
  if (!(cv > 0) || !(delta > 0))
    throw Error(
        "seeds needed: the coefficient of variation and the difference must be more than 0, "
        "got {} and {}",
        cv, delta);
  const double z = normal_quantile(1 - alpha) + normal_quantile(power);
  const double per_arm = 2 * (z * cv / delta) * (z * cv / delta);
  return std::max<int64_t>(3, static_cast<int64_t>(std::ceil(per_arm)));
}

ConvergenceBound convergence_bound(double reference_mean, double reference_sd, int64_t reference_n,
                                   int64_t submission_n) {
  if (reference_n < 2 || submission_n < 1)
    throw Error("a convergence bound needs 2 reference values and 1 submitted, got {} and {}",
                reference_n, submission_n);
  const double t = student_quantile(0.95, static_cast<double>(reference_n + submission_n - 2));
  const double error = reference_sd * std::sqrt(1.0 / static_cast<double>(reference_n) +
                                                1.0 / static_cast<double>(submission_n));
  const double smallest = reference_mean - t * error;
  if (smallest <= 0)
    return {.smallest_mean = smallest, .max_speedup = std::numeric_limits<double>::infinity()};
  return {.smallest_mean = smallest, .max_speedup = reference_mean / smallest};
}

double trimmed_mean(std::span<const double> values, int64_t trim) {
  const auto size = static_cast<int64_t>(values.size());
  if (trim < 0 || size <= 2 * trim)
    throw Error("{} values cannot be trimmed by {} at each end", size, trim);
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return mean(std::span<const double>(sorted).subspan(static_cast<size_t>(trim),
                                                      static_cast<size_t>(size - 2 * trim)));
}

}  // namespace repro::measure
