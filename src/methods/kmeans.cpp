// Lloyd, "Least squares quantization in PCM" (1982); Arthur and Vassilvitskii, "k-means++" (2007).
#include "methods/kmeans.hpp"

#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "base/random.hpp"

namespace repro::methods {
namespace {

// Rows of a block: its points stay in the cache between the GEMM and the sums.
constexpr int64_t kBlock = 1024;

// Streams of the seed.
enum : uint64_t { kInitial = 1, kDeal = 2 };

// In 16 lanes, which the compiler keeps in vector registers.
float squared_distance(const float* a, const float* b, int64_t width) {
  constexpr int64_t kLanes = 16;
  float lanes[kLanes] = {};
  const int64_t whole = width - width % kLanes;
  for (int64_t i = 0; i < whole; i += kLanes)
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      const float difference = a[i + lane] - b[i + lane];
      lanes[lane] += difference * difference;
    }
  for (int64_t i = whole; i < width; ++i) {
    const float difference = a[i] - b[i];
    lanes[i - whole] += difference * difference;
  }
  float sum = 0;
  for (float lane : lanes) sum += lane;
  return sum;
}

class Lloyd {
 public:
  Lloyd(const at::Tensor& points_ND, const KmeansOptions& options)
      : options_(options),
        points_(points_ND),
        count_(points_ND.size(0)),
        width_(points_ND.size(1)),
        centroids_(at::empty({options.k, points_ND.size(1)}, at::kFloat)),
        cluster_(static_cast<size_t>(count_)),
        distance_(static_cast<size_t>(count_)) {}

  KmeansResult run(const std::function<void(int64_t)>& after_iteration) {
    choose_initial();
    std::vector<double> sse;
    for (int64_t iteration = 0; iteration < options_.max_iterations; ++iteration) {
      const bool changed = assign();
      sse.push_back(std::accumulate(distance_.begin(), distance_.end(), 0.0));
      if (after_iteration) after_iteration(iteration + 1);
      if (!changed || converged(sse)) break;
      move_centroids();
    }
    return {std::move(cluster_), centroids_, std::move(sse)};
  }

 private:
  const float* point(int64_t i) const { return points_.const_data_ptr<float>() + i * width_; }
  float* centroid(int64_t k) const { return centroids_.mutable_data_ptr<float>() + k * width_; }

  void choose_initial() {
    if (options_.init == "random") {
      const Permutation order(static_cast<uint64_t>(count_), options_.seed, kInitial);
      for (int64_t k = 0; k < options_.k; ++k)
        place(k, static_cast<int64_t>(order(static_cast<uint64_t>(k))));
      return;
    }
    std::fill(distance_.begin(), distance_.end(), std::numeric_limits<double>::max());
    const double first = random_uniform(options_.seed, kInitial, 0) * static_cast<double>(count_);
    place(0, static_cast<int64_t>(first));
    for (int64_t k = 1; k < options_.k; ++k) {
      for (int64_t i = 0; i < count_; ++i) {
        double& nearest = distance_[static_cast<size_t>(i)];
        nearest = std::min<double>(nearest, squared_distance(point(i), centroid(k - 1), width_));
      }
      place(k, draw_by_distance(static_cast<uint64_t>(k)));
    }
  }

  void place(int64_t k, int64_t i) { std::copy_n(point(i), width_, centroid(k)); }

  // A point with probability proportional to its squared distance from the chosen centroids.
  int64_t draw_by_distance(uint64_t draw) const {
    const double total = std::accumulate(distance_.begin(), distance_.end(), 0.0);
    double left = random_uniform(options_.seed, kInitial, draw) * total;
    for (int64_t i = 0; i < count_; ++i) {
      left -= distance_[static_cast<size_t>(i)];
      if (left < 0) return i;
    }
    return count_ - 1;
  }

  // |x|^2 - 2 x.c + |c|^2 without |x|^2, which is the same for all clusters of a point.
  at::Tensor scores_NK(int64_t begin, int64_t rows) const {
    const at::Tensor norms_K = centroids_.square().sum(1);
    return at::addmm(norms_K, points_.narrow(0, begin, rows), centroids_.t(), 1, -2);
  }

  // Each point to its nearest centroid, ties to the lowest; true when an assignment changed.
  bool assign() {
    const std::vector<uint16_t> before = cluster_;
    if (options_.balanced)
      cluster_ = balanced_assignment(scores_NK(0, count_));
    else
      for (int64_t begin = 0; begin < count_; begin += kBlock) assign_block(begin);
    for (int64_t i = 0; i < count_; ++i) {
      const auto at = static_cast<size_t>(i);
      distance_[at] = squared_distance(point(i), centroid(cluster_[at]), width_);
    }
    const bool first = !assigned_;
    assigned_ = true;
    return first || cluster_ != before;
  }

  void assign_block(int64_t begin) {
    const int64_t rows = std::min(kBlock, count_ - begin);
    const at::Tensor scores = scores_NK(begin, rows);
    const float* row = scores.const_data_ptr<float>();
    for (int64_t i = 0; i < rows; ++i, row += options_.k)
      cluster_[static_cast<size_t>(begin + i)] =
          static_cast<uint16_t>(std::min_element(row, row + options_.k) - row);
  }

  bool converged(const std::vector<double>& sse) const {
    if (sse.size() < 2) return false;
    const double before = sse[sse.size() - 2];
    return before - sse.back() <= options_.tolerance * before;
  }

  void move_centroids() {
    std::vector<double> sums(static_cast<size_t>(options_.k * width_));
    std::vector<int64_t> sizes(static_cast<size_t>(options_.k));
    for (int64_t i = 0; i < count_; ++i) {
      const auto k = static_cast<int64_t>(cluster_[static_cast<size_t>(i)]);
      double* sum = sums.data() + k * width_;
      const float* x = point(i);
      for (int64_t j = 0; j < width_; ++j) sum[j] += x[j];
      ++sizes[static_cast<size_t>(k)];
    }
    for (int64_t k = 0; k < options_.k; ++k) {
      const auto size = static_cast<double>(sizes[static_cast<size_t>(k)]);
      if (size == 0) continue;
      for (int64_t j = 0; j < width_; ++j)
        centroid(k)[j] = static_cast<float>(sums[static_cast<size_t>(k * width_ + j)] / size);
    }
    for (int64_t k = 0; k < options_.k; ++k)
      if (sizes[static_cast<size_t>(k)] == 0) restart_at_farthest(k);
  }

  void restart_at_farthest(int64_t k) {
    const auto farthest = std::max_element(distance_.begin(), distance_.end());
    place(k, farthest - distance_.begin());
    *farthest = 0;  // another empty cluster must take another point
  }

  const KmeansOptions& options_;
  const at::Tensor& points_;
  int64_t count_;
  int64_t width_;
  at::Tensor centroids_;
  std::vector<uint16_t> cluster_;
  std::vector<double> distance_;  // squared, of each point to its centroid
  bool assigned_ = false;
};

}  // namespace

KmeansResult kmeans(const at::Tensor& points_ND, const KmeansOptions& options,
                    const std::function<void(int64_t)>& after_iteration) {
  check(points_ND.dim() == 2 && points_ND.is_contiguous() && points_ND.scalar_type() == at::kFloat,
        "points are a contiguous fp32 matrix");
  if (points_ND.size(0) < options.k)
    throw Error("{} documents cannot make {} clusters; use a larger corpus or a smaller k",
                points_ND.size(0), options.k);
  if (!points_ND.sum().isfinite().item<bool>())
    throw Error("a document vector is not finite; check the embedding table");
  return Lloyd(points_ND, options).run(after_iteration);
}

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

std::vector<uint16_t> balanced_assignment(const at::Tensor& distances_NK) {
  const int64_t count = distances_NK.size(0);
  const int64_t k = distances_NK.size(1);
  const float* distances = distances_NK.const_data_ptr<float>();
  const auto row = [&](int64_t i) { return distances + i * k; };

  std::vector<float> regret(static_cast<size_t>(count));
  std::vector<float> sorted(static_cast<size_t>(k));
  for (int64_t i = 0; i < count; ++i) {
    std::partial_sort_copy(row(i), row(i) + k, sorted.begin(),
                           sorted.begin() + std::min<int64_t>(k, 2));
    regret[static_cast<size_t>(i)] = k > 1 ? sorted[1] - sorted[0] : 0;
  }
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return regret[static_cast<size_t>(a)] > regret[static_cast<size_t>(b)];
  });

  // count % k clusters may take one more than the others: whichever fill first.
  std::vector<int64_t> size(static_cast<size_t>(k));
  int64_t larger = count % k;
  std::vector<uint16_t> cluster(static_cast<size_t>(count));
  for (int64_t i : order) {
    int64_t best = -1;
    for (int64_t c = 0; c < k; ++c) {
      const int64_t capacity = count / k + (larger > 0 ? 1 : 0);
      if (size[static_cast<size_t>(c)] >= capacity) continue;
      if (best < 0 || row(i)[c] < row(i)[best]) best = c;
    }
    if (++size[static_cast<size_t>(best)] > count / k) --larger;
    cluster[static_cast<size_t>(i)] = static_cast<uint16_t>(best);
  }
  return cluster;
}

}  // namespace repro::methods
