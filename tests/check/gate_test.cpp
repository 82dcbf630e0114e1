// A short run of `repro-bench gate`: wide limits, so that they hold whatever is drawn.
#include "bench/gate.hpp"

#include <catch2/catch.hpp>

namespace repro::bench {

TEST_CASE("a gate is hardly ever red without a cause and finds what it says it finds", "[check]") {
  const GateReport report = measure_gate({.nulls = 40, .seed = 5});
  INFO(to_text(report));
  for (const Counted& one : report.false_alarms) CHECK(one.share() <= 0.1);
  for (const Counted& one : report.found) CHECK(one.share() >= 0.6);
  REQUIRE(report.found.size() == 3);
}

}  // namespace repro::bench
