// Local SGD with one average, "Parallelized Stochastic Gradient Descent" (Zinkevich et al. 2010,
// algorithm 3: SimuParallelSGD): the whole model trained from one start on each of several equal
// parts of the text, dealt at random; the mean of the weights; here fine-tuned as MoE-DisCo's
// merged model is. What a method gains by clusters and by experts of their own it must gain over
// this.
#include <fmt/format.h>

#include "plan/part_training.hpp"

namespace repro::plan {

void describe(config::Fields& fields, LocalSgdArm& arm) {
  describe_head(fields, arm.head, LocalSgdArm::kMethod);
  fields.field("parts", arm.parts, config::between(0, 1e4));
  fields.table("part", arm.part, config::required());
  fields.table("finetune", arm.finetune, config::required());
}

void validate(const LocalSgdArm& arm, const Experiment& experiment, const config::Node& node,
              config::Problems& problems) {
  check_parts(arm.head, arm.part, experiment, node, "part", problems);
  check_finetune(arm.finetune, experiment, node, problems);
}

std::vector<std::string> profiles(const LocalSgdArm& arm) {
  return {arm.part.profile, arm.finetune.profile};
}

ArmPlan plan_arm(ArmBuilder& builder, const LocalSgdArm& arm) {
  const std::string& name = arm.head.name;
  const int64_t count = arm.parts > 0 ? arm.parts : builder.model().experts;
  config::ClusterOptions equal;
  equal.assignment = "equal";
  equal.k = count;
  const PhasePlan split = cluster_phase(builder, equal, arm.part.profile);

  PhasePlan parts{.name = "parts", .title = "part", .symbol = "P", .profile = arm.part.profile};
  std::map<std::string, size_t> inputs = {{"assignment", split.jobs[0]}};
  for (int64_t k = 0; k < count; ++k) {
    config::TrainSpec spec = part_training(arm.part, builder.model(), builder);
    spec.part = k;
    const size_t job =
        builder.add_training(fmt::format("{}-part{}", name, k), spec, arm.part.profile,
                             arm.part.parallel, {{"assignment", split.jobs[0]}});
    parts.jobs.push_back(job);
    inputs[fmt::format("part{}", k)] = job;
  }

  config::MergeSpec spec = builder.merge({});
  spec.of = "models";
  spec.gamma = "uniform";
  const PhasePlan merge = merge_phase(builder, arm.head, spec, arm.finetune.profile,
                                      "averaged, before fine-tuning", inputs);
  ArmPlan plan;
  plan.readings = {{"", "as trained"}};
  plan.phases = {split, parts, merge};
  add_finetune(plan, builder, arm.head, arm.finetune, merge.jobs[0]);
  return plan;
}

}  // namespace repro::plan
