// MoE-DisCo, "Low Economy Cost Training Mixture-of-Experts Models", algorithm 1: cluster the
// documents, train one one-expert submodel a cluster from a common start, merge, fine-tune.
#include <fmt/format.h>

#include "plan/part_training.hpp"

namespace repro::plan {
namespace {

using Inputs = std::map<std::string, size_t>;

// The submodels read together and not merged: BTM, "Branch-Train-Merge" (arXiv 2208.03306). As long
// as no training follows, no merge of them need be better.
size_t add_ensemble(ArmBuilder& builder, const DiscoArm& arm, Inputs parts) {
  config::EvalSpec spec = builder.evaluation();
  spec.model = config::one_expert(builder.model());
  spec.ensemble = arm.ensemble;
  parts.erase("assignment");
  return builder.add_eval(arm.head.name + "-ensemble", spec, arm.submodel.profile,
                          std::move(parts));
}

}  // namespace

void describe(config::Fields& fields, DiscoArm& arm) {
  describe_head(fields, arm.head, DiscoArm::kMethod);
  fields.table("cluster", arm.cluster);
  fields.table("submodel", arm.submodel, config::required());
  fields.field("ensemble", arm.ensemble, config::one_of({"none", "posterior", "uniform"}));
  fields.table("merge", arm.merge);
  fields.table("finetune", arm.finetune, config::required());
}

void validate(const DiscoArm& arm, const Experiment& experiment, const config::Node& node,
              config::Problems& problems) {
  check_parts(arm.head, arm.submodel, experiment, node, "submodel", problems);
  check_finetune(arm.finetune, experiment, node, problems);
}

void check_model(const DiscoArm& arm, const Experiment&, const std::string& key,
                 const config::ModelConfig& model, config::Problems& problems) {
  const auto add = [&](const std::string& text) {
    problems.add(arm.head.source, "arm '{}': {}", arm.head.name, text);
  };
  if (arm.cluster.k != 0 && arm.cluster.k != model.experts)
    add(fmt::format("cluster.k = {} but {} has experts = {}; one cluster an expert, or leave k out",
                    arm.cluster.k, key, model.experts));
  if (arm.cluster.minimum_share * static_cast<double>(model.experts) > 1)
    add(fmt::format(
        "cluster.minimum_share = {}: {} clusters have {:.4g} of the tokens on average; "
        "set it below that",
        arm.cluster.minimum_share, model.experts, 1 / static_cast<double>(model.experts)));
  if (reads_text(arm.merge) && model.router.network != config::RouterNetwork::linear)
    add(
        fmt::format("merge.router = \"{}\" makes the rows of a linear router, but {}'s is an mlp; "
                    "use concatenate, zeros or normal",
                    arm.merge.router, key));
}

std::vector<std::string> profiles(const DiscoArm& arm) {
  return {arm.submodel.profile, arm.finetune.profile};
}

ArmPlan plan_arm(ArmBuilder& builder, const DiscoArm& arm) {
  const std::string& name = arm.head.name;
  const PhasePlan cluster = cluster_phase(builder, arm.cluster, arm.submodel.profile);

  PhasePlan submodels{
      .name = "submodels", .title = "submodel", .symbol = "S", .profile = arm.submodel.profile};
  Inputs parts = {{"assignment", cluster.jobs[0]}};
  for (int64_t k = 0; k < builder.model().experts; ++k) {
    config::TrainSpec spec =
        part_training(arm.submodel, config::one_expert(builder.model()), builder);
    spec.slice = spec.part = k;
    const size_t job =
        builder.add_training(fmt::format("{}-sub{}", name, k), spec, arm.submodel.profile,
                             arm.submodel.parallel, {{"assignment", cluster.jobs[0]}});
    submodels.jobs.push_back(job);
    parts[fmt::format("part{}", k)] = job;
  }
  if (arm.ensemble != "none") {
    submodels.leaves = "submodels together, not merged";
    submodels.evals = {add_ensemble(builder, arm, parts)};
  }

  config::MergeSpec spec = builder.merge(arm.merge);
  const PhasePlan merge = merge_phase(builder, arm.head, spec, arm.finetune.profile,
                                      "merged, before fine-tuning", parts);
  ArmPlan plan;
  plan.readings = {{"", "as trained"}};
  plan.phases = {cluster, submodels, merge};
  add_finetune(plan, builder, arm.head, arm.finetune, merge.jobs[0]);
  return plan;
}

}  // namespace repro::plan
