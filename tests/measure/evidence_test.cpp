#include "measure/evidence.hpp"

#include <catch2/catch.hpp>

namespace repro::measure {

TEST_CASE("a sum is no better known than its parts", "[measure]") {
  CHECK(combined(Evidence::published, Evidence::published) == Evidence::published);
  CHECK(combined(Evidence::published, Evidence::calibrated) == Evidence::mixed);
  CHECK(combined(Evidence::measured, Evidence::published) == Evidence::mixed);
  CHECK(combined(Evidence::mixed, Evidence::projected) == Evidence::projected);
  CHECK(combined(Evidence::assumed, Evidence::measured) == Evidence::assumed);
  CHECK(combined(Evidence::projected, Evidence::none) == Evidence::none);
}

}  // namespace repro::measure
