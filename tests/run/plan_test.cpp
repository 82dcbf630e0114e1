#include "run/plan.hpp"

#include <catch2/catch.hpp>
#include <set>

namespace repro::run {
namespace {

Plan plan_of(std::vector<std::string> settings, const std::string& name = "table3") {
  config::ExperimentOptions options;
  options.settings = std::move(settings);
  return make_plan(config::load_experiment(REPRO_SOURCE_ROOT, name, options));
}

std::set<std::string> keys(const Plan& plan) {
  std::set<std::string> all;
  for (const Job& job : plan.graph.jobs()) all.insert(job.key);
  return all;
}

int count_of_kind(const Plan& plan, const std::string& kind) {
  int count = 0;
  for (const Job& job : plan.graph.jobs()) count += job.kind == kind;
  return count;
}

size_t changed(const Plan& before, const Plan& after) {
  const std::set<std::string> known = keys(before);
  size_t count = 0;
  for (const std::string& key : keys(after)) count += !known.contains(key);
  return count;
}

}  // namespace

TEST_CASE("table 3 is six cells of one full run, four submodels, a merge and the ladder", "[run]") {
  const Plan plan = plan_of({});
  CHECK(plan.cells.size() == 6);
  CHECK(count_of_kind(plan, "train") == 6 * (1 + 4 + 4));
  CHECK(count_of_kind(plan, "merge") == 6);
  // Both models share the prepared corpora and the clusters.
  CHECK(count_of_kind(plan, "prepare") == 3);
  CHECK(count_of_kind(plan, "cluster") == 3);
}

TEST_CASE("tables 1 and 6 plan exactly the jobs of table 3", "[run]") {
  const Plan table3 = plan_of({});
  CHECK(keys(plan_of({}, "table1")) == keys(table3));
  CHECK(keys(plan_of({}, "table6")) == keys(table3));
}

TEST_CASE("inputs stand before the jobs that read them", "[run]") {
  const Plan plan = plan_of({});
  for (size_t i = 0; i < plan.graph.jobs().size(); ++i)
    for (const auto& [role, input] : plan.graph[i].inputs) CHECK(input < i);
}

TEST_CASE("a changed field changes the keys of its job and of those that read it, only", "[run]") {
  const Plan base = plan_of({});
  // Per cell: merged model and its four fine-tunes.
  CHECK(changed(base, plan_of({"arm.disco.merge.gamma=uniform"})) == 6 * (1 + 4));
  // Per cell: the four submodels too.
  CHECK(changed(base, plan_of({"arm.disco.submodel.train.lr=2e-4"})) == 6 * (4 + 1 + 4));
  CHECK(changed(base, plan_of({"arm.disco.finetune.train.lr=2e-4"})) == 6 * 4);
  // What cannot change a result changes no key.
  CHECK(changed(base, plan_of({"checkpoint_every=7"})) == 0);
  CHECK(changed(base, plan_of({"target.tolerance=0.1"})) == 0);
}

TEST_CASE("both arms see the same data order, batch and precision", "[run]") {
  const Plan plan = plan_of({"match.order_seed=5"});
  for (const Cell& cell : plan.cells) {
    const nlohmann::json& full = plan.graph[cell.full].spec;
    for (size_t tune : cell.finetunes)
      for (const char* field : {"order_seed", "batch", "sequence", "precision", "model", "seed"})
        CHECK(plan.graph[tune].spec[field] == full[field]);
    CHECK(full["order_seed"] == 5);
  }
}

TEST_CASE("the width rule keeps the paper's ratio of the submodel rate to the full rate", "[run]") {
  const Plan plan = plan_of({});
  for (const Cell& cell : plan.cells) {
    const double full = plan.graph[cell.full].spec["optimizer"]["lr"];
    const double submodel = plan.graph[cell.submodels[0]].spec["optimizer"]["lr"];
    CHECK(full / submodel == Approx(3.0));
    CHECK(full > 3e-4);
  }
  const Plan literal = plan_of({"scale.lr_width_exponent=0"});
  CHECK(literal.graph[literal.cells[0].full].spec["optimizer"]["lr"].get<double>() == 3e-4);
}

TEST_CASE("the fine-tune's horizons are fractions of the full run, which the switch runs too",
          "[run]") {
  const Plan plan = plan_of({"arm.full.steps=800", "arm.full.ladder=true"});
  CHECK(plan.cells[0].finetune_steps == std::vector<int64_t>{100, 200, 400, 600});
  REQUIRE(plan.cells[0].full_ladder.size() == 4);
  CHECK(plan.graph[plan.cells[0].full_ladder[1]].spec["steps"] == 200);
}

TEST_CASE("a job knows where each value of its manifest came from", "[run]") {
  const Plan plan = plan_of({"match.batch=8"});
  const nlohmann::json& origins = plan.graph[plan.cells[0].full].origins;
  CHECK(origins["match.batch"] == "--set");
  CHECK(origins["match.sequence"].get<std::string>().starts_with("experiments/scales/mini.toml:"));
  CHECK(origins["arm.full.train.lr"].get<std::string>().starts_with("experiments/moe_disco/"));
}

}  // namespace repro::run
