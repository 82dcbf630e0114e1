#include "measure/paired_test.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "measure/scipy_vectors.hpp"

namespace repro::measure {

using Values = std::vector<double>;

TEST_CASE("the paired t-test gives scipy's statistic and p-values", "[measure]") {
  for (const auto& one : scipy_vectors("paired_t")) {
    const TestResult test =
        paired_t(paired_differences(one.at("a").get<Values>(), one.at("b").get<Values>()));
    CHECK(test.statistic == Approx(one.at("t").get<double>()));
    CHECK(test.p == Approx(one.at("p").get<double>()));
    CHECK(one_sided(test, 1) == Approx(one.at("greater").get<double>()));
    CHECK(one_sided(test, -1) == Approx(one.at("less").get<double>()));
  }
}

TEST_CASE("which side comes first changes the sign of a paired test, not its p-value",
          "[measure]") {
  const Values a = {4.0, 4.2, 3.9}, b = {3.5, 3.8, 3.2};
  const TestResult there = paired_t(paired_differences(a, b));
  const TestResult back = paired_t(paired_differences(b, a));
  CHECK(there.statistic == Approx(-back.statistic));
  CHECK(there.p == Approx(back.p));
  CHECK(there.p < 0.05);
}

TEST_CASE("differences all alike are certain, none at all are no difference", "[measure]") {
  CHECK(paired_t(Values{0.5, 0.5, 0.5}).p == 0);
  CHECK(paired_t(Values{0, 0, 0}).p == 1);
  CHECK(one_sided(paired_t(Values{-1, -1}), 1) == 1);
  CHECK_THROWS_AS(paired_t(Values{1}), Error);
  CHECK_THROWS_AS(paired_differences(Values{1}, Values{1, 2}), Error);
}

}  // namespace repro::measure
