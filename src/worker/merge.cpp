#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/stopwatch.hpp"
#include "config/assembly_spec.hpp"
#include "config/job_spec.hpp"
#include "data/tokens/sampler.hpp"
#include "methods/assemble.hpp"
#include "methods/assignment.hpp"
#include "methods/disco.hpp"
#include "methods/router_start.hpp"
#include "model/layout.hpp"
#include "model/transformer.hpp"
#include "model/weights.hpp"
#include "train/device.hpp"
#include "train/training_data.hpp"
#include "worker/kinds.hpp"

namespace repro::worker {
namespace {

using nlohmann::json;

constexpr double kRidge = 1e-3;  // of the mean of X^T X's diagonal

json square(const std::vector<double>& values) {
  json rows = json::array();
  const auto size = static_cast<size_t>(std::llround(std::sqrt(values.size())));
  for (size_t i = 0; i < size; ++i)
    rows.push_back(std::vector<double>(values.begin() + static_cast<int64_t>(i * size),
                                       values.begin() + static_cast<int64_t>((i + 1) * size)));
  return rows;
}

std::vector<double> weights_from(const json& assigned, const config::MergeSpec& spec,
                                 size_t parts) {
  const auto documents = assigned.at("documents").get<std::vector<int64_t>>();
  const auto tokens = assigned.at("tokens").get<std::vector<int64_t>>();
  if (spec.of == "submodels" && static_cast<int64_t>(documents.size()) != spec.model.experts)
    throw Error("{} parts, but the model has {} experts; cluster into as many", documents.size(),
                spec.model.experts);
  if (documents.size() != parts)
    throw Error("the text has {} parts, but {} were trained; run the experiment again",
                documents.size(), parts);
  return methods::merge_weights(spec.gamma, documents, tokens);
}

struct Merged {
  std::vector<double> gamma;
  methods::Cosines cosines;
};

Merged merge_into(model::Transformer& full, const config::MergeSpec& spec,
                  const run::OpenedJob& job) {
  const std::vector<fs::path> parts = train::part_weights(job);
  const auto seed = static_cast<uint64_t>(spec.seed);
  if (spec.of == "copies") {
    if (parts.size() != 1)
      throw Error("job '{}': {} parts, but one model is copied into the experts", job.name,
                  parts.size());
    methods::copy_into_experts(
        parts[0], {.router = spec.router, .noise = spec.noise, .scale = spec.scale, .seed = seed},
        spec.model, full.parameters());
    return {{1.0}, {{1.0}, {1.0}}};
  }
  const json assigned = train::input(job, "assignment").result();
  const std::vector<double> gamma = weights_from(assigned, spec, parts.size());
  if (spec.of == "models") return {gamma, methods::average(parts, gamma, full.parameters())};
  const methods::MergeRecipe recipe{.gamma = gamma,
                                    .router = spec.router,
                                    .scale = spec.scale,
                                    .seed = seed,
                                    .backbone = spec.parts != "experts",
                                    .experts = spec.parts != "backbone"};
  return {gamma, methods::merge(parts, recipe, spec.model, full.parameters())};
}

// What the merged model's routers read of each part's text.
methods::RouterRows read_text(model::Transformer& full, const config::MergeSpec& spec,
                              const JobContext& context) {
  const auto split = train::open_split(train::input(context.job, "corpus").path(), "train");
  const methods::Assignment assignment = methods::read_assignment(
      train::input(context.job, "assignment").path() / methods::kAssignmentFile);
  methods::RouterRows rows(spec.model.layers, spec.model.experts, spec.model.width);
  std::vector<int32_t> ids(static_cast<size_t>(spec.batch * (spec.sequence + 1)));
  for (int64_t k = 0; k < spec.model.experts; ++k) {
    context.progress("router", static_cast<double>(k), static_cast<double>(spec.model.experts),
                     "parts");
    const data::Sampler sampler(split, assignment.documents_of(k), spec.sequence, spec.batch,
                                static_cast<uint64_t>(spec.order_seed));
    const int64_t wanted = std::min(spec.router_windows, sampler.windows());
    for (int64_t i = 0; i * spec.batch < wanted; ++i) {
      sampler.batch(i, ids);
      const at::Tensor tokens_BS =
          at::from_blob(ids.data(), {spec.batch, spec.sequence + 1}, at::kInt)
              .narrow(0, 0, std::min(spec.batch, wanted - i * spec.batch))
              .narrow(1, 0, spec.sequence);
      rows.add(k, full.router_inputs(tokens_BS.to(full.options().device, at::kLong)));
    }
  }
  return rows;
}

// Rows that are as long as a fresh draw's are expected to be, so that starts differ in direction.
void start_from_text(model::Transformer& full, const config::MergeSpec& spec,
                     const JobContext& context) {
  if (spec.model.router.network != config::RouterNetwork::linear)
    throw Error(
        "job '{}': router = \"{}\" makes the rows of a linear router; this model has an mlp",
        context.job.name, spec.router);
  full.values_changed();
  const methods::RouterRows rows = read_text(full, spec, context);
  const double length = spec.model.init_std * std::sqrt(static_cast<double>(spec.model.width));
  for (int64_t layer = 0; layer < spec.model.layers; ++layer) {
    const std::string name =
        fmt::format("model.layers.{}.mlp.{}", layer, model::router_name(spec.model.router));
    for (const model::Parameter& parameter : full.parameters())
      if (parameter.name == name) {
        at::Tensor value = parameter.value;
        value.copy_(spec.router == "ridge" ? rows.ridge(layer, kRidge)
                                           : rows.centroids(layer, length));
      }
  }
  methods::need_distinct_rows(full.parameters(), spec.model, /*copies=*/false);
}

}  // namespace

json merge(const JobContext& context) {
  const auto spec = spec_of<config::MergeSpec>(context.job);
  train::make_repeatable(spec.threads);
  context.progress("merge", 0, 1, "models");
  Stopwatch stopwatch;
  model::Transformer full(spec.model, {.device = train::open_device(spec.device),
                                       .precision = model::parse_precision(spec.precision)});
  full.initialise(static_cast<uint64_t>(spec.seed));
  const Merged merged = merge_into(full, spec, context.job);
  if (reads_text(spec)) start_from_text(full, spec, context);
  model::save_weights(context.directory.weights_file(), full.parameters());
  return {{"gamma", merged.gamma},
          {"backbone_cosine", square(merged.cosines.parameters)},
          {"update_cosine", square(merged.cosines.updates)},
          {"seconds", {{"merge", stopwatch.lap()}}}};
}

}  // namespace repro::worker
