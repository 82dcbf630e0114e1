#include "plan/arm_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "measure/flops.hpp"
#include "plan/task_jobs.hpp"

namespace repro::plan {

using config::TrainSpec;

ArmBuilder::ArmBuilder(Plan& plan, const Cell& cell, size_t arm, const run::Origins& origins)
    : plan_(plan),
      cell_(cell),
      entry_(plan.experiment.model_entries.at(cell.model)),
      model_(entry_.arm_models.at(arm)),
      arm_(arm),
      origins_(origins) {}

int64_t ArmBuilder::baseline_steps() const { return experiment().baseline_steps(cell_.name()); }

bool ArmBuilder::baseline_steps_are_the_papers() const { return experiment().steps == 0; }

int64_t ArmBuilder::budgeted_steps(const config::ModelConfig& trained) const {
  const Experiment& whole = experiment();
  const size_t baseline = whole.baseline_index();
  if (whole.protocol == Protocol::target || whole.budget.equal != "flops" || arm_ == baseline)
    return baseline_steps();
  const auto flops = [&](const config::ModelConfig& model) {
    return static_cast<double>(
        measure::flops_per_token(measure::Convention::megatron, model, whole.match.sequence));
  };
  return fraction_of(baseline_steps(), flops(entry_.arm_models.at(baseline)) / flops(trained));
}

std::vector<double> ArmBuilder::rates() const {
  std::vector<double> rates = {1};
  if (experiment().checks(cell_.corpus))
    rates.insert(rates.end(), experiment().check.rates.begin(), experiment().check.rates.end());
  return rates;
}

TrainSpec ArmBuilder::training(const config::OptimizerSpec& optimizer, double rate) const {
  const Match& match = experiment().match;
  TrainSpec spec;
  spec.model = model_;
  spec.batch = match.batch;
  spec.sequence = match.sequence;
  spec.accumulate = match.accumulate;
  spec.precision = match.precision;
  spec.device = match.device;
  spec.threads = match.threads;
  spec.order_seed = match.order_seed + cell_.seed;
  spec.seed = cell_.seed;
  spec.optimizer = optimizer;
  spec.optimizer.lr *= learning_rate_factor(experiment(), entry_) * rate;
  // How many windows are watched says nothing where none is.
  if (experiment().evaluate.every > 0)
    spec.watch = {experiment().evaluate.every, experiment().evaluate.watch_windows};
  return spec;
}

config::EvalSpec ArmBuilder::evaluation() const {
  const Match& match = experiment().match;
  const Evaluate& evaluate = experiment().evaluate;
  config::EvalSpec spec;
  spec.model = model_;
  spec.batch = match.batch / match.accumulate;
  spec.sequence = match.sequence;
  spec.precision = match.precision;
  spec.device = match.device;
  spec.threads = match.threads;
  // What says the same is written the same.
  const int64_t window = evaluate.ppl_window == match.sequence ? 0 : evaluate.ppl_window;
  const int64_t whole = window == 0 ? match.sequence : window;
  const int64_t stride = evaluate.ppl_stride == whole ? 0 : evaluate.ppl_stride;
  spec.measures = {
      {.name = "unseen", .split = "valid", .windows = evaluate.windows},
      {.name = "ppl", .split = evaluate.ppl_split, .window = window, .stride = stride}};
  return spec;
}

std::string ArmBuilder::job_name(const std::string& kind, const std::string& part) const {
  return fmt::format("{}-{}-{}-{}-s{}", kind, cell_.model, cell_.corpus, part, cell_.seed);
}

size_t ArmBuilder::add(run::Job job) {
  job.origins = origins_;
  return plan_.graph.add(std::move(job));
}

size_t ArmBuilder::add_training(const std::string& part, TrainSpec spec, const std::string& profile,
                                const Parallel& parallel, std::map<std::string, size_t> inputs) {
  spec.ranks = parallel.ranks;
  inputs["corpus"] = cell_.prepare;
  run::Job job;
  job.kind = "train";
  job.name = job_name("train", part);
  job.spec = config::to_json(spec);
  job.inputs = std::move(inputs);
  job.execution = {{"checkpoint_every", experiment().checkpoint_every}};
  if (spec.ranks > 1) {
    job.execution["rank_timeout_seconds"] = experiment().rank_timeout_seconds;
    job.execution["shard_optimizer"] = parallel.shard_optimizer;
  }
  job.resources = {.profile = profile, .ranks = spec.ranks, .threads = spec.threads};
  return add(std::move(job));
}

size_t ArmBuilder::add_cluster(config::ClusterOptions options, const std::string& profile) {
  if (options.k == 0) options.k = model_.experts;
  // Equal parts are dealt, whatever a clustering would look at.
  if (options.assignment == "equal") {
    config::ClusterOptions dealt;
    dealt.assignment = options.assignment;
    dealt.k = options.k;
    options = dealt;
  }
  config::ClusterSpec spec{options, cell_.seed, {}};
  // Only the model's own table makes the clusters depend on the model.
  if (spec.embedding == "model") spec.model = model_;
  run::Job job;
  job.kind = "cluster";
  job.name = fmt::format("cluster-{}-k{}-s{}", cell_.corpus, spec.k, cell_.seed);
  job.spec = config::to_json(spec);
  job.inputs = {{"corpus", cell_.prepare}};
  job.resources.profile = profile;
  return add(std::move(job));
}

config::MergeSpec ArmBuilder::merge(const config::MergeOptions& options) const {
  const Match& match = experiment().match;
  config::MergeSpec spec;
  static_cast<config::MergeOptions&>(spec) = options;
  spec.model = model_;
  spec.seed = cell_.seed;
  spec.precision = match.precision;
  spec.device = match.device;
  spec.threads = match.threads;
  if (!reads_text(options)) {
    spec.router_windows = config::MergeOptions().router_windows;
    return spec;
  }
  spec.batch = match.batch / match.accumulate;
  spec.sequence = match.sequence;
  spec.order_seed = match.order_seed + cell_.seed;
  return spec;
}

size_t ArmBuilder::add_merge(const std::string& part, const config::MergeSpec& spec,
                             const std::string& profile, std::map<std::string, size_t> inputs) {
  if (reads_text(spec)) inputs["corpus"] = cell_.prepare;
  run::Job job;
  job.kind = "merge";
  job.name = job_name("merge", part);
  job.spec = config::to_json(spec);
  job.inputs = std::move(inputs);
  job.resources = {.profile = profile, .ranks = 1, .threads = spec.threads};
  return add(std::move(job));
}

size_t ArmBuilder::add_growth(const std::string& part, const config::GrowOptions& options,
                              const config::ModelConfig& model, int64_t before,
                              const std::string& profile, size_t weights) {
  const Match& match = experiment().match;
  config::GrowSpec spec;
  static_cast<config::GrowOptions&>(spec) = options;
  // What another way of beginning would need changes nothing.
  if (spec.experts != "copy-noise") spec.noise = config::GrowOptions().noise;
  if (spec.experts != "drop-upcycle") spec.drop = config::GrowOptions().drop;
  spec.model = model;
  spec.before = before;
  spec.seed = cell_.seed;
  spec.precision = match.precision;
  spec.device = match.device;
  spec.threads = match.threads;
  run::Job job;
  job.kind = "grow";
  job.name = job_name("grow", part);
  job.spec = config::to_json(spec);
  job.inputs = {{"weights", weights}};
  job.resources = {.profile = profile, .ranks = 1, .threads = spec.threads};
  return add(std::move(job));
}

size_t ArmBuilder::add_eval(const std::string& part, const config::EvalSpec& spec,
                            const std::string& profile, size_t weights) {
  return add_eval(part, spec, profile, {{"weights", weights}});
}

size_t ArmBuilder::add_eval(const std::string& part, const config::EvalSpec& spec,
                            const std::string& profile, std::map<std::string, size_t> parts) {
  run::Job job;
  job.kind = "eval";
  job.name = job_name("eval", part);
  job.spec = config::to_json(spec);
  job.inputs = std::move(parts);
  job.inputs["corpus"] = cell_.prepare;
  job.resources = {.profile = profile, .ranks = 1, .threads = spec.threads};
  return add(std::move(job));
}

void ArmBuilder::add_answers(Ending& ending, const std::string& part,
                             const config::ModelConfig& model, const std::string& profile,
                             size_t reading) {
  const auto& names = experiment().evaluate.tasks;
  for (size_t i = 0; i < names.size(); ++i) {
    config::EvalSpec spec = answering_spec(experiment(), experiment().task_entries.at(names[i]));
    spec.model = model;
    run::Job job;
    job.kind = "eval";
    job.name = job_name("eval", part + "-" + names[i]);
    job.spec = config::to_json(spec);
    job.inputs = {{"weights", ending.job},
                  {"corpus", cell_.prepare},
                  {"task-" + names[i], cell_.tasks.at(i)}};
    job.resources = {.profile = profile, .ranks = 1, .threads = spec.threads};
    ending.answers.push_back({names[i], reading, add(std::move(job))});
  }
}

int64_t fraction_of(int64_t steps, double fraction) {
  return std::max<int64_t>(1, std::llround(static_cast<double>(steps) * fraction));
}

PhasePlan training_phase(const ArmHead& head, const std::string& profile) {
  return {.name = "train", .title = head.name, .symbol = head.name, .profile = profile};
}

std::string rate_part(double rate) { return rate == 1 ? "" : fmt::format("-x{}", rate); }

std::string horizon_part(const ArmHead& head, double horizon, int64_t steps, double rate) {
  return head.name + (horizon == 1 ? "" : std::to_string(steps)) + rate_part(rate);
}

void add_ladder(ArmPlan& plan, PhasePlan last, const std::vector<double>& rates,
                const std::vector<double>& horizons,
                const std::function<Ending(double horizon, double rate)>& ending_of) {
  for (const double rate : rates) {
    std::vector<Ending> endings;
    for (const double horizon : horizons) endings.push_back(ending_of(horizon, rate));
    for (const Ending& ending : endings) (rate == 1 ? last.jobs : last.tuned).push_back(ending.job);
    if (rate == 1)
      plan.endings = std::move(endings);
    else
      plan.rates.push_back({rate, std::move(endings)});
  }
  plan.phases.push_back(std::move(last));
}

}  // namespace repro::plan
