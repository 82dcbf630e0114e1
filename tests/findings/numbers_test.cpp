#include "findings/numbers.hpp"

#include <catch2/catch.hpp>
#include <limits>

namespace repro::findings {
namespace {

TEST_CASE("a number that is none is said in words, one beyond 2^53 with an exponent",
          "[findings]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& text :
       {fixed(nan, 2), significant(nan), percent(nan), loss_text(nan), times(nan),
        seconds_text(nan), range_text({nan, 2}), percent_range(nan, {0, 1})})
    CHECK(text == "not a number");
  const double infinite = std::numeric_limits<double>::infinity();
  CHECK(significant(infinite) == "infinite");
  CHECK(times(-infinite) == "-infinite");
  CHECK(significant(1e300) == "1e+300");
  CHECK(fixed(-1e30, 2) == "-1e+30");
  CHECK(significant(9007199254740992.0) == "9,007,199,254,740,992");
}

TEST_CASE("a bound on one side is no interval with an infinite end", "[findings]") {
  const double infinite = std::numeric_limits<double>::infinity();
  CHECK(range_text({5, infinite}) == ">= 5.00");
  CHECK(percent_range(0.1, {-infinite, 0.2}) == "< 20 %");
}

}  // namespace
}  // namespace repro::findings
