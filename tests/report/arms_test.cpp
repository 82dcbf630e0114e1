#include "report/arms.hpp"

#include "report/fixture_runs.hpp"
#include "temporary_directory.hpp"

namespace repro::report {
namespace {

struct Compared {
  run::Plan plan;
  CellOutcome outcome;
  std::optional<Comparison> comparison;
};

Compared compared(const TemporaryDirectory& folder, const Fixture& fixture = {}) {
  Compared result{.plan = plan_of(fixture), .outcome = {}, .comparison = {}};
  write_runs(result.plan, fixture, folder.path());
  result.outcome = gather(result.plan, result.plan.cells[0], folder.path());
  const Prices prices = prices_of(result.plan.experiment, options_of(folder.path()).prices);
  result.comparison = compare(result.outcome, result.plan.experiment, prices);
  return result;
}

}  // namespace

TEST_CASE("costs follow from billed seconds and prices by the paper's accounting", "[report]") {
  const TemporaryDirectory folder;
  Fixture fixture;
  // The rung of 40 ends at the target's upper edge, so the estimate is that rung.
  fixture.tune_loss = [](const std::string&, int64_t steps, int64_t) {
    return steps < 40 ? 5.9 : 5.005 - 1e-9;
  };
  const auto result = compared(folder, fixture);
  REQUIRE(result.comparison);
  const Effort& at = result.comparison->at;
  // Full: 80 x 0.1 s + 1.5 s; a submodel: 20 x 0.06 s + 1.5 s; the fine-tune: 40 x 0.1 s + 1.5 s.
  const double full = 9.5 / 3600 * 2.28, s = 4 * 2.7 / 3600 * 0.35, f = 5.5 / 3600 * 2.28;
  CHECK(*at.full_dollars == Approx(full));
  CHECK(*at.submodel_dollars == Approx(s));
  CHECK(*at.finetune_dollars == Approx(f));
  CHECK(*at.saving == Approx(1 - (s + f) / full));
  CHECK(at.step_speedup == Approx(2.0));
  CHECK(at.wall_speedup == Approx(9.5 / (2.7 + 5.5)));
  CHECK(at.sample_ratio == Approx((4 * 20 + 40) / 80.0));
  CHECK(at.device_hour_ratio == Approx((4 * 2.7 + 5.5) / 9.5));
  CHECK(at.break_even_ratio == Approx((9.5 - 5.5) / (4 * 2.7)));
  CHECK(*at.training_saving == Approx(1 - (4 * 1.2 * 0.35 + 4.0 * 2.28) / (8.0 * 2.28)));
}

TEST_CASE("the saving's range spans the rungs around the crossing", "[report]") {
  const TemporaryDirectory folder;
  const auto result = compared(folder);
  REQUIRE(result.comparison);
  const Comparison& comparison = *result.comparison;
  CHECK(comparison.to_target.outcome == measure::Outcome::reached);
  CHECK(comparison.least.steps == 20);
  REQUIRE(comparison.most);
  CHECK(comparison.most->steps == 40);
  CHECK(*comparison.most->saving < *comparison.at.saving);
  CHECK(*comparison.at.saving < *comparison.least.saving);
}

TEST_CASE("a fine-tune that is still to come leaves the cell without a comparison", "[report]") {
  const TemporaryDirectory folder;
  Compared result = compared(folder);
  const run::Job& rung = result.plan.graph[result.plan.cells[0].finetunes[3]];
  fs::remove(run::RunDirectory(folder.path() / rung.directory).done_file());
  result.outcome = gather(result.plan, result.plan.cells[0], folder.path());
  CHECK(result.outcome.finetunes[3].status.text() == "unfinished");
  CHECK_FALSE(compare(result.outcome, result.plan.experiment, Prices{}));
}

TEST_CASE("equal data order is counted in steps, the first difference is named", "[report]") {
  const TemporaryDirectory folder;
  Compared result = compared(folder);
  REQUIRE(result.comparison);
  CHECK(result.comparison->order.compared == 60);
  CHECK_FALSE(result.comparison->order.first_difference);

  result.outcome.finetunes[2].records.steps[16].data_hash += 1;
  const auto changed = compare(result.outcome, result.plan.experiment, Prices{});
  REQUIRE(changed);
  CHECK(changed->order.first_difference == 17);
}

TEST_CASE("without prices there are ratios but no dollars", "[report]") {
  const TemporaryDirectory folder;
  const auto result = compared(folder);
  const auto free = compare(result.outcome, result.plan.experiment, Prices{});
  REQUIRE(free);
  CHECK_FALSE(free->at.saving);
  CHECK(free->at.wall_speedup == result.comparison->at.wall_speedup);
}

TEST_CASE("a window longer than a run is an error naming the run and the setting", "[report]") {
  const TemporaryDirectory folder;
  const auto result = compared(folder);
  CHECK_THROWS_WITH(final_loss(result.outcome.finetunes[0], 50),
                    Catch::Contains("tune10") && Catch::Contains("set target.window"));
}

}  // namespace repro::report
