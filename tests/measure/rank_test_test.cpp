#include "measure/rank_test.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "measure/scipy_vectors.hpp"

namespace repro::measure {

using Values = std::vector<double>;

TEST_CASE("the rank test gives scipy's U and p, with ties and without, exact and by the normal",
          "[measure]") {
  for (const auto& one : scipy_vectors("mann_whitney")) {
    const RankTest test = mann_whitney(one.at("a").get<Values>(), one.at("b").get<Values>());
    CAPTURE(one.dump());
    CHECK(test.u == one.at("u").get<double>());
    CHECK(test.exact == one.at("exact").get<bool>());
    CHECK(test.p == Approx(one.at("p").get<double>()).epsilon(1e-9));
  }
}

TEST_CASE("what was never reached ranks behind everything else", "[measure]") {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  const RankTest test = mann_whitney(Values{100, 110, 120}, Values{kNever, kNever, 130});
  CHECK(test.u == 0);
  CHECK(test.p == Approx(0.1));
}

TEST_CASE("a rank test needs values that have an order", "[measure]") {
  CHECK_THROWS_AS(mann_whitney(Values{}, Values{1}), Error);
  CHECK_THROWS_AS(mann_whitney(Values{std::nan("")}, Values{1}), Error);
}

}  // namespace repro::measure
