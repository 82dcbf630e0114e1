#include "measure/scale_out.hpp"

#include <catch2/catch.hpp>

namespace repro::measure {

TEST_CASE("a rate goes through the two that it is made of and falls between and beyond",
          "[measure]") {
  const ScaleOut model = scale_out_through(384, 153, 768, 149);
  CHECK(model.rate(384) == Approx(153));
  CHECK(model.rate(768) == Approx(149));
  CHECK(model.rate(500) < 153);
  CHECK(model.rate(1e7) < 10);
}

TEST_CASE("two published rates predict the third", "[measure]") {
  // Narayanan et al. 2021, table 2: TFLOP/s a device of 174.6 and 529.6 billion parameters.
  CHECK(scale_out_through(384, 153, 768, 149).rate(1536) == Approx(141).epsilon(0.01));
  CHECK(scale_out_through(560, 171, 1120, 167).rate(2240) == Approx(159).epsilon(0.01));
  // Sharded without model parallelism the fall is steeper than the model by an eighth.
  CHECK(scale_out_through(384, 144, 768, 88).rate(1536) == Approx(44).epsilon(0.13));
}

TEST_CASE("a rate that rises loses nothing, and one point makes no model", "[measure]") {
  CHECK(scale_out_through(8, 100, 16, 110).rate(1e6) == Approx(105));
  CHECK_THROWS_WITH(scale_out_through(8, 100, 8, 90), Catch::Contains("two numbers of devices"));
}

}  // namespace repro::measure
