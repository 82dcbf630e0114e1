#include "check/junit.hpp"

#include <catch2/catch.hpp>

namespace repro::checks {

using Catch::Contains;

TEST_CASE("JUnit counts failures, errors and what was skipped, and escapes what XML misreads",
          "[check]") {
  Row ok{.training = "a<b>&\"c\"\x1b",
         .quantity = "loss",
         .lane = Lane::exact,
         .golden = "1",
         .now = "1",
         .tolerance = "0"};
  Row red = ok;
  red.verdict = Verdict::regression;
  red.reason = "moved \xEF\xBF\xBF by 2\nlines";
  Row unlike = ok;
  unlike.verdict = Verdict::not_comparable;
  unlike.reason = "another platform";
  Row failed = ok;
  failed.verdict = Verdict::nothing_measured;
  failed.failed = true;
  failed.reason = "out of memory";
  const std::string text = to_junit("smoke", {ok, red, unlike, failed}, 1.5);
  CHECK_THAT(text, Contains("<testsuite name=\"smoke\" tests=\"4\" failures=\"1\" errors=\"1\" "
                            "skipped=\"1\" time=\"1.500\">"));
  CHECK_THAT(text, Contains("classname=\"a&lt;b&gt;&amp;&quot;c&quot;\xEF\xBF\xBD\""));
  CHECK_THAT(text,
             Contains("<failure type=\"regression confirmed\" message=\"moved \xEF\xBF\xBD by "
                      "2 lines\">golden 1, now 1, tolerance 0</failure>"));
  CHECK_THAT(text, Contains("<skipped message=\"another platform\"/>"));
  CHECK_THAT(text, Contains("<error message=\"out of memory\"/>"));
}

}  // namespace repro::checks
