// MoE-DisCo, eq. 1 and 4: h_x = mean over the tokens of x of Embedding(token); k-means on {h_x}.
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/error.hpp"
#include "base/stopwatch.hpp"
#include "config/job_spec.hpp"
#include "data/prepare.hpp"
#include "methods/assignment.hpp"
#include "methods/document_vectors.hpp"
#include "methods/kmeans.hpp"
#include "train/device.hpp"
#include "train/training_data.hpp"
#include "worker/kinds.hpp"

namespace repro::worker {
namespace {

using nlohmann::json;

config::ClusterSpec cluster_spec(const run::OpenedJob& job) {
  auto spec = spec_of<config::ClusterSpec>(job);
  if (spec.k < 1) throw Error("job '{}': k = {}: give the number of clusters", job.name, spec.k);
  return spec;
}

methods::KmeansOptions options_of(const config::ClusterSpec& spec) {
  return {.k = spec.k,
          .init = spec.init,
          .balanced = spec.balanced,
          .max_iterations = spec.max_iterations,
          .tolerance = spec.tolerance,
          .seed = static_cast<uint64_t>(spec.seed)};
}

std::vector<int64_t> tokens_of(const methods::Assignment& assignment,
                               const data::TokenShards& train) {
  std::vector<int64_t> tokens(static_cast<size_t>(assignment.clusters));
  for (size_t i = 0; i < assignment.cluster.size(); ++i) {
    const auto document = static_cast<int64_t>(i);
    tokens[assignment.cluster[i]] += train.document_end(document) - train.document_begin(document);
  }
  return tokens;
}

// Clusters with less than a tenth of the mean tokens: too little text to train on.
int64_t count_tiny(const std::vector<int64_t>& tokens) {
  const int64_t all = std::accumulate(tokens.begin(), tokens.end(), int64_t{0});
  const auto clusters = static_cast<int64_t>(tokens.size());
  return std::count_if(tokens.begin(), tokens.end(),
                       [&](int64_t count) { return count * clusters * 10 < all; });
}

at::Tensor vectors_of(const config::ClusterSpec& spec, const fs::path& corpus,
                      const data::TokenShards& train, const JobContext& context) {
  const at::Tensor vectors_ND = methods::document_vectors(spec, corpus, train, context.progress);
  if (!spec.normalise) return vectors_ND;
  return vectors_ND.div(vectors_ND.norm(2, {1}, true).clamp_min(1e-12)).contiguous();
}

methods::Assignment assign(const config::ClusterSpec& spec, const methods::KmeansResult& found) {
  methods::Assignment assignment{spec.k, found.cluster};
  if (spec.assignment == "random")
    assignment.cluster =
        methods::random_assignment(assignment.sizes(), static_cast<uint64_t>(spec.seed));
  return assignment;
}

}  // namespace

json cluster(const JobContext& context) {
  const config::ClusterSpec spec = cluster_spec(context.job);
  train::make_repeatable(1);  // the number of threads is no part of the spec, so not of the result
  const fs::path corpus = train::input(context.job, "corpus").path();
  const data::TokenShards train(data::shard_path(corpus, "train"));
  Stopwatch stopwatch;
  const at::Tensor vectors_ND = vectors_of(spec, corpus, train, context);
  const double embed_seconds = stopwatch.lap();

  const auto found = methods::kmeans(vectors_ND, options_of(spec), [&](int64_t iteration) {
    context.progress("kmeans", static_cast<double>(iteration),
                     static_cast<double>(spec.max_iterations), "iterations");
  });
  const methods::Assignment assignment = assign(spec, found);
  const methods::Spread spread = methods::spread_of(vectors_ND, assignment.cluster, spec.k);
  methods::write_assignment(context.directory.path() / methods::kAssignmentFile, assignment);
  const std::vector<int64_t> documents = assignment.sizes(), tokens = tokens_of(assignment, train);
  return {{"documents", documents},
          {"tokens", tokens},
          {"empty", std::count(documents.begin(), documents.end(), 0)},
          {"tiny", count_tiny(tokens)},
          {"sse", spread.within},
          {"iterations", found.sse.size()},
          {"variance_explained", spread.total > 0 ? 1 - spread.within / spread.total : 0.0},
          {"dimension", vectors_ND.size(1)},
          {"seconds", {{"embed", embed_seconds}, {"kmeans", stopwatch.lap()}}}};
}

}  // namespace repro::worker
