#pragma once
// What each method says of itself, one overload each, beside its jobs in a file of its own: how it
// is read from a manifest, its rules, the devices of its phases, its plan.

#include "plan/arm_builder.hpp"

namespace repro::plan {

void describe(config::Fields& fields, FullArm& arm);
void describe(config::Fields& fields, DiscoArm& arm);
void describe(config::Fields& fields, LocalSgdArm& arm);
void describe(config::Fields& fields, UpcycleArm& arm);
void describe(config::Fields& fields, DsMoeArm& arm);
void describe(config::Fields& fields, EmoArm& arm);

// Rules that need no model; `node` is the arm as the manifest has it.
void validate(const FullArm& arm, const Experiment& experiment, const config::Node& node,
              config::Problems& problems);
void validate(const DiscoArm& arm, const Experiment& experiment, const config::Node& node,
              config::Problems& problems);
void validate(const LocalSgdArm& arm, const Experiment& experiment, const config::Node& node,
              config::Problems& problems);
void validate(const UpcycleArm& arm, const Experiment& experiment, const config::Node& node,
              config::Problems& problems);
void validate(const DsMoeArm& arm, const Experiment& experiment, const config::Node& node,
              config::Problems& problems);
void validate(const EmoArm& arm, const Experiment& experiment, const config::Node& node,
              config::Problems& problems);

// Rules between an arm and its model ("qwen_moe"), of methods that have some.
void check_model(const DiscoArm& arm, const Experiment& experiment, const std::string& key,
                 const config::ModelConfig& model, config::Problems& problems);
void check_model(const UpcycleArm& arm, const Experiment& experiment, const std::string& key,
                 const config::ModelConfig& model, config::Problems& problems);
void check_model(const DsMoeArm& arm, const Experiment& experiment, const std::string& key,
                 const config::ModelConfig& model, config::Problems& problems);
void check_model(const EmoArm& arm, const Experiment& experiment, const std::string& key,
                 const config::ModelConfig& model, config::Problems& problems);

// Hardware profiles of its phases, in their order.
std::vector<std::string> profiles(const FullArm& arm);
std::vector<std::string> profiles(const DiscoArm& arm);
std::vector<std::string> profiles(const LocalSgdArm& arm);
std::vector<std::string> profiles(const UpcycleArm& arm);
std::vector<std::string> profiles(const DsMoeArm& arm);
std::vector<std::string> profiles(const EmoArm& arm);

// The phases, endings and readings; name, title and method are filled in by the caller.
ArmPlan plan_arm(ArmBuilder& builder, const FullArm& arm);
ArmPlan plan_arm(ArmBuilder& builder, const DiscoArm& arm);
ArmPlan plan_arm(ArmBuilder& builder, const LocalSgdArm& arm);
ArmPlan plan_arm(ArmBuilder& builder, const UpcycleArm& arm);
ArmPlan plan_arm(ArmBuilder& builder, const DsMoeArm& arm);
ArmPlan plan_arm(ArmBuilder& builder, const EmoArm& arm);

}  // namespace repro::plan
