// Sparse upcycling, "Sparse Upcycling: Training Mixture-of-Experts from Dense Checkpoints" (arXiv
// 2212.05055): one dense model trained on all text, its feed-forward network copied into every
// expert, a router that nothing has trained, and the whole trained on.
#include <fmt/format.h>

#include "plan/part_training.hpp"

namespace repro::plan {

void describe(config::Fields& fields, UpcycleArm& arm) {
  describe_head(fields, arm.head, UpcycleArm::kMethod);
  fields.table("submodel", arm.submodel, config::required());
  fields.table("copies", arm.copies);
  fields.table("finetune", arm.finetune, config::required());
}

void validate(const UpcycleArm& arm, const Experiment& experiment, const config::Node& node,
              config::Problems& problems) {
  check_parts(arm.head, arm.submodel, experiment, node, "submodel", problems);
  check_finetune(arm.finetune, experiment, node, problems);
}

void check_model(const UpcycleArm& arm, const Experiment&, const std::string& key,
                 const config::ModelConfig& model, config::Problems& problems) {
  if (model.experts == 1)
    problems.add(arm.head.source,
                 "arm '{}': {} has one expert, so there is nothing to copy it into; give the arm "
                 "a model of several",
                 arm.head.name, key);
}

std::vector<std::string> profiles(const UpcycleArm& arm) {
  return {arm.submodel.profile, arm.finetune.profile};
}

ArmPlan plan_arm(ArmBuilder& builder, const UpcycleArm& arm) {
  PhasePlan submodel{
      .name = "submodel", .title = "submodel", .symbol = "S", .profile = arm.submodel.profile};
  config::TrainSpec training =
      part_training(arm.submodel, config::one_expert(builder.model()), builder);
  training.slice = 0;
  submodel.jobs = {builder.add_training(arm.head.name + "-sub", training, arm.submodel.profile,
                                        arm.submodel.parallel)};

  config::MergeSpec spec = builder.merge({});
  spec.of = "copies";
  spec.router = arm.copies.router;
  spec.noise = arm.copies.noise;
  spec.scale = arm.copies.scale;
  const PhasePlan merge = merge_phase(builder, arm.head, spec, arm.finetune.profile,
                                      "copied, before fine-tuning", {{"part0", submodel.jobs[0]}});
  ArmPlan plan;
  plan.readings = {{"", "as trained"}};
  plan.phases = {submodel, merge};
  add_finetune(plan, builder, arm.head, arm.finetune, merge.jobs[0]);
  return plan;
}

}  // namespace repro::plan
