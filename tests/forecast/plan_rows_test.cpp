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

TEST_CASE("a measured step's interval is that of the hours planned from it", "[forecast]") {
  plan::ExperimentOptions options;
  options.scale = "paper";
  const plan::Plan plan =
      plan::make_plan(plan::load_experiment(REPRO_SOURCE_ROOT, "table3", options));
  PlanBasis basis;
  config::MeasuredStep step;
  step.model = "qwen_moe";
  step.size = "paper";
  step.batch = 16;
  step.sequence = 1024;
  step.seconds = 2;
  step.seconds_low = 1.8;
  step.seconds_high = 2.6;
  basis.profiles["a100-80g"].measured.steps = {step};
  const TemporaryDirectory no_runs;
  const std::vector<bool> none(plan.graph.jobs().size(), false), all(none.size(), true);
  int64_t with_range = 0;
  for (const PlanRow& row :
       plan_rows(plan, all, none, MachineSpeed(plan.graph, no_runs.path()), basis)) {
    const bool timed = row.model == "qwen_moe" && row.profile == "a100-80g" && row.cost;
    CHECK(row.hours_range.has_value() == timed);
    if (!row.hours_range) continue;
    ++with_range;
    // Steps of 16 x 1024 tokens that take two seconds each.
    CHECK(*row.hours == Approx(2.0 * static_cast<double>(*row.tokens) / 16384 / 3600));
    if (row.arm == "full" && row.cell.ends_with("/ c4"))
      CHECK(*row.hours == Approx(2.0 * 21150 / 3600));
    CHECK(row.hours_range->low == Approx(*row.hours * 0.9));
    CHECK(row.hours_range->high == Approx(*row.hours * 1.3));
  }
  CHECK(with_range == 6);  // full and fine-tune on three corpora
}

TEST_CASE("a step measured with other tokens is scaled to the training's, and only projected",
          "[forecast]") {
  plan::ExperimentOptions options;
  options.scale = "paper";
  const plan::Plan plan =
      plan::make_plan(plan::load_experiment(REPRO_SOURCE_ROOT, "table3", options));
  const TemporaryDirectory no_runs;
  const std::vector<bool> none(plan.graph.jobs().size(), false), all(none.size(), true);
  const auto full_at = [&](int64_t batch, double seconds) {
    config::MeasuredStep step;
    step.model = "qwen_moe";
    step.size = "paper";
    step.batch = batch;
    step.sequence = 1024;
    step.seconds = seconds;
    PlanBasis basis;
    basis.profiles["a100-80g"].measured.steps = {step};
    for (PlanRow& row : plan_rows(plan, all, none, MachineSpeed(plan.graph, no_runs.path()), basis))
      if (row.arm == "full" && row.model == "qwen_moe") return row;
    FAIL("no row of the arm");
    return PlanRow{};
  };
  const PlanRow whole = full_at(16, 2), half = full_at(8, 1);
  REQUIRE((whole.hours && half.hours));
  CHECK(*half.hours == Approx(*whole.hours));
  CHECK(whole.evidence == measure::Evidence::calibrated);
  CHECK(half.evidence == measure::Evidence::projected);
}

TEST_CASE("a phase of several devices is as many times as dear an hour, and shorter",
          "[forecast]") {
  plan::ExperimentOptions options;
  options.scale = "paper";
  options.settings = {"match.device=\"cuda\"", "match.accumulate=4"};
  const auto row_of = [&](const char* ranks) {
    plan::ExperimentOptions with = options;
    with.settings.push_back(std::string("arm.full.ranks=") + ranks);
    const plan::Plan plan =
        plan::make_plan(plan::load_experiment(REPRO_SOURCE_ROOT, "table3", with));
    const PlanBasis basis = load_basis(REPRO_SOURCE_ROOT, plan.experiment, "paper");
    const TemporaryDirectory no_runs;
    const std::vector<bool> none(plan.graph.jobs().size(), false), all(none.size(), true);
    for (PlanRow& row : plan_rows(plan, all, none, MachineSpeed(plan.graph, no_runs.path()), basis))
      if (row.arm == "full") return row;
    FAIL("no row of the arm");
    return PlanRow{};
  };
  const PlanRow one = row_of("1"), four = row_of("4");
  CHECK(four.devices == 4);
  REQUIRE((one.hours && four.hours && one.dollars && four.dollars));
  CHECK(*four.hours == Approx(*one.hours / 4));
  CHECK(*four.dollars == Approx(*one.dollars));
  CHECK(memory_at(*four.cost, measure::StateLayout::bytes_16) <
        memory_at(*one.cost, measure::StateLayout::bytes_16));
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
