#include <ATen/TensorOperators.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/stopwatch.hpp"
#include "config/job_spec.hpp"
#include "eval/ensemble.hpp"
#include "eval/perplexity.hpp"
#include "measure/growth.hpp"
#include "model/transformer.hpp"
#include "model/weights.hpp"
#include "train/device.hpp"
#include "train/result.hpp"
#include "train/training_data.hpp"
#include "worker/answers.hpp"
#include "worker/kinds.hpp"
#include "worker/own_tokenizer.hpp"

namespace repro::worker {
namespace {

using nlohmann::json;

// A measure without zeros that stand for another value.
config::MeasureSpec resolved(config::MeasureSpec measure, int64_t sequence) {
  if (measure.window == 0) measure.window = sequence;
  if (measure.stride == 0) measure.stride = measure.window;
  return measure;
}

config::EvalSpec eval_spec(const run::OpenedJob& job) {
  auto spec = spec_of<config::EvalSpec>(job);
  if (spec.measures.empty() && spec.tasks.empty())
    throw Error("job '{}': measures nothing; name a measure or a task", job.name);
  std::set<std::string> names;
  for (config::MeasureSpec& measure : spec.measures) {
    measure = resolved(measure, spec.sequence);
    if (!names.insert(measure.name).second)
      throw Error("job '{}': two measures are called '{}'; rename one", job.name, measure.name);
    if (measure.stride > measure.window)
      throw Error("job '{}': measure '{}': stride = {} is more than window = {}", job.name,
                  measure.name, measure.stride, measure.window);
    if (measure.split == "train" && measure.stride != measure.window)
      throw Error(
          "job '{}': measure '{}': stride = {} with window = {}, but the train split is read in a "
          "training's order, whose windows do not overlap; leave out stride",
          job.name, measure.name, measure.stride, measure.window);
  }
  return spec;
}

// Error that names the measure when its split cannot give a single prediction.
std::shared_ptr<const data::TokenShards> open_for(const config::MeasureSpec& measure,
                                                  const run::RunDirectory& corpus) {
  auto split = train::open_split(corpus.path(), measure.split);
  const int64_t needed = measure.split == "train" ? measure.window + 1 : 2;
  if (split->tokens() < needed)
    throw Error("{}: split '{}' has {} token(s), measure '{}' needs {}; use a larger corpus",
                corpus.path().filename().string(), measure.split, split->tokens(), measure.name,
                needed);
  return split;
}

eval::HeldOut measured(const eval::Predictor& model, const config::MeasureSpec& measure,
                       const config::EvalSpec& spec, const run::OpenedJob& job) {
  const run::RunDirectory& corpus = train::input(job, "corpus");
  const auto split = open_for(measure, corpus);
  const std::string own = tokenizer_of_weights(job);
  if (!own.empty() && own != split->tokenizer_sha256())
    throw Error(
        "{}: its tokens are not those of the weights; they read no corpus but by their own "
        "tokenizer",
        corpus.path().string());
  if (measure.split == "train")
    return eval::shuffled_loss(model, split, measure.window, measure.windows, spec.batch,
                               static_cast<uint64_t>(spec.order_seed));
  if (measure.windows > 0 && measure.stride == measure.window)
    return eval::unseen_loss(model, *split, measure.window, measure.windows, spec.batch);
  return eval::sliding_window_loss(model, *split, measure.window, measure.stride, spec.batch,
                                   measure.windows);
}

json measure_json(const config::MeasureSpec& measure, const eval::HeldOut& found) {
  return {{"split", measure.split},
          {"window", measure.window},
          {"stride", measure.stride},
          {"windows", measure.windows},
          {"loss", found.loss},
          {"tokens", found.tokens},
          {"bits_per_byte", found.bits_per_byte},
          {"bytes", found.bytes},
          {"words", found.words},
          {"blocks", found.blocks}};
}

model::Transformer load_model(const config::EvalSpec& spec, const fs::path& weights) {
  model::Transformer model(spec.model, {.device = train::open_device(spec.device),
                                        .precision = model::parse_precision(spec.precision)});
  model::load_weights(weights, model.parameters());
  model.values_changed();
  return model;
}

// "" of weights that brought their tokenizer and read no corpus.
std::string corpus_fingerprint(const run::OpenedJob& job) {
  const auto corpus = job.inputs.find("corpus");
  return corpus == job.inputs.end() ? "" : corpus->second.result().value("fingerprint", "");
}

// One, or those of the ensemble.
std::vector<model::Transformer> load_models(const config::EvalSpec& spec,
                                            const run::OpenedJob& job) {
  std::vector<model::Transformer> models;
  if (spec.ensemble == "none") {
    models.push_back(load_model(spec, train::input(job, "weights").weights()));
    return models;
  }
  if (!spec.tasks.empty())
    throw Error("job '{}': an ensemble answers no tasks; leave them out", job.name);
  for (const fs::path& part : train::part_weights(job)) models.push_back(load_model(spec, part));
  return models;
}

int64_t parameters_of(const std::vector<model::Transformer>& models) {
  int64_t parameters = 0;
  for (const model::Transformer& model : models) parameters += model.parameter_count();
  return parameters;
}

// Each expert's share of its layer's tokens; undefined without a router.
at::Tensor loads_of(const at::Tensor& counts_LE) {
  if (!counts_LE.defined()) return {};
  return counts_LE.to(at::kDouble) / counts_LE.sum(1, /*keepdim=*/true).clamp_min(1);
}

// Of each layer's loads.
json ginis_of(const at::Tensor& counts_LE) {
  json ginis = json::array();
  for (const json& loads : train::json_rows(counts_LE))
    ginis.push_back(measure::gini(loads.get<std::vector<double>>()));
  return ginis;
}

// The measures, and what they saw of the routers on the way.
json measure_all(const eval::Predictor& predictor, const config::EvalSpec& spec,
                 const JobContext& context) {
  Stopwatch stopwatch;
  json measures = json::object();
  double active = 0, heads = 0, tokens = 0;
  at::Tensor counts_LE;
  for (const config::MeasureSpec& measure : spec.measures) {
    context.progress("evaluate", static_cast<double>(measures.size()),
                     static_cast<double>(spec.measures.size()), "measures");
    const eval::HeldOut found = measured(predictor, measure, spec, context.job);
    measures[measure.name] = measure_json(measure, found);
    const auto scored = static_cast<double>(found.tokens);
    active += found.active_share * scored;
    heads += found.attention_share * scored;
    tokens += scored;
    if (found.expert_counts.defined())
      counts_LE = counts_LE.defined() ? counts_LE + found.expert_counts : found.expert_counts;
  }
  json result = {{"measures", measures},
                 {"active_share", tokens > 0 ? json(active / tokens) : json(nullptr)},
                 {"expert_load", train::json_rows(loads_of(counts_LE))},
                 {"gini", ginis_of(counts_LE)}};
  if (tokens > 0) result["tokens_per_second"] = tokens / std::max(stopwatch.seconds(), 1e-9);
  if (spec.model.attention_router.experts > 0 && tokens > 0)
    result["attention_share"] = heads / tokens;
  return result;
}

}  // namespace

json evaluate(const JobContext& context) {
  const config::EvalSpec spec = eval_spec(context.job);
  train::make_repeatable(spec.threads);
  Stopwatch stopwatch;
  std::vector<model::Transformer> models = load_models(spec, context.job);
  const eval::Predictor predictor = spec.ensemble == "none"
                                        ? eval::Predictor(models.front())
                                        : eval::ensemble_of(models, spec.ensemble);
  const double load_seconds = stopwatch.lap();
  json result = measure_all(predictor, spec, context);
  const double measure_seconds = stopwatch.lap();
  result["tasks"] = answer_tasks(context, spec, models.front());
  result["parameters"] = parameters_of(models);
  result["seconds"] = {{"load", load_seconds}, {"eval", measure_seconds + stopwatch.lap()}};
  result["corpus_fingerprint"] = corpus_fingerprint(context.job);
  return result;
}

}  // namespace repro::worker
