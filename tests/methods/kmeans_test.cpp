#include "methods/kmeans.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cdist.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>

#include "base/error.hpp"
#include "base/random.hpp"
#include "methods/partition.hpp"

using namespace repro;
using methods::kmeans;
using methods::kmeans_from_starts;
using methods::KmeansOptions;
using methods::KmeansResult;
using methods::Starts;

namespace {

// `count` points around `centres` far-apart corners, point i at corner i % centres.
at::Tensor blobs(int64_t count, int64_t width, int64_t centres, double spread) {
  at::Tensor points = at::empty({count, width}, at::kFloat);
  auto at = points.accessor<float, 2>();
  for (int64_t i = 0; i < count; ++i)
    for (int64_t j = 0; j < width; ++j) {
      const auto cell = static_cast<uint64_t>(i * width + j);
      const double corner = j == i % centres ? 10 : 0;
      at[i][j] = static_cast<float>(corner + spread * random_normal(7, 1, cell));
    }
  return points;
}

double sse_of(const at::Tensor& points, const KmeansResult& found) {
  double sum = 0;
  for (int64_t i = 0; i < points.size(0); ++i) {
    const auto k = static_cast<int64_t>(found.cluster[static_cast<size_t>(i)]);
    sum += (points[i].to(at::kDouble) - found.centroids_KD[k].to(at::kDouble))
               .square()
               .sum()
               .item<double>();
  }
  return sum;
}

std::vector<int64_t> sizes_of(const std::vector<uint16_t>& cluster, size_t k) {
  std::vector<int64_t> sizes(k);
  for (uint16_t c : cluster) ++sizes[c];
  return sizes;
}

}  // namespace

TEST_CASE("k-means finds well separated groups from either kind of start", "[methods]") {
  const at::Tensor points = blobs(400, 8, 4, 0.5);
  for (const char* init : {"k-means++", "random"}) {
    // A random start can put two centroids into one group; this seed does not.
    const KmeansResult found = kmeans(points, {.k = 4, .init = init, .seed = 5});
    const bool whole = sizes_of(found.cluster, 4) == std::vector<int64_t>{100, 100, 100, 100};
    if (std::string(init) == "k-means++") CHECK(whole);
    for (size_t i = 4; i < 400; ++i)
      if (whole) CHECK(found.cluster[i] == found.cluster[i % 4]);
  }
}

TEST_CASE("the sum of squared distances never rises", "[methods]") {
  for (uint64_t seed = 0; seed < 8; ++seed)
    for (const char* init : {"k-means++", "random"}) {
      const at::Tensor points = blobs(1500, 12, 3, 4.0);
      const KmeansResult found =
          kmeans(points, {.k = 6, .init = init, .tolerance = 0, .seed = seed});
      REQUIRE(found.sse.size() > 3);
      for (size_t i = 1; i < found.sse.size(); ++i)
        CHECK(found.sse[i] <= found.sse[i - 1] * (1 + 1e-7));  // fp32 distances
      CHECK(sse_of(points, found) == Approx(found.sse.back()).epsilon(1e-5));
    }
}

TEST_CASE("at convergence each point is at its nearest centroid", "[methods]") {
  const at::Tensor points = blobs(600, 5, 3, 3.0);
  const KmeansResult found = kmeans(points, {.k = 4, .tolerance = 0, .seed = 1});
  const at::Tensor distances =
      at::cdist(points.to(at::kDouble), found.centroids_KD.to(at::kDouble));
  for (int64_t i = 0; i < 600; ++i) {
    const auto k = static_cast<int64_t>(found.cluster[static_cast<size_t>(i)]);
    CHECK(distances[i][k].item<double>() <= distances[i].min().item<double>() + 1e-5);
  }
}

TEST_CASE("the same seed gives the same clusters, another seed another start", "[methods]") {
  const at::Tensor points = blobs(800, 6, 2, 5.0);
  const KmeansOptions once{.k = 5, .max_iterations = 1, .seed = 3};
  CHECK(kmeans(points, once).cluster == kmeans(points, once).cluster);
  KmeansOptions other = once;
  other.seed = 4;
  CHECK(kmeans(points, once).cluster != kmeans(points, other).cluster);
}

TEST_CASE("k-means stops when the relative gain is below the tolerance", "[methods]") {
  const at::Tensor points = blobs(2000, 12, 3, 6.0);
  const KmeansResult found = kmeans(points, {.k = 8, .tolerance = 0.01, .seed = 2});
  const auto& sse = found.sse;
  REQUIRE(sse.size() >= 2);
  CHECK(sse[sse.size() - 2] - sse.back() <= 0.01 * sse[sse.size() - 2]);
  for (size_t i = 1; i + 1 < sse.size(); ++i) CHECK(sse[i - 1] - sse[i] > 0.01 * sse[i - 1]);
  CHECK(kmeans(points, {.k = 8, .max_iterations = 3, .tolerance = 0}).sse.size() == 3);
}

TEST_CASE("duplicates leave no cluster without a chance", "[methods]") {
  // All but three points are equal: starts collide, clusters run empty and must move away.
  at::Tensor points = at::zeros({50, 2}, at::kFloat);
  for (int64_t i = 0; i < 3; ++i) points[i][0] = static_cast<float>(5 * (i + 1));
  const KmeansResult found = kmeans(points, {.k = 4, .init = "random", .tolerance = 0, .seed = 0});
  CHECK(found.sse.back() == 0);
  std::vector<int64_t> sizes = sizes_of(found.cluster, 4);
  std::sort(sizes.begin(), sizes.end());
  CHECK(sizes == std::vector<int64_t>{1, 1, 1, 47});
}

TEST_CASE("no cluster is left without a point, however early k-means ends", "[methods]") {
  at::Tensor few = at::zeros({50, 2}, at::kFloat);  // three points differ from the others
  for (int64_t i = 0; i < 3; ++i) few[i][0] = static_cast<float>(5 * (i + 1));
  const at::Tensor equal = at::zeros({6, 3}, at::kFloat);
  for (uint64_t seed = 0; seed < 20; ++seed)
    for (const char* init : {"k-means++", "random"})
      for (const int64_t iterations : {1, 2, 100}) {
        const KmeansOptions options{
            .k = 5, .init = init, .max_iterations = iterations, .tolerance = 0.5, .seed = seed};
        for (const at::Tensor& points : {few, equal}) {
          const KmeansResult found = kmeans(points, options);
          const std::vector<int64_t> sizes = sizes_of(found.cluster, 5);
          CHECK(*std::min_element(sizes.begin(), sizes.end()) > 0);
          CHECK(found.cluster == kmeans(points, options).cluster);
        }
      }
}

TEST_CASE("an empty cluster takes the farthest point, and another empty one the next",
          "[methods]") {
  // One group and two far points: whatever the start, both are reached.
  at::Tensor points = at::zeros({40, 1}, at::kFloat);
  points[7][0] = 100.0F;
  points[9][0] = 60.0F;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const KmeansResult found =
        kmeans(points, {.k = 3, .init = "random", .max_iterations = 1, .seed = seed});
    CHECK(found.cluster[7] != found.cluster[9]);
    std::vector<int64_t> sizes = sizes_of(found.cluster, 3);
    std::sort(sizes.begin(), sizes.end());
    CHECK(sizes == std::vector<int64_t>{1, 1, 38});
  }
}

TEST_CASE("two clusters that run empty at once restart at two points", "[methods]") {
  at::Tensor points = at::zeros({40, 1}, at::kFloat);
  points[7][0] = 100.0F;
  points[9][0] = 60.0F;
  int met = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const KmeansResult found = kmeans(points, {.k = 3, .init = "random", .seed = seed});
    if (found.sse[0] != 100 * 100 + 60 * 60) continue;  // a centroid began at a far point
    ++met;
    // Both far points are centroids; the 38 others lie 160 / 40 from the mean they share with them.
    CHECK(found.sse[1] == 38 * 16);
  }
  CHECK(met > 10);
}

TEST_CASE("k-means++ draws by the squared distance to the nearest centroid, by the seed",
          "[methods]") {
  // A heap at 0 and two lone points, equally far from it: the second centroid is one or the other.
  at::Tensor apart = at::zeros({1002, 1}, at::kFloat);
  apart[1000][0] = 10.0F;
  apart[1001][0] = -10.0F;
  int right = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const auto cluster = kmeans(apart, {.k = 2, .max_iterations = 1, .seed = seed}).cluster;
    right += cluster[1000] != cluster[0];
    CHECK((cluster[1000] != cluster[0]) != (cluster[1001] != cluster[0]));
  }
  CHECK(right > 8);  // of 40 fair draws, four standard deviations
  CHECK(right < 32);

  // Of the two on one side the far one attracts more, and then the other, never the heap again.
  at::Tensor beside = at::zeros({1002, 1}, at::kFloat);
  beside[1000][0] = 100.0F;
  beside[1001][0] = 50.0F;
  for (uint64_t seed = 0; seed < 20; ++seed)
    CHECK(kmeans(beside, {.k = 3, .max_iterations = 1, .seed = seed}).sse.front() == 0);
}

TEST_CASE("of several starts the one with the lowest sum is kept, of equal ones the first",
          "[methods]") {
  const at::Tensor points = blobs(600, 8, 6, 0.5);
  const std::vector<int64_t> one_each(600, 1);
  const KmeansOptions options{.k = 6, .init = "random", .seed = 2};
  const Starts found = kmeans_from_starts(points, options, 12, one_each, 0);
  REQUIRE(found.all.size() == 12);
  double lowest = found.all[0].sse;
  for (const Starts::Start& start : found.all) lowest = std::min(lowest, start.sse);
  CHECK(found.all[0].sse > 2 * lowest);  // this seed's first start is a bad one
  CHECK(found.all[found.chosen].sse == Approx(lowest).epsilon(1e-9));
  for (size_t start = 0; start < found.chosen; ++start)
    CHECK(found.all[start].sse > lowest * (1 + 1e-9));

  KmeansOptions alone = options;
  CHECK(kmeans_from_starts(points, options, 1, one_each, 0).best.cluster ==
        kmeans(points, alone).cluster);
  alone.start = found.chosen;
  CHECK(found.best.cluster == kmeans(points, alone).cluster);
  CHECK(kmeans_from_starts(points, options, 12, one_each, 0).best.cluster == found.best.cluster);
}

TEST_CASE("a start with too small a cluster is worse than any without one", "[methods]") {
  // Two groups and one far point, which the lowest sum has for itself.
  at::Tensor points = at::zeros({101, 1}, at::kFloat);
  for (int64_t i = 50; i < 100; ++i) points[i][0] = 10.0F;
  points[100][0] = 80.0F;
  const std::vector<int64_t> one_each(101, 1);
  const KmeansOptions options{.k = 2, .seed = 1};
  const Starts any = kmeans_from_starts(points, options, 16, one_each, 0);
  CHECK(sizes_of(any.best.cluster, 2)[any.best.cluster[100]] == 1);
  CHECK(any.all[any.chosen].smallest_share == Approx(1.0 / 101));
  const Starts whole = kmeans_from_starts(points, options, 16, one_each, 0.05);
  CHECK(sizes_of(whole.best.cluster, 2)[whole.best.cluster[100]] == 51);
  CHECK(whole.all[whole.chosen].sse > any.all[any.chosen].sse);

  // The weights count, not the points: here the far one is a fifth of the text.
  std::vector<int64_t> heavy = one_each;
  heavy[100] = 25;
  CHECK(kmeans_from_starts(points, options, 16, heavy, 0.05).chosen == any.chosen);
  // Where every start has one, the sum decides.
  CHECK(kmeans_from_starts(points, options, 16, one_each, 0.5).chosen == any.chosen);
}

TEST_CASE("balanced clusters differ in size by at most one", "[methods]") {
  for (int64_t count : {40, 41, 43}) {
    at::Tensor points = blobs(count, 4, 2, 1.0);
    const KmeansResult found = kmeans(points, {.k = 4, .balanced = true, .seed = 1});
    const auto sizes = sizes_of(found.cluster, 4);
    const auto [low, high] = std::minmax_element(sizes.begin(), sizes.end());
    CHECK(*high - *low == (count % 4 == 0 ? 0 : 1));
  }
}

TEST_CASE("a full cluster turns away the point that loses least", "[methods]") {
  // All three prefer cluster 0, which takes two of four... here one of two: the one with most to
  // lose.
  const at::Tensor distances = at::tensor({1.0F, 2.0F, 1.0F, 9.0F}).view({2, 2});
  CHECK(methods::balanced_assignment(distances) == std::vector<uint16_t>{1, 0});
}

TEST_CASE("a random assignment has exactly the sizes asked for", "[methods]") {
  const std::vector<int64_t> sizes = {700, 0, 290, 10};
  const auto cluster = methods::random_assignment(sizes, 3);
  CHECK(sizes_of(cluster, 4) == sizes);
  CHECK(cluster == methods::random_assignment(sizes, 3));
  CHECK(cluster != methods::random_assignment(sizes, 4));
  // Mixed: the first half is not the first cluster.
  const auto first = std::count(cluster.begin(), cluster.begin() + 500, 0);
  CHECK(first > 300);
  CHECK(first < 400);
}

TEST_CASE("too few points and points that are not finite are refused", "[methods]") {
  CHECK_THROWS_AS(kmeans(at::zeros({3, 2}, at::kFloat), {.k = 4}), Error);
  at::Tensor points = blobs(20, 2, 2, 1.0);
  points[4][1] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(kmeans(points, {.k = 2}), Error);
}
