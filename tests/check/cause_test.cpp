#include "check/cause.hpp"

#include <catch2/catch.hpp>

#include "check/made_runs.hpp"

namespace repro::checks {
namespace {

using Catch::Contains;

std::string said(Member now, bool other_tokens = false) {
  const auto found = first_difference(0, made_member({}, 0), now);
  REQUIRE(found);
  return text_of(*found, other_tokens);
}

}  // namespace

TEST_CASE("the first differing step tells causes before effects", "[check]") {
  Member now = made_member({}, 0);
  CHECK_FALSE(first_difference(0, now, made_member({}, 0)));
  now.series["grad_norm"].values[2] += 0.1;
  CHECK_THAT(said(now), Contains("step 3: grad_norm") && Contains("the backward pass"));
  now.series["loss"].values[2] += 0.1;
  CHECK_THAT(said(now), Contains("step 3: loss") && Contains("an update"));
  now.series["lr"].values[2] *= 2;
  CHECK_THAT(said(now), Contains("step 3: lr") && Contains("schedule"));
  now.series["loss"].values[0] += 0.1;
  CHECK_THAT(said(now), Contains("step 1: loss") && Contains("before any update"));
  CHECK_THAT(said(now, true), Contains("other tokens"));
}

TEST_CASE("a run that ends early or goes on differs where it does", "[check]") {
  CHECK_THAT(said(made_member({.steps = 30}, 0)), Contains("step 31") && Contains("ends here"));
  CHECK_THAT(said(made_member({.steps = 50}, 0)), Contains("step 41"));
}

TEST_CASE("values that were written to 5 decimals are compared to 5 decimals", "[check]") {
  Member golden, now;
  golden.series["loss"] = {{1, 2}, {10.98432, 9.5}, 5};
  now.series["loss"] = {{1, 2}, {10.984320640563965, 9.500004}};
  CHECK_FALSE(first_difference(0, golden, now));
  now.series["loss"].values[1] = 9.50001;
  CHECK(first_difference(0, golden, now)->step == 2);
}

TEST_CASE("the side that was rounded decides how far both are compared", "[check]") {
  Member golden, now;
  golden.series["loss"] = {{1}, {10.984320640563965}};
  now.series["loss"] = {{1}, {10.98432}, 5};
  CHECK_FALSE(first_difference(0, golden, now));
  now.series["loss"].values[0] = 10.98433;
  CHECK(first_difference(0, golden, now));
  // Too large to have decimals, and not equal for that.
  golden.series["loss"] = {{1}, {1e305}, 5};
  now.series["loss"] = {{1}, {1.5e305}, 5};
  CHECK(first_difference(0, golden, now));
}

}  // namespace repro::checks
