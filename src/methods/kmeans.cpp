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
#include "methods/partition.hpp"

namespace repro::methods {
namespace {

// Rows of a block: its points stay in the cache between the GEMM and the sums.
constexpr int64_t kBlock = 1024;

// Each start has its own stream of the seed.
uint64_t initial_stream(uint64_t start) { return 1 + (start << 32); }

// Of two starts that end at the same clusters, numbered otherwise, neither is better.
constexpr double kEqualSse = 1e-9;

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
        stream_(initial_stream(options.start)),
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
      if (!changed || (converged(sse) && !has_empty())) break;
      move_centroids();
    }
    if (has_empty()) sse.back() = fill_empty();
    return {std::move(cluster_), centroids_, std::move(sse)};
  }

 private:
  const float* point(int64_t i) const { return points_.const_data_ptr<float>() + i * width_; }
  float* centroid(int64_t k) const { return centroids_.mutable_data_ptr<float>() + k * width_; }

  void choose_initial() {
    if (options_.init == "random") {
      const Permutation order(static_cast<uint64_t>(count_), options_.seed, stream_);
      for (int64_t k = 0; k < options_.k; ++k)
        place(k, static_cast<int64_t>(order(static_cast<uint64_t>(k))));
      return;
    }
    std::fill(distance_.begin(), distance_.end(), std::numeric_limits<double>::max());
    const double first = random_uniform(options_.seed, stream_, 0) * static_cast<double>(count_);
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
    double left = random_uniform(options_.seed, stream_, draw) * total;
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
    measure_distances();
    const bool first = !assigned_;
    assigned_ = true;
    return first || cluster_ != before;
  }

  void measure_distances() {
    for (int64_t i = 0; i < count_; ++i) {
      const auto at = static_cast<size_t>(i);
      distance_[at] = squared_distance(point(i), centroid(cluster_[at]), width_);
    }
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

  std::vector<int64_t> sizes() const {
    std::vector<int64_t> sizes(static_cast<size_t>(options_.k));
    for (const uint16_t k : cluster_) ++sizes[k];
    return sizes;
  }

  bool has_empty() const {
    const std::vector<int64_t> sizes = this->sizes();
    return std::find(sizes.begin(), sizes.end(), 0) != sizes.end();
  }

  // Each empty cluster takes the point farthest from its centroid, of clusters with more than one.
  // Returns the SSE.
  double fill_empty() {
    measure_distances();
    std::vector<int64_t> sizes = this->sizes();
    for (int64_t k = 0; k < options_.k; ++k) {
      if (sizes[static_cast<size_t>(k)] > 0) continue;
      size_t farthest = cluster_.size();
      for (size_t i = 0; i < cluster_.size(); ++i)
        if (sizes[cluster_[i]] > 1 &&
            (farthest == cluster_.size() || distance_[i] > distance_[farthest]))
          farthest = i;
      --sizes[cluster_[farthest]];
      ++sizes[static_cast<size_t>(k)];
      cluster_[farthest] = static_cast<uint16_t>(k);
      place(k, static_cast<int64_t>(farthest));
      distance_[farthest] = 0;
    }
    return std::accumulate(distance_.begin(), distance_.end(), 0.0);
  }

  const KmeansOptions& options_;
  const at::Tensor& points_;
  uint64_t stream_;
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

Starts kmeans_from_starts(const at::Tensor& points_ND, const KmeansOptions& options, int64_t starts,
                          std::span<const int64_t> weights_N, double minimum_share,
                          const std::function<void(int64_t)>& after_iteration) {
  check(starts > 0, "there is a start");
  const auto better = [&](const Starts::Start& one, const Starts::Start& other) {
    const bool whole = one.smallest_share >= minimum_share;
    if (whole != (other.smallest_share >= minimum_share)) return whole;
    return one.sse < other.sse * (1 - kEqualSse);
  };
  Starts found;
  int64_t iterations = 0;
  for (int64_t number = 0; number < starts; ++number) {
    KmeansOptions from = options;
    from.start = static_cast<uint64_t>(number);
    KmeansResult result = kmeans(points_ND, from, [&](int64_t) {
      if (after_iteration) after_iteration(++iterations);
    });
    const auto shares = shares_of(result.cluster, options.k, weights_N);
    found.all.push_back({spread_of(points_ND, result.cluster, options.k).within,
                         *std::min_element(shares.begin(), shares.end())});
    if (number > 0 && !better(found.all.back(), found.all[found.chosen])) continue;
    found.chosen = static_cast<size_t>(number);
    found.best = std::move(result);
  }
  return found;
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
