#include <catch2/catch.hpp>
#include <optional>

#include "findings/equal_work.hpp"
#include "findings/findings.hpp"
#include "findings/values.hpp"
#include "report/fixture_runs.hpp"
#include "temporary_directory.hpp"

namespace repro::findings {
namespace {

// The fixture with rates 0.5 and 2 and rungs of the baseline beyond its own steps.
plan::Plan checked_plan(std::vector<int64_t> seeds, std::vector<double> horizons) {
  plan::Experiment experiment = report::plan_of({.seeds = std::move(seeds)}).experiment;
  experiment.check.rates = {0.5, 2};
  std::get<plan::FullArm>(experiment.arms[0]).horizons = std::move(horizons);
  return plan::make_plan(std::move(experiment));
}

struct Checked {
  explicit Checked(const std::vector<int64_t>& seeds,
                   const std::function<void(report::Fixture&)>& change = {},
                   const std::vector<double>& horizons = {1, 1.5, 2})
      : plan(checked_plan(seeds, horizons)), sources(report::sources_of(folder.path())) {
    report::Fixture fixture;
    fixture.seeds = seeds;
    fixture.full_loss = [](int64_t steps, double, int64_t) {
      return 5.0 - 0.2 * std::log(static_cast<double>(steps) / 80);
    };
    if (change) change(fixture);
    report::write_runs(plan, fixture, folder.path());
    study.emplace(plan, sources);
  }
  const StudyRow& row() const { return study->rows[0]; }
  measure::BaselineCheck check() const { return *row().baseline; }
  std::optional<EqualWork> at_equal(const std::string& measure) const {
    for (const EqualWork& one : equal_work_of(*study, row()))
      if (one.measure == measure && one.rate == 1 && one.baseline_rate == 1) return one;
    return std::nullopt;
  }

  TemporaryDirectory folder;
  plan::Plan plan;
  Sources sources;
  std::optional<Study> study;
};

}  // namespace

TEST_CASE("a baseline that no other rate betters passes, one that a rate betters fails",
          "[findings]") {
  CHECK(Checked({0}).check().state == measure::BaselineState::passes);
  const Checked weak({0}, [](report::Fixture& fixture) {
    fixture.full_loss = [](int64_t, double rate, int64_t) { return rate == 2 ? 4.9 : 5.0; };
  });
  CHECK(weak.check().state == measure::BaselineState::fails);
  CHECK_THAT(weak.check().reasons.at(0), Catch::Contains("x 2") && Catch::Contains("0.1"));
  CHECK(weak.row().rates[0]->best == 2);
}

TEST_CASE("a baseline whose seeds end far apart fails", "[findings]") {
  const Checked uneven({0, 1, 2}, [](report::Fixture& fixture) {
    fixture.full_loss = [](int64_t, double, int64_t seed) {
      return 5.0 + 0.1 * static_cast<double>(seed);
    };
  });
  CHECK(uneven.check().state == measure::BaselineState::fails);
}

TEST_CASE("nothing is borne out against a baseline that fails its check", "[findings]") {
  const auto verdicts = [](const Checked& checked) {
    std::vector<measure::Verdict> all;
    for (const Finding& finding : findings_of(*checked.study))
      if (finding.row == checked.row().text()) all.push_back(finding.judgement.verdict);
    return all;
  };
  const auto easy = [](report::Fixture& fixture) {
    fixture.tune_loss = [](const std::string&, int64_t steps, int64_t) {
      return 5.0 - 0.1 * std::log(static_cast<double>(steps) / 12);
    };
  };
  const auto sound = verdicts(Checked({0, 1, 2}, easy));
  CHECK(std::count(sound.begin(), sound.end(), measure::Verdict::reproduced) > 0);
  const auto weak = verdicts(Checked({0, 1, 2}, [&](report::Fixture& fixture) {
    easy(fixture);
    fixture.full_loss = [](int64_t, double rate, int64_t) { return rate == 2 ? 4.9 : 5.0; };
  }));
  CHECK(std::count(weak.begin(), weak.end(), measure::Verdict::reproduced) == 0);
}

TEST_CASE("at equal samples the baseline's loss is log-linear between its own runs", "[findings]") {
  const Checked checked({0});
  const auto equal = checked.at_equal("samples");
  REQUIRE(equal);
  // Four submodels of 20 steps and a fine-tune of 60 are 140 steps: 1.75 times the baseline's 80.
  CHECK(equal->steps == 60);
  CHECK(equal->spent == Approx(1.75));
  const double from = 5.0 - 0.2 * std::log(1.5), to = 5.0 - 0.2 * std::log(2.0);
  const double part = std::log(1.75 / 1.5) / std::log(2 / 1.5);
  CHECK(equal->baseline_loss == Approx(from + part * (to - from)));
  CHECK(equal->difference.centre == Approx(equal->loss - equal->baseline_loss));
  CHECK(equal->better() == 0);  // one seed says nothing of its luck
}

TEST_CASE("beyond the baseline's runs only the one who did less can be told to be better",
          "[findings]") {
  // Far more samples than the baseline's only run, whose loss is lower or higher by 0.5.
  const auto better = [](double shift) {
    const auto change = [&](report::Fixture& fixture) {
      fixture.tune_loss = [shift](const std::string&, int64_t, int64_t seed) {
        return 5.0 + shift + 0.001 * static_cast<double>(seed);
      };
    };
    const Checked checked({0, 1, 2}, change, {1});
    const auto equal = checked.at_equal("samples");
    REQUIRE(equal);
    CHECK(equal->spent == Approx(1.75));
    CHECK(equal->baseline_spent == Approx(1));
    CHECK(equal->decides() == (shift > 0));
    return equal->better();
  };
  CHECK(better(0.5) == 1);
  CHECK(better(-0.5) == 0);
}

TEST_CASE("another rate takes as long: at its best an arm spends what it spends at its own",
          "[findings]") {
  const Checked checked({0}, [](report::Fixture& fixture) {
    fixture.full_loss = [](int64_t steps, double rate, int64_t) {
      return 5.0 - 0.2 * std::log(static_cast<double>(steps) / 80) - (rate == 2 ? 0.1 : 0);
    };
  });
  int tuned = 0;
  for (const EqualWork& one : equal_work_of(*checked.study, checked.row()))
    for (const EqualWork& other : equal_work_of(*checked.study, checked.row()))
      if (one.measure == other.measure && one.steps == other.steps && one.baseline_rate == 2 &&
          other.baseline_rate == 1) {
        CHECK(one.spent == Approx(other.spent));
        ++tuned;
      }
  CHECK(tuned > 0);
}

TEST_CASE("with seeds that agree the lower loss at equal work is told", "[findings]") {
  const auto better = [](double shift) {
    return Checked({0, 1, 2},
                   [&](report::Fixture& fixture) {
                     fixture.tune_loss = [shift](const std::string&, int64_t steps, int64_t seed) {
                       return 4.9 + shift - 0.1 * std::log(static_cast<double>(steps) / 60) +
                              0.001 * static_cast<double>(seed);
                     };
                   })
        .at_equal("samples")
        ->better();
  };
  CHECK(better(-0.5) == -1);
  CHECK(better(+0.5) == +1);
}

TEST_CASE("what lies beyond the baseline's longest run is compared at a shorter ending",
          "[findings]") {
  const Checked checked({0}, [](report::Fixture& fixture) {
    // Submodels on a device half as fast cost the most hours.
    fixture.slowness = [](const std::string&, const std::string& phase) {
      return phase == "submodel" ? 1.6 : 1.0;
    };
  });
  const auto samples = checked.at_equal("samples");
  const auto hours = checked.at_equal("device-hours");
  REQUIRE(samples);
  REQUIRE(hours);
  CHECK(samples->steps == 60);
  CHECK(hours->steps == 10);
}

TEST_CASE("the rungs' and the target's errors in steps become parts of a saving", "[findings]") {
  Checked checked({0});
  const Seed& seed = checked.row().seeds[0];
  const auto saving = [&] {
    return value_of(*checked.sources.claims.quantity("saving"), *checked.study, seed)->open;
  };
  auto& standing = *checked.study->rows[0].seeds[0].comparison->arms[1];
  standing.rung_error = standing.target_error = 0;
  CHECK(saving().rungs == 0);
  standing.rung_error = 2;
  const double two = saving().rungs;
  CHECK(two > 0);
  standing.rung_error = 4;
  CHECK(saving().rungs == Approx(2 * two).epsilon(0.01));
  standing.target_error = 2;
  CHECK(saving().target == Approx(two).epsilon(0.01));
}

TEST_CASE("a count that the ladders cannot move out of the claim has its room told", "[findings]") {
  const Checked checked({0});
  const auto room = value_of(*checked.sources.claims.quantity("sample_ratio"), *checked.study,
                             checked.row().seeds[0])
                        ->room;
  REQUIRE(room);
  CHECK(room->low == Approx((80 + 1) / 80.0));
  CHECK(room->high == Approx((80 + 60) / 80.0));
  // A loss is measured, whatever the manifest says.
  CHECK_FALSE(value_of(*checked.sources.claims.quantity("disco_loss"), *checked.study,
                       checked.row().seeds[0])
                  ->room);
}

}  // namespace repro::findings
