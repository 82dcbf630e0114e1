#include "methods/partition.hpp"

#include <numeric>

#include "base/random.hpp"

namespace repro::methods {
namespace {

constexpr uint64_t kDeal = 2;  // stream of the seed, apart from those of k-means

}  // namespace

Spread spread_of(const at::Tensor& points_ND, std::span<const uint16_t> cluster, int64_t k) {
  const int64_t count = points_ND.size(0);
  const int64_t width = points_ND.size(1);
  const float* points = points_ND.const_data_ptr<float>();
  // The sums of each cluster, and of all points in row k.
  std::vector<double> sums(static_cast<size_t>((k + 1) * width));
  std::vector<double> sizes(static_cast<size_t>(k + 1));
  double squares = 0;
  for (int64_t i = 0; i < count; ++i) {
    for (const int64_t row : {int64_t{cluster[static_cast<size_t>(i)]}, k}) {
      double* sum = sums.data() + row * width;
      for (int64_t j = 0; j < width; ++j) sum[j] += points[i * width + j];
      ++sizes[static_cast<size_t>(row)];
    }
    for (int64_t j = 0; j < width; ++j)
      squares += static_cast<double>(points[i * width + j]) * points[i * width + j];
  }
  // sum |x - mean|^2 = sum |x|^2 - |sum x|^2 / n, in double.
  const auto removed = [&](int64_t row) {
    double length = 0;
    for (int64_t j = 0; j < width; ++j) {
      const double sum = sums[static_cast<size_t>(row * width + j)];
      length += sum * sum;
    }
    return sizes[static_cast<size_t>(row)] > 0 ? length / sizes[static_cast<size_t>(row)] : 0;
  };
  Spread spread{squares, squares - removed(k)};
  for (int64_t c = 0; c < k; ++c) spread.within -= removed(c);
  return spread;
}

std::vector<double> shares_of(std::span<const uint16_t> cluster, int64_t k,
                              std::span<const int64_t> weights_N) {
  std::vector<double> shares(static_cast<size_t>(k));
  for (size_t i = 0; i < cluster.size(); ++i)
    shares[cluster[i]] += static_cast<double>(weights_N[i]);
  const double all = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share = all > 0 ? share / all : 0;
  return shares;
}

std::vector<int64_t> equal_sizes(int64_t count, int64_t k) {
  std::vector<int64_t> sizes(static_cast<size_t>(k), count / k);
  for (int64_t i = 0; i < count % k; ++i) ++sizes[static_cast<size_t>(i)];
  return sizes;
}

std::vector<uint16_t> random_assignment(std::span<const int64_t> sizes, uint64_t seed) {
  const int64_t count = std::accumulate(sizes.begin(), sizes.end(), int64_t{0});
  std::vector<uint16_t> cluster(static_cast<size_t>(count));
  if (count == 0) return cluster;
  const Permutation order(static_cast<uint64_t>(count), seed, kDeal);
  uint64_t next = 0;
  for (size_t k = 0; k < sizes.size(); ++k)
    for (int64_t i = 0; i < sizes[k]; ++i) cluster[order(next++)] = static_cast<uint16_t>(k);
  return cluster;
}

}  // namespace repro::methods
