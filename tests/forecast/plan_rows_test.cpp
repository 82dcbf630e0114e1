#include "forecast/plan_rows.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "temporary_directory.hpp"

namespace repro::forecast {
namespace {

std::vector<PlanRow> rows_of(const plan::Plan& plan, const std::vector<bool>& counted) {
  const TemporaryDirectory no_runs;
  const std::vector<bool> done(plan.graph.jobs().size(), false);
  return plan_rows(plan, counted, done, MachineSpeed(plan.graph, no_runs.path()), PlanBasis{});
}

std::vector<PlanRow> rows_of(const plan::Plan& plan) {
  return rows_of(plan, std::vector<bool>(plan.graph.jobs().size(), true));
}

TEST_CASE("every training of a plan stands in exactly one row", "[forecast]") {
  const plan::Plan plan = plan::make_plan(plan::load_experiment(REPRO_SOURCE_ROOT, "table3", {}));
  std::vector<int> rows_with(plan.graph.jobs().size(), 0);
  for (const PlanRow& row : rows_of(plan))
    for (const size_t job : row.jobs) ++rows_with[job];
  for (size_t job = 0; job < rows_with.size(); ++job) {
    INFO(plan.graph[job].name);
    if (plan.graph[job].kind == "train") CHECK(rows_with[job] == 1);
  }
}

TEST_CASE("what a search will not run stands in no row", "[forecast]") {
  const plan::Plan plan = plan::make_plan(plan::load_experiment(REPRO_SOURCE_ROOT, "table3", {}));
  std::vector<bool> counted(plan.graph.jobs().size(), true);
  const size_t spared = plan.cells[0].arms[1].endings[1].job;
  counted[spared] = false;
  for (const PlanRow& row : rows_of(plan, counted))
    CHECK(std::count(row.jobs.begin(), row.jobs.end(), spared) == 0);
}

TEST_CASE("a phase whose first job another arm has shows its other jobs", "[forecast]") {
  plan::Plan plan = plan::make_plan(plan::load_experiment(REPRO_SOURCE_ROOT, "table3", {}));
  plan::Cell& cell = plan.cells.front();
  plan::ArmPlan shorter = cell.arms.back();
  REQUIRE(shorter.phases.back().jobs.size() > 1);
  const std::vector<size_t> ladder = shorter.phases.back().jobs;
  shorter.name = "shorter";
  shorter.phases = {shorter.phases.back()};
  shorter.phases.front().jobs = {ladder.front()};
  cell.arms.insert(cell.arms.begin(), shorter);

  std::vector<std::vector<size_t>> found;
  for (const PlanRow& row : rows_of(plan))
    if (row.jobs.front() == ladder[0] || row.jobs.front() == ladder[1]) found.push_back(row.jobs);
  CHECK(found == std::vector<std::vector<size_t>>{
                     {ladder[0]}, std::vector<size_t>(ladder.begin() + 1, ladder.end())});
}

}  // namespace
}  // namespace repro::forecast
