#pragma once
// What methods share that train parts of a model, or copies of it, before the whole: the steps of a
// part, what is measured of the assembled model, and the fine-tune.

#include "plan/methods.hpp"

namespace repro::plan {

void describe(config::Fields& fields, PartTraining& part);
void describe(config::Fields& fields, Finetune& finetune);

// Its steps or its epochs, and the ladder of the fine-tune. `part` is the key of the first in the
// arm: "submodel".
void check_parts(const ArmHead& head, const PartTraining& part, const Experiment& experiment,
                 const config::Node& arm, const std::string& key, config::Problems& problems);
void check_finetune(const Finetune& finetune, const Experiment& experiment, const config::Node& arm,
                    config::Problems& problems);

// One training of `model` on its part of the text: steps, or epochs, are set; slice and part are
// the caller's.
config::TrainSpec part_training(const PartTraining& part, config::ModelConfig model,
                                const ArmBuilder& builder);

// Of a model on the way to the last phase: on windows of both splits, so that a barrier can be told
// from a gap between them.
config::EvalSpec evaluation_on_the_way(const ArmBuilder& builder);

// Overheads: dividing the text, and assembling a model of what was trained on it, which is measured
// before the fine-tune. `leaves`: what that model is, for people.
PhasePlan cluster_phase(ArmBuilder& builder, const config::ClusterOptions& options,
                        const std::string& profile);
PhasePlan merge_phase(ArmBuilder& builder, const ArmHead& head, const config::MergeSpec& spec,
                      const std::string& profile, const std::string& leaves,
                      std::map<std::string, size_t> inputs);

// The last phase, from the weights that the job `start` leaves.
void add_finetune(ArmPlan& plan, ArmBuilder& builder, const ArmHead& head, const Finetune& finetune,
                  size_t start);

}  // namespace repro::plan
