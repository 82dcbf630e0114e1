#include "plan/part_training.hpp"

#include <fmt/format.h>

namespace repro::plan {
namespace {

// Steps of a part; 0 = by epochs, known once the documents are divided.
int64_t part_steps(const PartTraining& part, const ArmBuilder& builder) {
  const auto absolute = part.cell_steps.find(builder.cell().name());
  if (absolute != part.cell_steps.end() && builder.baseline_steps_are_the_papers())
    return absolute->second;
  return part.steps > 0 ? fraction_of(builder.baseline_steps(), part.steps) : 0;
}

}  // namespace

void describe(config::Fields& fields, PartTraining& part) {
  fields.field("steps", part.steps, config::between(0, 100));
  fields.field("epochs", part.epochs, config::between(0, 1e6));
  fields.field("cell_steps", part.cell_steps, config::between(1, 1e9));
  fields.table("train", part.train, config::required());
  fields.field("profile", part.profile, config::required());
  describe_parallel(fields, part.parallel);
}

void describe(config::Fields& fields, Finetune& finetune) {
  fields.table("train", finetune.train, config::required());
  fields.field("horizons", finetune.horizons, horizon_range());
  fields.field("profile", finetune.profile, config::required());
  describe_parallel(fields, finetune.parallel);
}

void check_parts(const ArmHead& head, const PartTraining& part, const Experiment& experiment,
                 const config::Node& arm, const std::string& key, config::Problems& problems) {
  check_parallel(part.parallel, experiment, arm, key + ".", problems);
  if (part.steps == 0 && part.epochs == 0)
    problems.add(head.source, "arm '{}': {}.steps = 0 and {}.epochs = 0; set one of them",
                 head.name, key, key);
}

void check_finetune(const Finetune& finetune, const Experiment& experiment, const config::Node& arm,
                    config::Problems& problems) {
  check_horizons(finetune.horizons, arm, "finetune.horizons", problems);
  check_parallel(finetune.parallel, experiment, arm, "finetune.", problems);
}

config::TrainSpec part_training(const PartTraining& part, config::ModelConfig model,
                                const ArmBuilder& builder) {
  config::TrainSpec spec = builder.training(part.train);
  spec.model = std::move(model);
  spec.steps = part_steps(part, builder);
  spec.epochs = spec.steps > 0 ? 0 : part.epochs;
  return spec;
}

config::EvalSpec evaluation_on_the_way(const ArmBuilder& builder) {
  const int64_t windows = builder.experiment().evaluate.watch_windows;
  config::EvalSpec spec = builder.evaluation();
  spec.batch = builder.experiment().match.batch;
  spec.order_seed = builder.cell().seed;
  spec.measures = {{.name = "train", .split = "train", .windows = windows},
                   {.name = "unseen", .split = "valid", .windows = windows}};
  return spec;
}

PhasePlan cluster_phase(ArmBuilder& builder, const config::ClusterOptions& options,
                        const std::string& profile) {
  PhasePlan phase{.name = "cluster",
                  .title = "clustering",
                  .symbol = "cluster",
                  .profile = profile,
                  .overhead = true};
  phase.jobs = {builder.add_cluster(options, profile)};
  return phase;
}

PhasePlan merge_phase(ArmBuilder& builder, const ArmHead& head, const config::MergeSpec& spec,
                      const std::string& profile, const std::string& leaves,
                      std::map<std::string, size_t> inputs) {
  PhasePlan phase{.name = "merge",
                  .title = "merging",
                  .symbol = "merge",
                  .profile = profile,
                  .leaves = leaves,
                  .overhead = true};
  phase.jobs = {builder.add_merge(head.name, spec, profile, std::move(inputs))};
  phase.evals = {builder.add_eval(head.name + "-merged", evaluation_on_the_way(builder), profile,
                                  phase.jobs[0])};
  return phase;
}

void add_finetune(ArmPlan& plan, ArmBuilder& builder, const ArmHead& head, const Finetune& finetune,
                  size_t start) {
  add_ladder(
      plan, {.name = "finetune", .title = "fine-tune", .symbol = "F", .profile = finetune.profile},
      builder.rates(), finetune.horizons, [&](double horizon, double rate) -> Ending {
        config::TrainSpec spec = builder.training(finetune.train, rate);
        spec.steps = fraction_of(builder.baseline_steps(), horizon);
        const std::string part = fmt::format("{}-tune{}{}", head.name, spec.steps, rate_part(rate));
        const size_t job = builder.add_training(part, spec, finetune.profile, finetune.parallel,
                                                {{"initial", start}});
        Ending ending{
            spec.steps, job, {builder.add_eval(part, builder.evaluation(), finetune.profile, job)}};
        if (rate == 1) builder.add_answers(ending, part, builder.model(), finetune.profile);
        return ending;
      });
}

}  // namespace repro::plan
