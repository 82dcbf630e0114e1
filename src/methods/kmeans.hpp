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
  uint64_t start = 0;  // which of the seed's draws of initial centroids
};

struct KmeansResult {
  std::vector<uint16_t> cluster;  // of each point
  at::Tensor centroids_KD;        // fp32
  // After each iteration, about the centroids that the assignment was made with; non-increasing up
  // to fp32 rounding of the distances (when balanced: of the greedy assignment, not guaranteed).
  std::vector<double> sse;
};

// points_ND: fp32, contiguous, on the CPU. Error when there are fewer points than clusters or one
// is not finite. No cluster is left without a point: one that loses all restarts at the point
// farthest from its centroid, and takes that point if it is empty at the end. `after_iteration`
// gets the number of finished iterations.
KmeansResult kmeans(const at::Tensor& points_ND, const KmeansOptions& options,
                    const std::function<void(int64_t)>& after_iteration = {});

// K-means from several starts, of which the best is kept.
struct Starts {
  struct Start {
    double sse = 0;             // about the clusters' means
    double smallest_share = 0;  // of the weights, of the cluster with the least
  };
  std::vector<Start> all;  // in the order of their numbers: start 0 is what kmeans() finds
  size_t chosen = 0;
  KmeansResult best;
};
// The start with the lowest SSE, of equal ones (up to rounding) the first. A start whose smallest
// cluster has less than `minimum_share` of the weights is worse than any that has not.
// weights_N: of each point, 0 or more, such as a document's tokens. `after_iteration` counts over
// all starts.
Starts kmeans_from_starts(const at::Tensor& points_ND, const KmeansOptions& options, int64_t starts,
                          std::span<const int64_t> weights_N, double minimum_share,
                          const std::function<void(int64_t)>& after_iteration = {});

// Balanced assignment: cluster sizes ceil or floor of N / k. Points choose in the order of
// decreasing regret (the cost of their second choice less that of their first), so those with the
// most to lose come first; a point whose cluster is full takes the nearest that is not.
// distances_NK: fp32.
std::vector<uint16_t> balanced_assignment(const at::Tensor& distances_NK);

}  // namespace repro::methods
