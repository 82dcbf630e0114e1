#include "methods/grow.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/stopwatch.hpp"
#include "model/transformer.hpp"
#include "model/weights.hpp"
#include "run/records.hpp"
#include "train/checkpoint.hpp"
#include "train/device.hpp"
#include "train/result.hpp"
#include "train/training_data.hpp"
#include "worker/kinds.hpp"

namespace repro::worker {
namespace {

using nlohmann::json;

config::GrowSpec grow_spec(const run::OpenedJob& job) {
  const auto spec = spec_of<config::GrowSpec>(job);
  if (spec.before > spec.model.experts)
    throw Error("job '{}': {} experts cannot grow to {}", job.name, spec.before,
                spec.model.experts);
  return spec;
}

// The model that grows, of which only the pool is smaller.
config::ModelConfig smaller_model(const config::GrowSpec& spec) {
  config::ModelConfig model = spec.model;
  model.experts = spec.before;
  return model;
}

void keep_moments(const config::GrowSpec& spec, const JobContext& context) {
  const train::Moments moments =
      train::read_moments(train::input(context.job, "weights").checkpoints());
  const model::Layout smaller = model::layout_of(smaller_model(spec));
  const model::Layout larger = model::layout_of(spec.model);
  if (moments.first.numel() != smaller.total)
    throw Error(
        "{}: {} moments, but a model of {} experts has {} parameters; run the experiment "
        "again",
        train::input(context.job, "weights").path().string(), moments.first.numel(), spec.before,
        smaller.total);
  train::save_moments(context.directory.path() / train::kMomentsFile,
                      {methods::grow_flat(moments.first, smaller, larger),
                       methods::grow_flat(moments.second, smaller, larger), moments.updates});
}

}  // namespace

json grow(const JobContext& context) {
  const config::GrowSpec spec = grow_spec(context.job);
  train::make_repeatable(spec.threads);
  context.progress("grow", 0, 1, "models");
  Stopwatch stopwatch;
  const run::RunDirectory& trained = train::input(context.job, "weights");
  model::Transformer model(spec.model, {.device = train::open_device(spec.device),
                                        .precision = model::parse_precision(spec.precision)});
  model.initialise(static_cast<uint64_t>(spec.seed));
  methods::grow(trained.weights(), spec, model.parameters());
  model::save_weights(context.directory.weights_file(), model.parameters());
  if (spec.optimizer == "keep") keep_moments(spec, context);
  const double before = train::loss_at_end(run::read_records(trained.records_file()).steps);
  return {{"experts", {spec.before, spec.model.experts}},
          {"loss_before", before},
          {"seconds", {{"grow", stopwatch.lap()}}}};
}

}  // namespace repro::worker
