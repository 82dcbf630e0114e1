#include "run/plan.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/error.hpp"
#include "config/job_spec.hpp"

namespace repro::run {
namespace {

using config::Experiment;
using config::OptimizerSpec;
using config::TrainSpec;

// The names jobs are shown by: "train-qwen_moe-c4-full-s0".
std::string job_name(const std::string& kind, const Cell& cell, const std::string& part) {
  return fmt::format("{}-{}-{}{}{}-s{}", kind, cell.model, cell.corpus, part.empty() ? "" : "-",
                     part, cell.seed);
}

// "match.batch" -> "experiments/scales/smoke.toml:14": where each value of the manifest came from.
void collect_origins(const config::Node& node, const std::string& path, nlohmann::json& origins) {
  if (node.table() == nullptr) {
    origins[path] = node.source.text();
    return;
  }
  for (const auto& [key, value] : *node.table())
    collect_origins(value, path.empty() ? key : path + "." + key, origins);
}

// Builds the jobs of one cell; each function adds one kind of job.
class CellPlanner {
 public:
  CellPlanner(Plan& plan, Cell& cell, const nlohmann::json& origins)
      : plan_(plan),
        cell_(cell),
        origins_(origins),
        experiment_(plan.experiment),
        entry_(plan.experiment.model_entries.at(cell.model)) {}

  void plan_full() {
    cell_.full = add_training("full", full_spec(cell_.full_steps), {});
    if (!experiment_.full.ladder) return;
    for (int64_t steps : cell_.finetune_steps)
      cell_.full_ladder.push_back(add_training(fmt::format("full{}", steps), full_spec(steps), {}));
  }

  void plan_disco() {
    cell_.cluster = add_cluster();
    for (int64_t k = 0; k < entry_.model.experts; ++k)
      cell_.submodels.push_back(
          add_training(fmt::format("sub{}", k), submodel_spec(k), {{"clusters", cell_.cluster}}));
    cell_.merge = add_merge();
    for (int64_t steps : cell_.finetune_steps)
      cell_.finetunes.push_back(add_training(fmt::format("tune{}", steps), finetune_spec(steps),
                                             {{"initial", cell_.merge}}));
  }

  size_t add_prepare() {
    config::PrepareSpec spec;
    spec.corpus = experiment_.corpus_entries.at(cell_.corpus);
    spec.vocabulary = entry_.model.vocabulary;
    spec.tokenizer_megabytes = experiment_.match.tokenizer_megabytes;
    spec.max_train_tokens = experiment_.match.max_train_tokens;
    Job job;
    job.kind = "prepare";
    job.name = fmt::format("prepare-{}-v{}", spec.corpus.name, spec.vocabulary);
    job.spec = config::to_json(spec);
    return add(std::move(job));
  }

 private:
  size_t add(Job job) {
    job.origins = origins_;
    return plan_.graph.add(std::move(job));
  }

  size_t add_training(const std::string& part, const TrainSpec& spec,
                      std::map<std::string, size_t> inputs) {
    inputs["corpus"] = cell_.prepare;
    Job job;
    job.kind = "train";
    job.name = job_name("train", cell_, part);
    job.spec = config::to_json(spec);
    job.inputs = std::move(inputs);
    job.execution = {{"checkpoint_every", experiment_.checkpoint_every}};
    return add(std::move(job));
  }

  size_t add_cluster() {
    config::ClusterSpec spec{experiment_.disco.cluster, cell_.seed, {}};
    // Only the model's own table makes the clusters depend on the model.
    if (spec.embedding == "model") spec.model = entry_.model;
    Job job;
    job.kind = "cluster";
    job.name = fmt::format("cluster-{}-s{}", cell_.corpus, cell_.seed);
    job.spec = config::to_json(spec);
    job.inputs = {{"corpus", cell_.prepare}};
    return add(std::move(job));
  }

  size_t add_merge() {
    config::MergeSpec spec;
    static_cast<config::MergeOptions&>(spec) = experiment_.disco.merge;
    spec.model = entry_.model;
    spec.seed = cell_.seed;
    spec.batch = experiment_.match.batch;
    spec.sequence = experiment_.match.sequence;
    spec.precision = experiment_.match.precision;
    spec.device = experiment_.match.device;
    spec.evaluate = experiment_.evaluate;
    Job job;
    job.kind = "merge";
    job.name = job_name("merge", cell_, "");
    job.spec = config::to_json(spec);
    job.inputs = {{"corpus", cell_.prepare}, {"clusters", cell_.cluster}};
    for (size_t k = 0; k < cell_.submodels.size(); ++k)
      job.inputs[fmt::format("submodel{}", k)] = cell_.submodels[k];
    return add(std::move(job));
  }

  // What [match] locks: the same for every training of the cell.
  TrainSpec matched_spec(const OptimizerSpec& optimizer) const {
    TrainSpec spec;
    spec.model = entry_.model;
    spec.batch = experiment_.match.batch;
    spec.sequence = experiment_.match.sequence;
    spec.accumulate = experiment_.match.accumulate;
    spec.precision = experiment_.match.precision;
    spec.device = experiment_.match.device;
    spec.order_seed = experiment_.match.order_seed + cell_.seed;
    spec.seed = cell_.seed;
    spec.optimizer = optimizer;
    spec.optimizer.lr *= learning_rate_factor(experiment_, entry_);
    spec.evaluate = experiment_.evaluate;
    spec.loss_window = experiment_.target.window;
    return spec;
  }

  TrainSpec full_spec(int64_t steps) const {
    TrainSpec spec = matched_spec(experiment_.full.train);
    spec.phase = "full";
    spec.steps = steps;
    return spec;
  }

  TrainSpec submodel_spec(int64_t k) const {
    TrainSpec spec = matched_spec(experiment_.disco.submodel.train);
    spec.phase = "submodel";
    spec.cluster = k;
    spec.steps = cell_.submodel_steps;
    spec.epochs = cell_.submodel_steps > 0 ? 0 : experiment_.disco.submodel.epochs;
    return spec;
  }

  TrainSpec finetune_spec(int64_t steps) const {
    TrainSpec spec = matched_spec(experiment_.disco.finetune.train);
    spec.phase = "finetune";
    spec.steps = steps;
    return spec;
  }

  Plan& plan_;
  Cell& cell_;
  const nlohmann::json& origins_;
  const Experiment& experiment_;
  const Experiment::ModelEntry& entry_;
};

int64_t fraction_of(int64_t steps, double fraction) {
  return std::max<int64_t>(1, std::llround(static_cast<double>(steps) * fraction));
}

int64_t full_steps(const config::FullArm& arm, const std::string& cell) {
  return arm.steps > 0 ? arm.steps : arm.cell_steps.at(cell);
}

// 0 = by epochs, known once the documents are clustered.
int64_t submodel_steps(const config::SubmodelOptions& options, int64_t full,
                       const std::string& cell) {
  if (options.steps > 0) return fraction_of(full, options.steps);
  return options.epochs > 0 ? 0 : options.cell_steps.at(cell);
}

void plan_cell(Plan& plan, Cell& cell, const nlohmann::json& origins) {
  const Experiment& experiment = plan.experiment;
  const std::string name = cell.model + "/" + cell.corpus;
  cell.full_steps = full_steps(experiment.full, name);
  cell.submodel_steps = submodel_steps(experiment.disco.submodel, cell.full_steps, name);
  for (double horizon : experiment.disco.finetune.horizons)
    cell.finetune_steps.push_back(fraction_of(cell.full_steps, horizon));
  CellPlanner planner(plan, cell, origins);
  cell.prepare = planner.add_prepare();
  planner.plan_full();
  planner.plan_disco();
}

}  // namespace

double learning_rate_factor(const Experiment& experiment, const Experiment::ModelEntry& entry) {
  const double ratio =
      static_cast<double>(entry.paper.width) / static_cast<double>(entry.model.width);
  return std::pow(ratio, experiment.scale.lr_width_exponent);
}

Plan make_plan(config::Experiment experiment) {
  Plan plan;
  plan.experiment = std::move(experiment);
  nlohmann::json origins = nlohmann::json::object();
  collect_origins(plan.experiment.resolved, "", origins);
  for (const std::string& model : plan.experiment.models)
    for (const std::string& corpus : plan.experiment.corpora)
      for (int64_t seed : plan.experiment.seeds) {
        Cell cell;
        cell.model = model;
        cell.corpus = corpus;
        cell.seed = seed;
        plan_cell(plan, cell, origins);
        plan.cells.push_back(std::move(cell));
      }
  return plan;
}

}  // namespace repro::run
