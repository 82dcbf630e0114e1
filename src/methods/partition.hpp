#pragma once
// What can be said of any assignment of points to clusters, however it was found, and the random
// one. K-means is in methods/kmeans.hpp.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace repro::methods {

// Sums of squared distances of any assignment: to its clusters' means, and to the mean of all.
struct Spread {
  double within = 0;
  double total = 0;
};
Spread spread_of(const at::Tensor& points_ND, std::span<const uint16_t> cluster, int64_t k);

// Each cluster's share of all weights.
std::vector<double> shares_of(std::span<const uint16_t> cluster, int64_t k,
                              std::span<const int64_t> weights_N);

// `count` points in k clusters, sizes that differ by at most one.
std::vector<int64_t> equal_sizes(int64_t count, int64_t k);

// Points dealt out at random to clusters of the given sizes, which sum to the number of points.
std::vector<uint16_t> random_assignment(std::span<const int64_t> sizes, uint64_t seed);

}  // namespace repro::methods
