#include "check/self_test.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "check/made_runs.hpp"

namespace repro::checks {
namespace {

using Catch::Contains;

Row suspect_in(Lane lane) {
  return {.training = "a",
          .quantity = "x",
          .lane = lane,
          .golden = "",
          .now = "",
          .tolerance = "",
          .verdict = Verdict::suspect};
}

}  // namespace

TEST_CASE("every fault that a training can rehearse is injected, with lanes that must catch it",
          "[check]") {
  std::set<std::string> injected;
  for (const Injection& injection : injections()) {
    injected.insert(injection.fault);
    CHECK_FALSE(injection.lanes.empty());
    CHECK(rehearsal_of(injection, 40).restart_after == (injection.at_resume ? 20 : 0));
  }
  const std::vector<std::string> known = config::rehearsed_faults();
  CHECK(injected == std::set<std::string>(known.begin(), known.end()));
}

TEST_CASE("a fault passes only when each lane that should catch it does", "[check]") {
  const Injection injection{"rate", "rate", false, {Lane::exact, Lane::approximate}};
  CHECK(judge(injection, {suspect_in(Lane::exact), suspect_in(Lane::approximate)}).passes());
  const Caught caught = judge(injection, {suspect_in(Lane::approximate)});
  CHECK_FALSE(caught.passes());
  CHECK(caught.missed == std::vector<Lane>{Lane::exact});
  CHECK_FALSE(judge(injection, {}).passes());
}

TEST_CASE("faults are judged by this machine's own bits and the golden's tolerances", "[check]") {
  const Golden golden = made_golden();
  Observations here = measured({.jitter = 0.001, .kernels = "avx2"}, golden);
  const Golden own = golden_here(golden, here, "qwen-full");
  CHECK(own.trainings.at("qwen-full").tolerance.at("loss").values ==
        golden.trainings.at("qwen-full").tolerance.at("loss").values);
  const auto rows = compare(own, here, {.seeds = own.gate_seeds()});
  CHECK(count(rows, Verdict::ok) == static_cast<int64_t>(rows.size()));
  CHECK_THROWS_WITH(golden_here(golden, here, "other"), Contains("has no training 'other'"));
}

TEST_CASE("a training that goes on otherwise after a stop is suspect, with the first step",
          "[check]") {
  const Observations straight = made_runs({}, 0, 2);
  Ensemble restarted = {{0, made_member({}, 0)}};
  CHECK(resume_row("qwen-full", straight.trainings.at("qwen-full"), restarted).verdict ==
        Verdict::ok);
  Member& member = restarted.at(0);
  member.digest = "other";
  member.series["loss"].values[20] += 1e-6;
  Row row = resume_row("qwen-full", straight.trainings.at("qwen-full"), restarted);
  CHECK(row.verdict == Verdict::suspect);
  CHECK_THAT(row.reason, Contains("seed 0, step 21: loss"));
  // The same run twice differs as well: then it is no matter of the stop.
  excuse_unstable(row, straight.trainings.at("qwen-full"), restarted);
  CHECK(row.verdict == Verdict::unstable);
  restarted.at(0).failure = "no disk";
  CHECK(resume_row("qwen-full", straight.trainings.at("qwen-full"), restarted).failed);
  CHECK(resume_row("qwen-full", straight.trainings.at("qwen-full"), {}).verdict ==
        Verdict::nothing_measured);
}

}  // namespace repro::checks
