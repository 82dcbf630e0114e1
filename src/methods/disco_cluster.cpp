// MoE-DisCo, eq. 1 and 4: h_x = mean over the tokens of x of Embedding(token); k-means on {h_x}.
#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "methods/disco.hpp"
#include "methods/document_vectors.hpp"
#include "methods/kmeans.hpp"

namespace repro::methods {
namespace {

using nlohmann::json;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

KmeansOptions options_of(const config::ClusterSpec& spec) {
  return {.k = spec.k,
          .init = spec.init,
          .balanced = spec.balanced,
          .max_iterations = spec.max_iterations,
          .tolerance = spec.tolerance,
          .seed = static_cast<uint64_t>(spec.seed)};
}

std::vector<int64_t> tokens_of(const Assignment& assignment, const data::TokenShards& train) {
  std::vector<int64_t> tokens(static_cast<size_t>(assignment.clusters));
  for (size_t i = 0; i < assignment.cluster.size(); ++i) {
    const auto document = static_cast<int64_t>(i);
    tokens[assignment.cluster[i]] += train.document_end(document) - train.document_begin(document);
  }
  return tokens;
}

}  // namespace

json run_cluster(const config::ClusterSpec& spec, const std::filesystem::path& corpus,
                 const std::filesystem::path& output, const Progress& progress) {
  at::set_num_threads(1);  // the number of threads is no part of the spec, so not of the result
  const data::TokenShards train(corpus / "train.tokens");
  auto start = std::chrono::steady_clock::now();
  at::Tensor vectors_ND = document_vectors(spec, corpus, train, progress);
  if (spec.normalise)
    vectors_ND = (vectors_ND / vectors_ND.norm(2, {1}, true).clamp_min(1e-12)).contiguous();
  const double embed_seconds = seconds_since(start);

  start = std::chrono::steady_clock::now();
  const Clustering found = kmeans(vectors_ND, options_of(spec), [&](int64_t iteration) {
    progress("kmeans", static_cast<double>(iteration), static_cast<double>(spec.max_iterations),
             "iterations");
  });
  Assignment assignment{spec.k, found.cluster};
  Spread spread = spread_of(vectors_ND, assignment.cluster, spec.k);
  if (spec.assignment == "random") {
    assignment.cluster = random_assignment(assignment.sizes(), static_cast<uint64_t>(spec.seed));
    spread = spread_of(vectors_ND, assignment.cluster, spec.k);
  }
  write_assignment(output / kAssignmentFile, assignment);
  return {{"documents", assignment.sizes()},
          {"tokens", tokens_of(assignment, train)},
          {"sse", spread.within},
          {"iterations", found.sse.size()},
          {"variance_explained", spread.total > 0 ? 1 - spread.within / spread.total : 0.0},
          {"dimension", vectors_ND.size(1)},
          {"seconds", {{"embed", embed_seconds}, {"kmeans", seconds_since(start)}}}};
}

}  // namespace repro::methods
