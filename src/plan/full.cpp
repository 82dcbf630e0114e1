// Full training: one phase, a run for each horizon. The baseline of every paper here.
#include <fmt/format.h>

#include "plan/methods.hpp"

namespace repro::plan {

void describe(config::Fields& fields, FullArm& arm) {
  describe_head(fields, arm.head, FullArm::kMethod);
  fields.field("steps", arm.steps, config::between(0, 1e9));
  fields.table("train", arm.train, config::required());
  fields.field("horizons", arm.horizons, horizon_range());
  fields.field("profile", arm.profile, config::required());
  describe_parallel(fields, arm.parallel);
}

void validate(const FullArm& arm, const Experiment& experiment, const config::Node& node,
              config::Problems& problems) {
  check_horizons(arm.horizons, node, "horizons", problems);
  check_parallel(arm.parallel, experiment, node, "", problems);
}

std::vector<std::string> profiles(const FullArm& arm) { return {arm.profile}; }

ArmPlan plan_arm(ArmBuilder& builder, const FullArm& arm) {
  ArmPlan plan;
  plan.readings = {{"", "as trained"}};
  const int64_t whole = arm.steps > 0 ? arm.steps : builder.budgeted_steps();
  add_ladder(plan, training_phase(arm.head, arm.profile), builder.rates(), arm.horizons,
             [&](double horizon, double rate) -> Ending {
               config::TrainSpec spec = builder.training(arm.train, rate);
               spec.steps = fraction_of(whole, horizon);
               const std::string part = horizon_part(arm.head, horizon, spec.steps, rate);
               const size_t job = builder.add_training(part, spec, arm.profile, arm.parallel);
               Ending ending{spec.steps,
                             job,
                             {builder.add_eval(part, builder.evaluation(), arm.profile, job)}};
               if (rate == 1) builder.add_answers(ending, part, builder.model(), arm.profile);
               return ending;
             });
  return plan;
}

}  // namespace repro::plan
