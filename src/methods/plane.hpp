#pragma once
// Document vectors on a plane, to look at: the first two principal components.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace repro::methods {

// At most `most` of the points, evenly among them, by cluster, on the two axes of largest variance
// of all of them (about their mean). An axis' sign is such that its largest component is above 0.
// points_ND: fp32 on the CPU, D >= 2; cluster_N: each one's, below `clusters`.
std::vector<std::vector<std::pair<double, double>>> principal_plane(
    const at::Tensor& points_ND, std::span<const uint16_t> cluster_N, int64_t clusters,
    int64_t most = 2000);

}  // namespace repro::methods
