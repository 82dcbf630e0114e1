#include "findings/cuts.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "report/fixture_runs.hpp"

namespace repro::findings {
namespace {

using plan::Cell;
using plan::Ending;

report::Fixture asking(std::vector<std::string> cuts = {"loss", "steps", "dollars"}) {
  report::Fixture fixture;
  fixture.tasks = {"pairs"};
  fixture.cuts = std::move(cuts);
  return fixture;
}

// Full: 80 steps, loss 4. Tunes of 10, 20, 40, 60 steps with the losses given; none has not ended.
struct CutLadder {
  explicit CutLadder(std::vector<std::optional<double>> tune_losses)
      : plan(report::plan_of(asking())), cell(plan.cells.front()) {
    losses[cell.arms[0].endings[0].job] = 4;
    for (size_t i = 0; i < tune_losses.size(); ++i)
      if (tune_losses[i]) losses[cell.arms[1].endings[i].job] = *tune_losses[i];
  }
  EndingResult read(const Ending& ending) const {
    if (failed.contains(ending.job)) return {true, std::nullopt};
    const auto at = losses.find(ending.job);
    return at == losses.end() ? EndingResult{} : EndingResult{true, at->second};
  }
  std::optional<CutStanding> stand(const std::string& cut, const CostReader& cost = {}) const {
    return stand_at_cut(
        cut, cell, 1, 0.005, [this](const Ending& ending) { return read(ending); }, cost);
  }

  plan::Plan plan;
  const Cell& cell;
  std::map<size_t, double> losses;
  std::set<size_t> failed;
};

// As dear as so many dollars a step, after phases of `before`.
CostReader cost_of_steps(double before, double a_step = 1) {
  return [=](const Cell& cell, size_t arm, int64_t steps) -> std::optional<double> {
    return arm == cell.baseline ? 80.0 : before + a_step * static_cast<double>(steps);
  };
}

}  // namespace

TEST_CASE("at equal loss the shortest ending known to reach it stands, once the search is over",
          "[findings]") {
  const auto found = CutLadder({5.0, 5.0, 4.0, 3.9}).stand("loss");
  REQUIRE(found);
  CHECK(found->is_equal());
  CHECK(found->above == 2);
  CHECK_FALSE(CutLadder({std::nullopt, std::nullopt, 4.0}).stand("loss"));  // 20 steps are open
}

TEST_CASE("an arm that reaches the loss nowhere stands at its longest ending, as a bound",
          "[findings]") {
  const auto found = CutLadder({5.0, 5.0, 5.0, 4.1}).stand("loss");
  REQUIRE(found);
  CHECK(found->below == 3);
  CHECK_FALSE(found->above);
  CHECK(found->part() == 0);
}

TEST_CASE("of a ladder that ends early the longest ending is below equal steps", "[findings]") {
  const auto found = CutLadder({}).stand("steps");  // known before anything ran
  REQUIRE(found);
  CHECK(found->below == 3);
  CHECK(found->share_below == 0.75);
  CHECK_FALSE(found->above);
}

TEST_CASE("what is equally dear lies between two endings, in proportion", "[findings]") {
  const CutLadder ladder({5, 5, 5, 5});
  const auto found = ladder.stand("dollars", cost_of_steps(30));
  REQUIRE(found);
  CHECK(found->below == 2);  // 70 of 80
  CHECK(found->above == 3);  // 90
  CHECK(found->part() == Approx(0.5));
  CHECK(found->endings() == std::vector<size_t>{2, 3});
}

TEST_CASE("an ending within a hundredth of the baseline's dollars is equal to it", "[findings]") {
  const auto found = CutLadder({5, 5, 5, 5}).stand("dollars", cost_of_steps(40.5));
  REQUIRE(found);
  CHECK(found->is_equal());
  CHECK(found->below == 2);
}

TEST_CASE("an arm dearer from its shortest ending on stands there, as a bound from above",
          "[findings]") {
  const auto found = CutLadder({5, 5, 5, 5}).stand("dollars", cost_of_steps(100));
  REQUIRE(found);
  CHECK(found->above == 0);
  CHECK_FALSE(found->below);
}

TEST_CASE("without costs, or before the baseline has ended, no ending is equally dear",
          "[findings]") {
  CutLadder ladder({5, 5, 5, 5});
  CHECK_FALSE(ladder.stand("dollars"));
  CHECK_FALSE(ladder.stand(
      "dollars", [](const Cell&, size_t, int64_t) -> std::optional<double> { return {}; }));
  ladder.losses.erase(ladder.cell.arms[0].endings[0].job);
  CHECK_FALSE(ladder.stand("dollars", cost_of_steps(30)));
}

TEST_CASE("an ending whose run failed stands for nothing", "[findings]") {
  CutLadder ladder({5, 5, 5, 5});
  ladder.failed = {ladder.cell.arms[1].endings[3].job};
  CHECK(ladder.stand("steps")->below == 2);
  CHECK(ladder.stand("dollars", cost_of_steps(30))->below == 2);
  CHECK_FALSE(ladder.stand("dollars", cost_of_steps(30))->above);
}

TEST_CASE("the baseline stands at its own reference at every cut", "[findings]") {
  const CutLadder ladder({});
  const auto found = stand_at_cut("dollars", ladder.cell, 0, 0.005,
                                  [](const Ending&) { return EndingResult{}; }, {});
  REQUIRE(found);
  CHECK(found->below == ladder.cell.reference);
}

TEST_CASE("the endings that stand for a cut are asked, and no others; those of steps are trained",
          "[findings]") {
  const CutLadder ladder({5.0, 4.0, 4.0, 4.0});
  const auto read = [&](const Ending& ending) { return ladder.read(ending); };
  const std::vector<bool> wanted = wanted_jobs(ladder.plan, read, cost_of_steps(65));
  const plan::ArmPlan& arm = ladder.cell.arms[1];
  // Loss: 20 steps. Steps: the longest, 60. Dollars: between 10 and 20.
  const std::vector<bool> asked = {true, true, false, true};
  for (size_t i = 0; i < asked.size(); ++i) {
    CHECK(wanted[arm.endings[i].answers[0].job] == asked[i]);
    if (asked[i]) CHECK(wanted[arm.endings[i].job]);
  }
  CHECK(wanted[ladder.cell.arms[0].endings[0].answers[0].job]);
  CHECK(wanted[ladder.cell.tasks[0]]);
}

TEST_CASE("no more is asked than was planned", "[findings]") {
  const CutLadder ladder({5.0, 4.0, 4.0, 4.0});
  const std::vector<bool> most = most_jobs(ladder.plan);
  const auto answers = [&](const std::vector<bool>& jobs) {
    int64_t count = 0;
    for (size_t job = 0; job < jobs.size(); ++job)
      count += jobs[job] && ladder.plan.graph[job].spec.contains("tasks");
    return count;
  };
  // Of each of two cells: the baseline and as many tunes as three cuts may come by.
  CHECK(answers(most) >= 2 * 3);
  CHECK(answers(most) <= 2 * (1 + 4));
}

TEST_CASE("costs are asked for only where a cut follows from dollars", "[findings]") {
  CHECK(needs_costs(report::plan_of(asking()).experiment));
  CHECK_FALSE(needs_costs(report::plan_of(asking({"loss", "steps"})).experiment));
  CHECK_FALSE(needs_costs(report::plan_of({}).experiment));
}

}  // namespace repro::findings
