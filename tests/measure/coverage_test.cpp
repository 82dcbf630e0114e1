// A short run of `repro-bench coverage`: wide limits, so that they hold whatever the library's
// random numbers are, and still far from what intervals had that left the seeds' noise out.
#include "bench/coverage.hpp"

#include <catch2/catch.hpp>

namespace repro::bench {

TEST_CASE("nominal 95 % intervals hold the truth in 90 to 99.5 % of made-up cells", "[measure]") {
  for (const int64_t seeds : {3, 5})
    for (const bool busy : {false, true}) {
      const CoverageReport report =
          measure_coverage({.tables = 60, .cells = 6, .seeds = seeds, .busy = busy, .seed = 7});
      INFO(to_text(report));
      CHECK(report.censored.intervals > 20);
      for (const Coverage& coverage : {report.step_ratio, report.saving}) {
        CHECK(coverage.share() >= 0.90);
        CHECK(coverage.share() <= 0.995);
      }
    }
}

}  // namespace repro::bench
