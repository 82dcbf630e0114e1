#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/stopwatch.hpp"
#include "config/job_spec.hpp"
#include "eval/perplexity.hpp"
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

eval::HeldOut measured(model::Transformer& model, const config::MeasureSpec& measure,
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

model::Transformer load_model(const config::EvalSpec& spec, const run::OpenedJob& job) {
  model::Transformer model(spec.model, {.device = train::open_device(spec.device),
                                        .precision = model::parse_precision(spec.precision)});
  model::load_weights(train::input(job, "weights").weights(), model.parameters());
  model.values_changed();
  return model;
}

// "" of weights that brought their tokenizer and read no corpus.
std::string corpus_fingerprint(const run::OpenedJob& job) {
  const auto corpus = job.inputs.find("corpus");
  return corpus == job.inputs.end() ? "" : corpus->second.result().value("fingerprint", "");
}

}  // namespace

json evaluate(const JobContext& context) {
  const config::EvalSpec spec = eval_spec(context.job);
  train::make_repeatable(spec.threads);
  Stopwatch stopwatch;
  model::Transformer model = load_model(spec, context.job);
  const double load_seconds = stopwatch.lap();
  json measures = json::object();
  double active = 0, tokens = 0;
  for (const config::MeasureSpec& measure : spec.measures) {
    context.progress("evaluate", static_cast<double>(measures.size()),
                     static_cast<double>(spec.measures.size()), "measures");
    const eval::HeldOut found = measured(model, measure, spec, context.job);
    measures[measure.name] = measure_json(measure, found);
    active += found.active_share * static_cast<double>(found.tokens);
    tokens += static_cast<double>(found.tokens);
  }
  const json tasks = answer_tasks(context, spec, model);
  return {{"measures", measures},
          {"tasks", tasks},
          {"parameters", model.parameter_count()},
          {"active_share", tokens > 0 ? json(active / tokens) : json(nullptr)},
          {"expert_load", train::json_rows(model.expert_load())},
          {"seconds", {{"load", load_seconds}, {"eval", stopwatch.lap()}}},
          {"corpus_fingerprint", corpus_fingerprint(context.job)}};
}

}  // namespace repro::worker
