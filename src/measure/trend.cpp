#include "measure/trend.hpp"

#include <cmath>
#include <set>

#include "base/error.hpp"

namespace repro::measure {
namespace {

// Least squares of the logarithms.
struct PowerLaw {
  double n = 0, mean_x = 0, mean_y = 0, sxx = 0, slope = 0, residual_sd = 0;
  double degrees_of_freedom() const { return n - 2; }
};

PowerLaw fit_power_law(std::span<const TrendPoint> points) {
  PowerLaw line;
  line.n = static_cast<double>(points.size());
  for (const TrendPoint& point : points) {
    line.mean_x += std::log(point.size) / line.n;
    line.mean_y += std::log(point.value) / line.n;
  }
  double sxy = 0, squares = 0;
  for (const TrendPoint& point : points) {
    const double x = std::log(point.size) - line.mean_x;
    line.sxx += x * x;
    sxy += x * (std::log(point.value) - line.mean_y);
  }
  line.slope = sxy / line.sxx;
  for (const TrendPoint& point : points) {
    const double x = std::log(point.size) - line.mean_x;
    squares += std::pow(std::log(point.value) - line.mean_y - line.slope * x, 2);
  }
  line.residual_sd = std::sqrt(squares / line.degrees_of_freedom());
  return line;
}

double trend_quantile(double confidence, double degrees_of_freedom) {
  return student_quantile((1 + confidence) / 2, degrees_of_freedom);
}

}  // namespace

std::optional<Trend> trend_at(std::span<const TrendPoint> points, double size, double confidence) {
  std::set<double> sizes;
  for (const TrendPoint& point : points) {
    if (!(point.size > 0) || !(point.value > 0) || !(size > 0))
      throw Error("a trend of logarithms needs sizes and values above 0, not {} at {}", point.value,
                  point.size);
    sizes.insert(point.size);
  }
  if (sizes.size() < 3) return std::nullopt;
  const PowerLaw line = fit_power_law(points);
  const double t = trend_quantile(confidence, line.degrees_of_freedom());
  const double away = std::log(size) - line.mean_x;
  const double of_slope = t * line.residual_sd / std::sqrt(line.sxx);
  Trend trend{.exponent = line.slope,
              .exponent_interval = {line.slope - of_slope, line.slope + of_slope},
              .size = size,
              .value = 0,
              .interval = {},
              .points = static_cast<int64_t>(points.size()),
              .sizes = static_cast<int64_t>(sizes.size()),
              .spread = std::sqrt(1 / line.n + away * away / line.sxx),
              .residual_sd = line.residual_sd};
  const double centre = line.mean_y + line.slope * away;
  const double half = t * trend.residual_sd * trend.spread;
  trend.value = std::exp(centre);
  trend.interval = {std::exp(centre - half), std::exp(centre + half)};
  return trend;
}

std::optional<int64_t> points_for(const Trend& trend, double reach, double confidence) {
  constexpr int64_t kMost = 1000000;
  check(reach > 1, "an interval reaches beyond its centre");
  const auto own = static_cast<double>(trend.points);
  // Whole rounds of every size.
  for (int64_t n = trend.points;; n += trend.sizes) {
    if (n > kMost) return std::nullopt;
    const auto count = static_cast<double>(n);
    const double half = trend_quantile(confidence, count - 2) * trend.residual_sd * trend.spread *
                        std::sqrt(own / count);
    if (half <= std::log(reach)) return n;
  }
}

}  // namespace repro::measure
