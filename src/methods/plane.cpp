#include "methods/plane.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/mm.h>

#include <algorithm>

#include "base/error.hpp"

namespace repro::methods {

std::vector<std::vector<std::pair<double, double>>> principal_plane(
    const at::Tensor& points_ND, std::span<const uint16_t> cluster_N, int64_t clusters,
    int64_t most) {
  check(points_ND.size(1) >= 2, "a plane has two dimensions");
  check(points_ND.size(0) == static_cast<int64_t>(cluster_N.size()), "a cluster a point");
  const at::Tensor centred = points_ND.to(at::kDouble) - points_ND.to(at::kDouble).mean(0);
  // Ascending: the last two columns are the axes.
  const at::Tensor axes_DD = std::get<1>(at::linalg_eigh(at::mm(centred.t(), centred)));
  std::vector<at::Tensor> coordinates;
  for (const int64_t last : {1, 2}) {
    at::Tensor axis_D = axes_DD.select(1, axes_DD.size(1) - last);
    const int64_t largest = axis_D.abs().argmax().item<int64_t>();
    if (axis_D[largest].item<double>() < 0) axis_D = -axis_D;
    coordinates.push_back(centred.matmul(axis_D).contiguous());
  }
  const double* x = coordinates[0].const_data_ptr<double>();
  const double* y = coordinates[1].const_data_ptr<double>();
  std::vector<std::vector<std::pair<double, double>>> plane(static_cast<size_t>(clusters));
  const auto stride = std::max<int64_t>(1, (points_ND.size(0) + most - 1) / most);
  for (int64_t i = 0; i < points_ND.size(0); i += stride)
    plane.at(cluster_N[static_cast<size_t>(i)]).emplace_back(x[i], y[i]);
  return plane;
}

}  // namespace repro::methods
