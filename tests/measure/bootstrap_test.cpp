#include "measure/bootstrap.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "measure/scipy_vectors.hpp"

namespace repro::measure {
namespace {

using Values = std::vector<double>;

double first_mean(const Samples& samples) { return mean(samples[0]); }

// Within what two resamplings of their size differ by, in the interval's width.
void check_near(const Interval& found, const nlohmann::json& expected) {
  const double low = expected.at(0), high = expected.at(1);
  CHECK(found.low == Approx(low).margin(0.02 * (high - low)));
  CHECK(found.high == Approx(high).margin(0.02 * (high - low)));
}

}  // namespace

TEST_CASE("the bootstrap's intervals are scipy's, of means, ratios and skewed values",
          "[measure]") {
  const BootstrapOptions options{.confidence = 0.95, .resamples = 40'000, .seed = 3};
  for (const auto& one : scipy_vectors("bca")) {
    check_near(bca_interval({one.at("a").get<Values>()}, first_mean, options), one.at("mean"));
    check_near(bca_interval({one.at("skewed").get<Values>()}, first_mean, options),
               one.at("skewed_mean"));
    check_near(
        bca_relative_difference(one.at("a").get<Values>(), one.at("b").get<Values>(), options),
        one.at("ratio"));
  }
}

TEST_CASE("equal seeds give equal intervals, and no spread a point", "[measure]") {
  const Samples samples = {{1, 2, 4, 8, 16}};
  const Interval a = bca_interval(samples, first_mean), b = bca_interval(samples, first_mean);
  CHECK(a.low == b.low);
  CHECK(a.high == b.high);
  const Interval point = bca_interval({{3, 3, 3}}, first_mean);
  CHECK(point.low == 3);
  CHECK(point.high == 3);
  CHECK_THROWS_AS(bca_interval({{1}}, first_mean), Error);
  CHECK_THROWS_AS(bca_relative_difference(Values{0, 0}, Values{1, 2}), Error);
}

}  // namespace repro::measure
