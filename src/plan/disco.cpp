// MoE-DisCo, "Low Economy Cost Training Mixture-of-Experts Models", algorithm 1: cluster the
// documents, train one one-expert submodel a cluster from a common start, merge, fine-tune.
#include <fmt/format.h>

#include "plan/arm_builder.hpp"

namespace repro::plan {
namespace {

// Steps of each submodel; 0 = by epochs, known once the documents are clustered.
int64_t submodel_steps(const DiscoArm::Submodel& submodel, const ArmBuilder& builder) {
  const auto absolute = submodel.cell_steps.find(builder.cell().name());
  if (absolute != submodel.cell_steps.end() && builder.baseline_steps_are_the_papers())
    return absolute->second;
  return submodel.steps > 0 ? fraction_of(builder.baseline_steps(), submodel.steps) : 0;
}

// Of the one-expert model that is expert `k` later, on the documents of cluster `k`.
config::TrainSpec submodel_training(const DiscoArm::Submodel& submodel, int64_t k,
                                    const ArmBuilder& builder) {
  config::TrainSpec spec = builder.training(submodel.train);
  spec.model = config::one_expert(builder.model());
  spec.slice = spec.part = k;
  spec.steps = submodel_steps(submodel, builder);
  spec.epochs = spec.steps > 0 ? 0 : submodel.epochs;
  return spec;
}

// Before fine-tuning: on windows of both splits, so that the barrier can be told from a gap between
// them.
config::EvalSpec merged_evaluation(const ArmBuilder& builder) {
  const int64_t windows = builder.experiment().evaluate.watch_windows;
  config::EvalSpec spec = builder.evaluation();
  spec.batch = builder.experiment().match.batch;
  spec.order_seed = builder.cell().seed;
  spec.measures = {{.name = "train", .split = "train", .windows = windows},
                   {.name = "unseen", .split = "valid", .windows = windows}};
  return spec;
}

}  // namespace

void describe(config::Fields& fields, DiscoArm::Submodel& submodel) {
  fields.field("steps", submodel.steps, config::between(0, 100));
  fields.field("epochs", submodel.epochs, config::between(0, 1e6));
  fields.field("cell_steps", submodel.cell_steps, config::between(1, 1e9));
  fields.table("train", submodel.train, config::required());
  fields.field("profile", submodel.profile, config::required());
  describe_parallel(fields, submodel.parallel);
}

void describe(config::Fields& fields, DiscoArm::Finetune& finetune) {
  fields.table("train", finetune.train, config::required());
  fields.field("horizons", finetune.horizons, horizon_range());
  fields.field("profile", finetune.profile, config::required());
  describe_parallel(fields, finetune.parallel);
}

void describe(config::Fields& fields, DiscoArm& arm) {
  describe_head(fields, arm.head, DiscoArm::kMethod);
  fields.table("cluster", arm.cluster);
  fields.table("submodel", arm.submodel, config::required());
  fields.table("merge", arm.merge);
  fields.table("finetune", arm.finetune, config::required());
}

void validate(const DiscoArm& arm, const Experiment& experiment, const config::Node& node,
              config::Problems& problems) {
  check_horizons(arm.finetune.horizons, node, "finetune.horizons", problems);
  check_parallel(arm.submodel.parallel, experiment, node, "submodel.", problems);
  check_parallel(arm.finetune.parallel, experiment, node, "finetune.", problems);
  if (arm.submodel.steps == 0 && arm.submodel.epochs == 0)
    problems.add(arm.head.source,
                 "arm '{}': submodel.steps = 0 and submodel.epochs = 0; set one of them",
                 arm.head.name);
}

std::vector<std::string> profiles(const DiscoArm& arm) {
  return {arm.submodel.profile, arm.finetune.profile};
}

ArmPlan plan_arm(ArmBuilder& builder, const DiscoArm& arm) {
  const std::string& name = arm.head.name;
  PhasePlan cluster{.name = "cluster",
                    .title = "clustering",
                    .symbol = "cluster",
                    .profile = arm.submodel.profile,
                    .overhead = true};
  cluster.jobs = {builder.add_cluster(arm.cluster, arm.submodel.profile)};

  PhasePlan submodels{
      .name = "submodels", .title = "submodel", .symbol = "S", .profile = arm.submodel.profile};
  std::map<std::string, size_t> parts = {{"assignment", cluster.jobs[0]}};
  for (int64_t k = 0; k < builder.model().experts; ++k) {
    const size_t job = builder.add_training(
        fmt::format("{}-sub{}", name, k), submodel_training(arm.submodel, k, builder),
        arm.submodel.profile, arm.submodel.parallel, {{"assignment", cluster.jobs[0]}});
    submodels.jobs.push_back(job);
    parts[fmt::format("part{}", k)] = job;
  }

  PhasePlan merge{.name = "merge",
                  .title = "merging",
                  .symbol = "merge",
                  .profile = arm.finetune.profile,
                  .leaves = "merged, before fine-tuning",
                  .overhead = true};
  merge.jobs = {builder.add_merge(name, arm.merge, arm.finetune.profile, parts)};
  merge.evals = {builder.add_eval(name + "-merged", merged_evaluation(builder),
                                  arm.finetune.profile, merge.jobs[0])};

  ArmPlan plan;
  plan.readings = {{"", "as trained"}};
  plan.phases = {cluster, submodels, merge};
  add_ladder(
      plan,
      {.name = "finetune", .title = "fine-tune", .symbol = "F", .profile = arm.finetune.profile},
      builder.rates(), arm.finetune.horizons, [&](double horizon, double rate) -> Ending {
        config::TrainSpec spec = builder.training(arm.finetune.train, rate);
        spec.steps = fraction_of(builder.baseline_steps(), horizon);
        const std::string part = fmt::format("{}-tune{}{}", name, spec.steps, rate_part(rate));
        const size_t job = builder.add_training(
            part, spec, arm.finetune.profile, arm.finetune.parallel, {{"initial", merge.jobs[0]}});
        const std::string& profile = arm.finetune.profile;
        Ending ending{
            spec.steps, job, {builder.add_eval(part, builder.evaluation(), profile, job)}};
        if (rate == 1) builder.add_answers(ending, part, builder.model(), profile);
        return ending;
      });
  return plan;
}

}  // namespace repro::plan
