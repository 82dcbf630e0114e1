#include "measure/bootstrap.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"

namespace repro::measure {
namespace {

double finite_statistic(const Statistic& statistic, const Samples& samples) {
  const double value = statistic(samples);
  if (!std::isfinite(value))
    throw Error("a bootstrap's statistic is {} of one of its samples; it has no interval", value);
  return value;
}

std::vector<double> resampled(const Samples& samples, const Statistic& statistic,
                              const BootstrapOptions& options) {
  std::vector<double> values;
  Samples drawn = samples;
  for (int64_t i = 0; i < options.resamples; ++i) {
    uint64_t counter = 0;
    for (size_t s = 0; s < samples.size(); ++s)
      for (double& value : drawn[s]) {
        const double u = random_uniform(options.seed, static_cast<uint64_t>(i), counter++) *
                         static_cast<double>(samples[s].size());
        value = samples[s][std::min(static_cast<size_t>(u), samples[s].size() - 1)];
      }
    values.push_back(finite_statistic(statistic, drawn));
  }
  std::sort(values.begin(), values.end());
  return values;
}

// How far, in normal deviates, the resamples' median is from the statistic.
double bias(const std::vector<double>& sorted, double observed) {
  const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), observed);
  const auto below = static_cast<double>(first - sorted.begin());
  const auto up_to = static_cast<double>(last - sorted.begin());
  return normal_quantile((below + up_to) / 2 / static_cast<double>(sorted.size()));
}

// How the standard error changes with the statistic, by the jackknife over each sample.
double acceleration(const Samples& samples, const Statistic& statistic) {
  double cubes = 0, squares = 0;
  for (size_t s = 0; s < samples.size(); ++s) {
    const auto n = static_cast<double>(samples[s].size());
    std::vector<double> left_out;
    for (size_t i = 0; i < samples[s].size(); ++i) {
      Samples without = samples;
      without[s].erase(without[s].begin() + static_cast<std::ptrdiff_t>(i));
      left_out.push_back(finite_statistic(statistic, without));
    }
    const double centre = mean(left_out);
    double cube = 0, square = 0;
    for (const double value : left_out) {
      const double influence = (n - 1) * (centre - value);
      square += influence * influence;
      cube += influence * influence * influence;
    }
    cubes += cube / (n * n * n);
    squares += square / (n * n);
  }
  return squares > 0 ? cubes / std::pow(squares, 1.5) / 6 : 0;
}

// Between the two neighbours, linearly.
double quantile_of(const std::vector<double>& sorted, double probability) {
  const double place = probability * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(std::floor(place));
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - std::floor(place));
}

}  // namespace

Interval bca_interval(const Samples& samples, const Statistic& statistic,
                      const BootstrapOptions& options) {
  for (const auto& sample : samples)
    if (sample.size() < 2)
      throw Error("a bootstrap needs at least 2 values in each sample, got {}; run more seeds",
                  sample.size());
  const double observed = finite_statistic(statistic, samples);
  const std::vector<double> sorted = resampled(samples, statistic, options);
  if (sorted.front() == sorted.back()) return {observed, observed};
  const double z0 = bias(sorted, observed);
  const double a = acceleration(samples, statistic);
  const auto end = [&](double probability) {
    const double z = z0 + normal_quantile(probability);
    const double corrected = z0 + z / (1 - a * z);
    return quantile_of(sorted, 1 - normal_upper_tail(corrected));
  };
  const double tail = (1 - options.confidence) / 2;
  return {end(tail), end(1 - tail)};
}

Interval bca_relative_difference(std::span<const double> a, std::span<const double> b,
                                 const BootstrapOptions& options) {
  const Samples samples = {{a.begin(), a.end()}, {b.begin(), b.end()}};
  return bca_interval(
      samples, [](const Samples& drawn) { return mean(drawn[1]) / mean(drawn[0]) - 1; }, options);
}

}  // namespace repro::measure
