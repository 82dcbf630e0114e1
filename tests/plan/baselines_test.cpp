// The methods that MoE-DisCo's saving must be held against, as arms.

#include <catch2/catch.hpp>
#include <set>

#include "config/assembly_spec.hpp"
#include "plan/planned.hpp"

namespace repro::plan {
namespace {

Plan baselines(std::vector<std::string> settings = {}) {
  return plan_at("small", "baselines", std::move(settings));
}

config::MergeSpec merging(const Plan& plan, const std::string& name) {
  return spec_of<config::MergeSpec>(plan, arm_of(plan, name).phase("merge")->jobs.at(0));
}

}  // namespace

TEST_CASE("every arm of the baselines has one and the same fine-tune but for where it starts",
          "[plan]") {
  const Plan plan = baselines();
  const ArmPlan& disco = arm_of(plan, "disco");
  std::set<size_t> starts;
  for (const ArmPlan& one : plan.cells.at(0).arms) {
    if (one.phase("finetune") == nullptr) continue;
    INFO(one.name);
    REQUIRE(one.endings.size() == disco.endings.size());
    for (size_t i = 0; i < one.endings.size(); ++i) {
      CHECK(plan.graph[one.endings[i].job].spec == plan.graph[disco.endings[i].job].spec);
      CHECK(plan.graph[one.endings[i].job].inputs.at("initial") == one.phase("merge")->jobs.at(0));
    }
    CHECK(starts.insert(one.phase("merge")->jobs.at(0)).second);
  }
  CHECK(starts.size() >= 6);
}

TEST_CASE("full training and MoE-DisCo of the baselines are table 3's own runs", "[plan]") {
  const Plan table3 = plan_at("small", "table3"), plan = baselines();
  std::set<std::string> known;
  for (const run::Job& job : table3.graph.jobs()) known.insert(job.key);
  for (const char* name : {"full", "disco"})
    for (const PhasePlan& phase : arm_of(plan, name).phases)
      for (const size_t job : phase.jobs) CHECK(known.contains(plan.graph[job].key));
}

TEST_CASE("local SGD trains the whole model on equal parts and averages all of it", "[plan]") {
  const Plan plan = baselines();
  const ArmPlan& local = arm_of(plan, "local_sgd");
  const PhasePlan& parts = *local.phase("parts");
  REQUIRE(parts.jobs.size() == 4);
  const auto split = spec_of<config::ClusterSpec>(plan, local.phase("cluster")->jobs.at(0));
  CHECK(split.assignment == "equal");
  CHECK(split.k == 4);
  for (int64_t k = 0; k < 4; ++k) {
    const config::TrainSpec spec = spec_of(plan, parts.jobs[static_cast<size_t>(k)]);
    CHECK(spec.model == local.model);
    CHECK(spec.part == k);
    CHECK(spec.slice == -1);
    CHECK(spec.seed == spec_of(plan, parts.jobs[0]).seed);  // one start
  }
  CHECK(merging(plan, "local_sgd").of == "models");
  CHECK(merging(plan, "local_sgd").gamma == "uniform");
}

TEST_CASE("local SGD may have other than as many parts as there are experts", "[plan]") {
  const Plan plan = baselines({"arm.local_sgd.parts=1"});
  CHECK(arm_of(plan, "local_sgd").phase("parts")->jobs.size() == 1);
}

TEST_CASE("upcycling trains one submodel on all text and copies it", "[plan]") {
  const Plan plan = baselines({"arm.upcycle.copies.noise=0.5", "arm.upcycle.copies.scale=4"});
  const ArmPlan& upcycle = arm_of(plan, "upcycle");
  REQUIRE(upcycle.phase("submodel")->jobs.size() == 1);
  const config::TrainSpec spec = spec_of(plan, upcycle.phase("submodel")->jobs[0]);
  CHECK(spec.part == -1);
  CHECK(spec.model.experts == 1);
  const config::MergeSpec merge = merging(plan, "upcycle");
  CHECK(merge.of == "copies");
  CHECK(merge.noise == 0.5);
  CHECK(merge.scale == 4);
  CHECK_FALSE(plan.graph[upcycle.phase("merge")->jobs[0]].inputs.contains("assignment"));
}

TEST_CASE("arms that merge a part of the submodels share MoE-DisCo's submodels", "[plan]") {
  const Plan plan = baselines();
  for (const char* name : {"backbone", "experts"}) {
    CHECK(arm_of(plan, name).phase("submodels")->jobs ==
          arm_of(plan, "disco").phase("submodels")->jobs);
    CHECK(merging(plan, name).parts == name);
  }
}

TEST_CASE("a router made of text reads the corpus, others do not", "[plan]") {
  const auto inputs = [](const std::string& router) {
    const Plan plan = baselines({"models=[\"qwen_moe\"]", "arm.disco.merge.router=" + router});
    return plan.graph[arm_of(plan, "disco").phase("merge")->jobs[0]].inputs;
  };
  CHECK(inputs("ridge").contains("corpus"));
  CHECK_FALSE(inputs("concatenate").contains("corpus"));
  CHECK_THROWS_WITH(
      baselines({"arm.disco.merge.router=ridge"}),
      Catch::Contains("makes the rows of a linear router, but llama_moe's is an mlp"));
  // Then how much text there would be is no part of the key.
  CHECK(merging(baselines({"arm.disco.merge.router_windows=7"}), "disco").router_windows == 64);
}

TEST_CASE("a least share that not all clusters can have is told at its arm", "[plan]") {
  CHECK_THROWS_WITH(baselines({"arm.disco.cluster.minimum_share=0.3"}),
                    Catch::Contains("arm 'disco': cluster.minimum_share = 0.3: 4 clusters have "
                                    "0.25 of the tokens on average; set it below that") &&
                        Catch::Contains(".toml:"));
}

TEST_CASE("an ensemble is measured of the submodels, which it does not change", "[plan]") {
  const Plan plain = baselines({"arm.disco.ensemble=none"}), plan = baselines();
  const PhasePlan& submodels = *arm_of(plan, "disco").phase("submodels");
  REQUIRE(submodels.evals.size() == 1);
  const run::Job& eval = plan.graph[submodels.evals[0]];
  for (size_t k = 0; k < 4; ++k)
    CHECK(eval.inputs.at("part" + std::to_string(k)) == submodels.jobs[k]);
  CHECK(eval.spec.at("ensemble") == "posterior");
  std::set<std::string> known;
  for (const run::Job& job : plain.graph.jobs()) known.insert(job.key);
  size_t added = 0;
  for (const run::Job& job : plan.graph.jobs()) added += !known.contains(job.key);
  CHECK(added == plan.cells.size());
}

TEST_CASE("figure 6 differs from table 3's arm in which documents stand together alone", "[plan]") {
  const Plan plan = plan_at("small", "figure6");
  const auto clusters = [&](const std::string& name) {
    return spec_of<config::ClusterSpec>(plan, arm_of(plan, name).phase("cluster")->jobs.at(0));
  };
  config::ClusterSpec random = clusters("random");
  CHECK(random.assignment == "random");
  random.assignment = "kmeans";
  CHECK(config::to_json(random) == config::to_json(clusters("disco")));
  const auto& submodels = arm_of(plan, "disco").phase("submodels")->jobs;
  for (size_t k = 0; k < submodels.size(); ++k)
    CHECK(plan.graph[arm_of(plan, "random").phase("submodels")->jobs[k]].spec ==
          plan.graph[submodels[k]].spec);
}

}  // namespace repro::plan
