#pragma once
// Intervals of statistics that have no formula of their own: the bias-corrected and accelerated
// bootstrap (Efron 1987, "Better bootstrap confidence intervals"). Resamples are a pure function of
// the seed. With few values it is too narrow, as every bootstrap is: `repro-bench gate` counts how
// often it holds the truth.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "measure/stats.hpp"

namespace repro::measure {

// Independent samples, each resampled by itself.
using Samples = std::vector<std::vector<double>>;
using Statistic = std::function<double(const Samples&)>;

struct BootstrapOptions {
  double confidence = 0.95;
  int64_t resamples = 9999;
  uint64_t seed = 1;
};

// Error when a sample has fewer than 2 values, or the statistic of one of them is no number. Where
// no resample differs from another the interval is the statistic itself.
Interval bca_interval(const Samples& samples, const Statistic& statistic,
                      const BootstrapOptions& options = {});

// Of mean(b) / mean(a) - 1: by how much b is larger.
Interval bca_relative_difference(std::span<const double> a, std::span<const double> b,
                                 const BootstrapOptions& options = {});

}  // namespace repro::measure
