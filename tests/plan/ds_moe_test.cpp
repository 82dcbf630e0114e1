#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "measure/flops.hpp"
#include "measure/parameters.hpp"
#include "plan/plan.hpp"

namespace repro::plan {
namespace {

Plan planned(const std::string& scale, std::vector<std::string> settings = {}) {
  const ExperimentOptions options{scale, std::move(settings), {}};
  return make_plan(load_experiment(REPRO_SOURCE_ROOT, "ds_moe", options));
}

const ArmPlan& arm(const Plan& plan, const std::string& name) {
  for (const ArmPlan& one : plan.cells.at(0).arms)
    if (one.name == name) return one;
  FAIL("no arm " << name);
  return plan.cells[0].arms[0];
}

int64_t parameters(const Plan& plan, const std::string& name) {
  return measure::count_parameters(arm(plan, name).model).full();
}

config::EvalSpec reading(const Plan& plan, size_t index) {
  const size_t job = arm(plan, "ds_moe").endings.at(0).evals.at(index);
  return config::from_json<config::EvalSpec>(plan.graph[job].spec, "spec");
}

}  // namespace

TEST_CASE("the three arms are of equal size but for the routers, and see equal tokens", "[plan]") {
  for (const char* scale : {"smoke", "mini", "small", "paper"}) {
    INFO(scale);
    const Plan plan = planned(scale);
    const config::ModelConfig& model = plan.experiment.model_entries.at("ds_moe").model;
    const int64_t routers = model.layers * model.experts * model.width;
    CHECK(parameters(plan, "ds_moe") == parameters(plan, "dense") + routers);
    CHECK(parameters(plan, "sparse") == parameters(plan, "ds_moe"));
    for (const char* name : {"ds_moe", "sparse"})
      CHECK(arm(plan, name).endings[0].steps == arm(plan, "dense").endings[0].steps);
  }
}

TEST_CASE("DS-MoE trains every expert on every token with the mutual-information loss", "[plan]") {
  const Plan plan = planned("smoke", {"arm.ds_moe.alpha=0.25"});
  const auto spec = config::from_json<config::TrainSpec>(
      plan.graph[arm(plan, "ds_moe").endings[0].job].spec, "spec");
  CHECK(spec.model.router.select == config::Select::all);
  CHECK(spec.model.top_k == spec.model.experts);
  REQUIRE(spec.model.losses.size() == 1);
  CHECK(spec.model.losses[0] == config::LossConfig{config::LossKind::mutual_information, 0.25});
}

TEST_CASE("under a budget of FLOPs DS-MoE pays for every expert that it trains", "[plan]") {
  // Of the model's eight experts the baseline trains two a token, DS-MoE all.
  const ExperimentOptions options{"mini", {"budget.equal=flops"}, {}};
  const Plan plan = make_plan(load_experiment(REPRO_SOURCE_ROOT, "methods", options));
  const auto flops = [&](const std::string& name) {
    const Ending& last = arm(plan, name).endings.back();
    const auto spec = config::from_json<config::TrainSpec>(plan.graph[last.job].spec, "spec");
    return static_cast<double>(last.steps) *
           static_cast<double>(measure::flops_per_token(measure::Convention::megatron, spec.model,
                                                        plan.experiment.match.sequence));
  };
  CHECK(arm(plan, "ds_moe").endings.back().steps < arm(plan, "full").endings.back().steps);
  CHECK(flops("ds_moe") == Approx(flops("full")).epsilon(0.005));  // whole steps
}

TEST_CASE("the readings measure the same weights and differ in nothing but the selection",
          "[plan]") {
  const Plan plan = planned("smoke");
  const ArmPlan& moe = arm(plan, "ds_moe");
  REQUIRE(moe.readings.size() == 6);
  REQUIRE(moe.endings[0].evals.size() == 6);
  CHECK(moe.readings[0].name.empty());
  const config::EvalSpec trained = reading(plan, 0);
  const config::Select selections[] = {
      config::Select::all,   config::Select::threshold, config::Select::threshold_top_k,
      config::Select::top_k, config::Select::top_k,     config::Select::top_k};
  for (size_t i = 0; i < 6; ++i) {
    CHECK(plan.graph[moe.endings[0].evals[i]].inputs.at("weights") == moe.endings[0].job);
    config::EvalSpec spec = reading(plan, i);
    CHECK(spec.model.router.select == selections[i]);
    config::Problems problems;
    config::validate(spec.model, {}, problems);
    CHECK_FALSE(problems.any());
    spec.model.router = trained.model.router;
    spec.model.top_k = trained.model.top_k;
    CHECK(config::to_json(spec) == config::to_json(trained));
  }
  CHECK(reading(plan, 3).model.top_k == 3);  // 0.375 of 8
  CHECK(reading(plan, 4).model.top_k == 4);
  CHECK(reading(plan, 5).model.top_k == 2);
}

TEST_CASE("a reading with the wrong kind of limit is told at its arm", "[plan]") {
  CHECK_THROWS_WITH(planned("smoke", {"arm.ds_moe.readings.threshold.threshold=0"}),
                    Catch::Contains("reading 'threshold' selects by \"threshold\"") &&
                        Catch::Contains("experiments/ds_moe/ds_moe.toml:"));
  CHECK_THROWS_AS(planned("smoke", {"arm.ds_moe.readings.top_k.share=0"}), Error);
  CHECK_THROWS_AS(planned("smoke", {"arm.ds_moe.readings.top_k.threshold=0.5"}), Error);
}

}  // namespace repro::plan
