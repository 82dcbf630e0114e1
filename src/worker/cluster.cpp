// MoE-DisCo, eq. 1 and 4: h_x = mean over the tokens of x of Embedding(token); k-means on {h_x}.
#include <ATen/core/Tensor.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/stopwatch.hpp"
#include "config/job_spec.hpp"
#include "data/prepare.hpp"
#include "methods/assignment.hpp"
#include "methods/document_vectors.hpp"
#include "methods/kmeans.hpp"
#include "methods/partition.hpp"
#include "methods/plane.hpp"
#include "train/device.hpp"
#include "train/training_data.hpp"
#include "worker/kinds.hpp"

namespace repro::worker {
namespace {

using nlohmann::json;

config::ClusterSpec cluster_spec(const run::OpenedJob& job) {
  auto spec = spec_of<config::ClusterSpec>(job);
  if (spec.k < 1) throw Error("job '{}': k = {}: give the number of clusters", job.name, spec.k);
  if (spec.minimum_share * static_cast<double>(spec.k) > 1)
    throw Error("job '{}': minimum_share = {}: {} clusters have {} on average; give less", job.name,
                spec.minimum_share, spec.k, 1.0 / static_cast<double>(spec.k));
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

std::vector<int64_t> tokens_by_document(const data::TokenShards& train) {
  std::vector<int64_t> tokens;
  for (int64_t document = 0; document < train.documents(); ++document)
    tokens.push_back(train.document_end(document) - train.document_begin(document));
  return tokens;
}

std::vector<int64_t> tokens_of(const methods::Assignment& assignment,
                               const std::vector<int64_t>& by_document) {
  std::vector<int64_t> tokens(static_cast<size_t>(assignment.clusters));
  for (size_t i = 0; i < assignment.cluster.size(); ++i)
    tokens[assignment.cluster[i]] += by_document[i];
  return tokens;
}

// Below this share of the tokens a cluster is too little text to train on: what the spec says, or a
// tenth of the mean.
double tiny_share(const config::ClusterSpec& spec) {
  return spec.minimum_share > 0 ? spec.minimum_share : 0.1 / static_cast<double>(spec.k);
}

std::vector<std::string> warnings_of(const std::vector<int64_t>& documents,
                                     const std::vector<double>& shares, double tiny) {
  std::vector<std::string> warnings;
  for (size_t k = 0; k < shares.size(); ++k)
    if (shares[k] < tiny)
      warnings.push_back(
          fmt::format("cluster {} has {:.2g} % of the tokens in {} documents, less than {:.2g} %: "
                      "a training of many steps sees little else than repetition",
                      k, 100 * shares[k], documents[k], 100 * tiny));
  return warnings;
}

json starts_json(const methods::Starts& found) {
  json sse = json::array(), smallest_share = json::array();
  for (const methods::Starts::Start& start : found.all) {
    sse.push_back(start.sse);
    smallest_share.push_back(start.smallest_share);
  }
  return {{"sse", sse}, {"smallest_share", smallest_share}, {"chosen", found.chosen}};
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

// What every assignment says, however it was found.
json assignment_json(const config::ClusterSpec& spec, const methods::Assignment& assignment,
                     const std::vector<int64_t>& by_document) {
  const std::vector<int64_t> documents = assignment.sizes();
  const std::vector<double> shares = methods::shares_of(assignment.cluster, spec.k, by_document);
  const std::vector<std::string> warnings = warnings_of(documents, shares, tiny_share(spec));
  for (const std::string& warning : warnings)
    std::fprintf(stderr, "repro-worker: warning: %s\n", warning.c_str());
  return {{"documents", documents},
          {"tokens", tokens_of(assignment, by_document)},
          {"warnings", warnings},
          {"tiny", warnings.size()}};
}

// As many documents in each part, dealt at random; nothing is said of what they have in common.
json deal(const config::ClusterSpec& spec, const std::vector<int64_t>& by_document,
          const JobContext& context) {
  Stopwatch stopwatch;
  const auto count = static_cast<int64_t>(by_document.size());
  if (count < spec.k)
    throw Error("job '{}': {} documents for {} parts; use more text or fewer parts",
                context.job.name, count, spec.k);
  const methods::Assignment assignment{
      spec.k, methods::random_assignment(methods::equal_sizes(count, spec.k),
                                         static_cast<uint64_t>(spec.seed))};
  methods::write_assignment(context.directory.path() / methods::kAssignmentFile, assignment);
  json result = assignment_json(spec, assignment, by_document);
  result["variance_explained"] = 0.0;
  result["seconds"] = {{"deal", stopwatch.lap()}};
  return result;
}

}  // namespace

json cluster(const JobContext& context) {
  const config::ClusterSpec spec = cluster_spec(context.job);
  train::make_repeatable(1);  // the number of threads is no part of the spec, so not of the result
  const fs::path corpus = train::input(context.job, "corpus").path();
  const data::TokenShards train(data::shard_path(corpus, "train"));
  const std::vector<int64_t> by_document = tokens_by_document(train);
  if (spec.assignment == "equal") return deal(spec, by_document, context);
  Stopwatch stopwatch;
  const at::Tensor vectors_ND = vectors_of(spec, corpus, train, context);
  const double embed_seconds = stopwatch.lap();

  const methods::Starts starts = methods::kmeans_from_starts(
      vectors_ND, options_of(spec), spec.restarts, by_document, spec.minimum_share,
      [&](int64_t iteration) {
        context.progress("kmeans", static_cast<double>(iteration),
                         static_cast<double>(spec.restarts * spec.max_iterations), "iterations");
      });
  const methods::Assignment assignment = assign(spec, starts.best);
  const methods::Spread spread = methods::spread_of(vectors_ND, assignment.cluster, spec.k);
  methods::write_assignment(context.directory.path() / methods::kAssignmentFile, assignment);
  json result = assignment_json(spec, assignment, by_document);
  result["restarts"] = starts_json(starts);
  result["sse"] = spread.within;
  result["iterations"] = starts.best.sse.size();
  result["variance_explained"] = spread.total > 0 ? 1 - spread.within / spread.total : 0.0;
  result["dimension"] = vectors_ND.size(1);
  result["plane"] = methods::principal_plane(vectors_ND, assignment.cluster, spec.k);
  result["seconds"] = {{"embed", embed_seconds}, {"kmeans", stopwatch.lap()}};
  return result;
}

}  // namespace repro::worker
