#pragma once
// K-means (Lloyd) over the rows of a matrix: distances through blocked GEMM in fp32, sums in
// double, so that a million points of 256 dimensions take seconds. Equal input and seed give equal
// bits. Minimises the sum of squared distances to the clusters' means (SSE).

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace repro::methods {

struct KmeansOptions {
  int64_t k = 4;
  std::string init = "k-means++";  // Arthur and Vassilvitskii 2007; or "random": k distinct points
  bool balanced = false;           // sizes differ by at most one
  int64_t max_iterations = 100;
  double tolerance = 1e-4;  // stop when the SSE falls by less than this fraction of itself
  uint64_t seed = 0;
};

struct KmeansResult {
  std::vector<uint16_t> cluster;  // of each point
  at::Tensor centroids_KD;        // fp32
  // After each iteration, about the centroids that the assignment was made with; non-increasing up
  // to fp32 rounding of the distances (when balanced: of the greedy assignment, not guaranteed).
  std::vector<double> sse;
};

// points_ND: fp32, contiguous, on the CPU. Error when there are fewer points than clusters or one
// is not finite. A cluster that loses all its points restarts at the point farthest from its
// centroid. `after_iteration` gets the number of finished iterations.
KmeansResult kmeans(const at::Tensor& points_ND, const KmeansOptions& options,
                    const std::function<void(int64_t)>& after_iteration = {});

// Sums of squared distances of any assignment: to its clusters' means, and to the mean of all.
struct Spread {
  double within = 0;
  double total = 0;
};
Spread spread_of(const at::Tensor& points_ND, std::span<const uint16_t> cluster, int64_t k);

// Points dealt out at random to clusters of the given sizes, which sum to the number of points.
std::vector<uint16_t> random_assignment(std::span<const int64_t> sizes, uint64_t seed);

// Balanced assignment: cluster sizes ceil or floor of N / k. Points choose in the order of
// decreasing regret (the cost of their second choice less that of their first), so those with the
// most to lose come first; a point whose cluster is full takes the nearest that is not.
// distances_NK: fp32.
std::vector<uint16_t> balanced_assignment(const at::Tensor& distances_NK);

}  // namespace repro::methods
