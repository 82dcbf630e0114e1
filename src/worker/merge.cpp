#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/stopwatch.hpp"
#include "config/job_spec.hpp"
#include "methods/disco.hpp"
#include "model/transformer.hpp"
#include "model/weights.hpp"
#include "train/device.hpp"
#include "train/training_data.hpp"
#include "worker/kinds.hpp"

namespace repro::worker {
namespace {

using nlohmann::json;

std::vector<fs::path> part_files(const run::OpenedJob& job, int64_t experts) {
  std::vector<fs::path> files;
  for (int64_t k = 0; k < experts; ++k)
    files.push_back(train::input(job, fmt::format("part{}", k)).weights());
  return files;
}

std::vector<double> weights_from(const json& assigned, const config::MergeSpec& spec) {
  const auto documents = assigned.at("documents").get<std::vector<int64_t>>();
  const auto tokens = assigned.at("tokens").get<std::vector<int64_t>>();
  if (static_cast<int64_t>(documents.size()) != spec.model.experts)
    throw Error("{} parts, but the model has {} experts; cluster into as many", documents.size(),
                spec.model.experts);
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

}  // namespace

json merge(const JobContext& context) {
  const auto spec = spec_of<config::MergeSpec>(context.job);
  train::make_repeatable(spec.threads);
  context.progress("merge", 0, 1, "models");
  Stopwatch stopwatch;
  const std::vector<fs::path> parts = part_files(context.job, spec.model.experts);
  const json assigned = train::input(context.job, "assignment").result();
  const methods::MergeRecipe options{.gamma = weights_from(assigned, spec),
                                     .router = spec.router,
                                     .scale = spec.scale,
                                     .seed = static_cast<uint64_t>(spec.seed)};
  model::Transformer full(spec.model, {.device = train::open_device(spec.device),
                                       .precision = model::parse_precision(spec.precision)});
  full.initialise(options.seed);
  const methods::BackboneCosine cosine =
      methods::merge(parts, options, spec.model, full.parameters());
  model::save_weights(context.directory.weights_file(), full.parameters());
  return {{"gamma", options.gamma},
          {"backbone_cosine", square(cosine.parameters)},
          {"update_cosine", square(cosine.updates)},
          {"seconds", {{"merge", stopwatch.lap()}}}};
}

}  // namespace repro::worker
