#include "train/merge_job.hpp"

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "eval/perplexity.hpp"
#include "model/weights.hpp"
#include "train/checkpoint.hpp"
#include "train/device.hpp"
#include "train/training_data.hpp"

namespace repro::train {
namespace {

using nlohmann::json;

std::vector<fs::path> submodel_files(const run::OpenedJob& job, int64_t experts) {
  std::vector<fs::path> files;
  for (int64_t k = 0; k < experts; ++k) {
    const fs::path checkpoints = input(job, fmt::format("submodel{}", k)).checkpoints();
    const auto newest = newest_checkpoint(checkpoints);
    if (!newest)
      throw Error("{}: holds no finished checkpoint; delete its run's folder and run again",
                  checkpoints.string());
    files.push_back(*newest / "model.safetensors");
  }
  return files;
}

std::vector<double> weights_from(const json& clusters, const config::MergeSpec& spec) {
  const auto documents = clusters.at("documents").get<std::vector<int64_t>>();
  const auto tokens = clusters.at("tokens").get<std::vector<int64_t>>();
  if (static_cast<int64_t>(documents.size()) != spec.model.experts)
    throw Error("{} clusters, but the model has {} experts; set cluster.k to the experts",
                documents.size(), spec.model.experts);
  return methods::merge_weights(spec.gamma, documents, tokens);
}

json square(const std::vector<double>& values) {
  json rows = json::array();
  const auto size = static_cast<size_t>(std::llround(std::sqrt(values.size())));
  for (size_t i = 0; i < size; ++i)
    rows.push_back(std::vector<double>(values.begin() + static_cast<int64_t>(i * size),
                                       values.begin() + static_cast<int64_t>((i + 1) * size)));
  return rows;
}

// LM loss over the first windows of the train split in a shuffled order.
double train_loss(model::Transformer& model, const config::MergeSpec& spec,
                  const fs::path& corpus) {
  const data::Sampler sampler(open_split(corpus, "train"), {}, spec.sequence, spec.batch,
                              static_cast<uint64_t>(spec.seed));
  const int64_t batches = (spec.evaluate.windows + spec.batch - 1) / spec.batch;
  std::vector<int32_t> ids(static_cast<size_t>(spec.batch * (spec.sequence + 1)));
  double nats = 0;
  for (int64_t i = 0; i < batches; ++i) {
    sampler.batch(i, ids);
    const at::Tensor tokens_BS =
        at::from_blob(ids.data(), {spec.batch, spec.sequence + 1}, at::kInt);
    nats += model.negative_log_likelihood(tokens_BS.to(model.options().device, at::kLong));
  }
  return nats / static_cast<double>(batches * spec.batch * spec.sequence);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

json run_merge(const run::OpenedJob& job, const run::RunDirectory& directory,
               const methods::Progress& progress) {
  const auto spec = config::from_json<config::MergeSpec>(job.spec, job.name);
  make_repeatable(spec.threads);
  progress("merge", 0, 1, "models");
  auto start = std::chrono::steady_clock::now();
  const std::vector<fs::path> submodels = submodel_files(job, spec.model.experts);
  const methods::MergeOptions options{.gamma = weights_from(input(job, "clusters").result(), spec),
                                      .router = spec.router,
                                      .scale = spec.scale,
                                      .seed = static_cast<uint64_t>(spec.seed)};
  model::Transformer full(spec.model, {.device = open_device(spec.device),
                                       .precision = model::parse_precision(spec.precision)});
  full.initialise(options.seed);
  const methods::BackboneCosine cosine =
      methods::merge(submodels, options, spec.model, full.parameters());
  full.values_changed();
  model::save_weights(directory.path() / "model.safetensors", full.parameters());
  const double merge_seconds = seconds_since(start);

  progress("evaluate", 0, 1, "models");
  start = std::chrono::steady_clock::now();
  const fs::path corpus = input(job, "corpus").path();
  const double train = train_loss(full, spec, corpus);
  const eval::HeldOut valid = eval::held_out_loss(full, *open_split(corpus, "valid"), spec.sequence,
                                                  spec.evaluate.windows, spec.batch);
  return {{"gamma", options.gamma},
          {"backbone_cosine", square(cosine.parameters)},
          {"update_cosine", square(cosine.updates)},
          {"merged_loss", {{"train", train}, {"valid", valid.loss}}},
          {"seconds", {{"merge", merge_seconds}, {"eval", seconds_since(start)}}}};
}

}  // namespace repro::train
