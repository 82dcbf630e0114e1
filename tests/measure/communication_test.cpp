#include "measure/communication.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"

namespace repro::measure {
namespace {

const Link kLink{.latency_seconds = 1e-4, .bytes_per_second = 1e9};

TEST_CASE("a sum over n devices sends twice all but an n-th of the bytes", "[measure]") {
  CHECK(sum_seconds(kLink, 1, 1e9) == 0);
  CHECK(sum_seconds(kLink, 2, 1e9) == Approx(2e-4 + 1.0));
  CHECK(sum_seconds(kLink, 4, 1e9) == Approx(6e-4 + 1.5));
  CHECK(sum_seconds(kLink, 1000, 1e9) == Approx(1998e-4 + 1.998));
}

TEST_CASE("a link is found again from sums that it would take", "[measure]") {
  std::vector<MeasuredSum> measured;
  for (int64_t devices : {2, 4})
    for (double bytes : {4.0, 1e6, 4e7})
      measured.push_back({devices, bytes, sum_seconds(kLink, devices, bytes)});
  const Link found = fit_link(measured);
  CHECK(found.latency_seconds == Approx(kLink.latency_seconds));
  CHECK(found.bytes_per_second == Approx(kLink.bytes_per_second));
  // Each within a tenth: the link too.
  for (size_t i = 0; i < measured.size(); ++i) measured[i].seconds *= i % 2 == 0 ? 1.1 : 0.9;
  CHECK(fit_link(measured).bytes_per_second == Approx(kLink.bytes_per_second).epsilon(0.15));
}

TEST_CASE("a link without latency is none with a negative one", "[measure]") {
  const Link found = fit_link({{2, 1e6, 0.9e-3}, {2, 1e7, 1e-2}, {2, 1e8, 1.1e-1}});
  CHECK(found.latency_seconds == 0);
  CHECK(found.bytes_per_second == Approx(1e9).epsilon(0.1));
}

TEST_CASE("measurements that tell nothing of a link are refused", "[measure]") {
  CHECK_THROWS_WITH(fit_link({{2, 1e6, 1}, {2, 1e6, 1.1}}), Catch::Contains("several sizes"));
  CHECK_THROWS_AS(fit_link({}), Error);
  CHECK_THROWS_WITH(fit_link({{1, 1e6, 1}, {2, 1e7, 1}}), Catch::Contains("tells nothing"));
  CHECK_THROWS_WITH(fit_link({{2, 1e6, 1}, {2, 1e9, 0.5}}), Catch::Contains("larger ones"));
}

TEST_CASE("each device does less the more there are, and less still with the batch fixed",
          "[measure]") {
  const StepParts step{.shared_seconds = 1, .whole_seconds = 0.02, .bytes = 4e7};
  CHECK(scale(step, kLink, 1).efficiency == 1);
  CHECK(scale(step, kLink, 1).communication == 0);
  const Scaling two = scale(step, kLink, 2);
  CHECK(two.seconds == Approx(0.5 + 0.02 + 2e-4 + 0.04));
  CHECK(two.communication == Approx((2e-4 + 0.04) / two.seconds));
  CHECK(two.efficiency == Approx(1.02 / (2 * two.seconds)));
  double before = 1;
  for (int64_t devices = 2; devices <= 1024; devices *= 2) {
    const Scaling fixed = scale(step, kLink, devices);
    const Scaling grown = scale_with_batch(step, kLink, devices);
    CHECK(fixed.efficiency < before);
    CHECK(grown.efficiency > fixed.efficiency);
    CHECK(grown.efficiency <= 1);
    before = fixed.efficiency;
  }
}

}  // namespace
}  // namespace repro::measure
