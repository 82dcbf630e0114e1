#include "check/verdict.hpp"

#include <catch2/catch.hpp>

namespace repro::checks {
namespace {

Row row(Verdict verdict, int direction = 1, const std::string& training = "a") {
  return {.training = training,
          .quantity = "loss",
          .lane = Lane::statistical,
          .golden = "",
          .now = "",
          .tolerance = "",
          .verdict = verdict,
          .reason = "why",
          .direction = direction};
}

}  // namespace

TEST_CASE("what is suspect twice in the same direction is a regression", "[check]") {
  const auto both = confirm({row(Verdict::suspect)}, {row(Verdict::suspect)});
  CHECK(both[0].verdict == Verdict::regression);
  CHECK(exit_of(both) == Exit::regression);
}

TEST_CASE("what only the first look finds is cleared, and counted", "[check]") {
  const std::vector<Row> first = {row(Verdict::suspect)};
  for (const Row& second : {row(Verdict::ok), row(Verdict::suspect, -1)}) {
    const auto both = confirm(first, {second});
    CHECK(both[0].verdict == Verdict::ok);
    CHECK_THAT(both[0].reason, Catch::Contains("cleared by other seeds"));
    CHECK(count_cleared(first, both) == 1);
  }
}

TEST_CASE("without a second look what is suspect stays so and ends with 5", "[check]") {
  for (const std::vector<Row>& second :
       {std::vector<Row>{}, std::vector<Row>{row(Verdict::nothing_measured)}}) {
    const auto both = confirm({row(Verdict::suspect)}, second);
    CHECK(both[0].verdict == Verdict::suspect);
    CHECK(exit_of(both) == Exit::inconclusive);
  }
}

TEST_CASE("a second look that cannot decide clears nothing", "[check]") {
  for (const Verdict second : {Verdict::unstable, Verdict::not_comparable}) {
    const auto both = confirm({row(Verdict::suspect)}, {row(second)});
    CHECK(both[0].verdict == Verdict::suspect);
    CHECK_THAT(both[0].reason, Catch::Contains("other seeds do not decide it"));
  }
}

TEST_CASE("what no chance moves is not cleared by other seeds", "[check]") {
  Row order = row(Verdict::suspect), again = row(Verdict::ok);
  order.lane = again.lane = Lane::exact;
  CHECK(confirm({order}, {again})[0].verdict == Verdict::suspect);
  again.verdict = Verdict::suspect;
  CHECK(confirm({order}, {again})[0].verdict == Verdict::regression);
}

TEST_CASE("a training that is missing beside others that are ok is not green", "[check]") {
  CHECK(exit_of({row(Verdict::ok), row(Verdict::nothing_measured, 0, "b")}) ==
        Exit::nothing_measured);
}

TEST_CASE("an advisory row stands or falls with its training's other rows", "[check]") {
  Row bits = row(Verdict::suspect, 0);
  bits.quantity = "every record";
  bits.lane = Lane::exact;
  bits.advisory = true;
  CHECK(confirm({bits, row(Verdict::ok)}, {})[0].verdict == Verdict::ok);
  CHECK(confirm({bits, row(Verdict::suspect)}, {row(Verdict::suspect)})[0].verdict ==
        Verdict::suspect);
  CHECK(confirm({bits, row(Verdict::ok), row(Verdict::suspect, 1, "b")}, {})[0].verdict ==
        Verdict::ok);
  // No other lane was asked.
  CHECK(confirm({bits}, {})[0].verdict == Verdict::suspect);
  CHECK(confirm({bits, row(Verdict::ok, 1, "b")}, {})[0].verdict == Verdict::suspect);
}

TEST_CASE("a regression outranks a failed run, and that what is undecided", "[check]") {
  Row failed = row(Verdict::nothing_measured);
  failed.failed = true;
  CHECK(exit_of({row(Verdict::ok), failed, row(Verdict::regression)}) == Exit::regression);
  CHECK(exit_of({row(Verdict::ok), failed, row(Verdict::suspect)}) == Exit::run_failed);
  CHECK(exit_of({row(Verdict::ok), row(Verdict::unstable)}) == Exit::inconclusive);
  CHECK(exit_of({row(Verdict::ok), row(Verdict::not_comparable)}) == Exit::ok);
  CHECK(exit_of({row(Verdict::not_comparable)}) == Exit::nothing_measured);
}

TEST_CASE("counts name what asks for something first", "[check]") {
  CHECK(counts_text({row(Verdict::ok), row(Verdict::suspect), row(Verdict::ok)}) ==
        "1 suspect, 2 ok");
  CHECK(counts_text({}) == "nothing measured");
}

}  // namespace repro::checks
