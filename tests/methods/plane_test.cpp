#include "methods/plane.hpp"

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <catch2/catch.hpp>

namespace repro::methods {
namespace {

using Plane = std::vector<std::vector<std::pair<double, double>>>;

// Along the second axis by 10, along the first by 1, along the third by nothing.
at::Tensor cross() {
  return at::tensor({5.f, 10.f, 7.f, 5.f, -10.f, 7.f, 6.f, 0.f, 7.f, 4.f, 0.f, 7.f}, at::kFloat)
      .view({4, 3});
}

}  // namespace

TEST_CASE("the plane holds the two directions in which points differ most, about their mean",
          "[methods]") {
  const std::vector<uint16_t> cluster = {0, 1, 1, 0};
  const Plane plane = principal_plane(cross(), cluster, 2);
  REQUIRE(plane.size() == 2);
  REQUIRE(plane[0].size() == 2);
  CHECK(plane[0][0].first == Approx(10));
  CHECK(plane[0][0].second == Approx(0).margin(1e-9));
  CHECK(plane[1][0].first == Approx(-10));
  CHECK(plane[1][1].second == Approx(1));
  CHECK(plane[0][1].second == Approx(-1));
}

TEST_CASE("of many points some are taken, evenly, and every cluster has its list", "[methods]") {
  const at::Tensor points = at::zeros({1000, 3});
  std::vector<uint16_t> cluster(1000, 0);
  for (size_t i = 0; i < 1000; i += 2) cluster[i] = 2;
  const Plane plane = principal_plane(points, cluster, 3, 300);
  CHECK(plane[0].size() + plane[2].size() == 250);  // every fourth
  CHECK(plane[1].empty());
}

}  // namespace repro::methods
