#pragma once
// MoE-DisCo, "Low Economy Cost Training Mixture-of-Experts Models" (eq. 1-4, algorithm 1): cluster
// the documents, train one dense submodel a cluster from a common initialisation, merge, fine-tune.
// Here: the split of a model into submodels, and eq. 2 (the merge). Eq. 1 and 4 are
// document_vectors.hpp and kmeans.hpp; training is the same trainer as everywhere.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "methods/weighted_sum.hpp"
#include "model/parameters.hpp"

namespace repro::methods {

// theta -> Theta_k = (theta_sh, theta_k): copies the shared tensors and expert k of a full model;
// the router is left out. Call values_changed() of the submodel after it.
void split(const std::vector<model::Parameter>& full, int64_t k,
           std::vector<model::Parameter>& submodel);

// gamma_k of eq. 2 by name: "uniform" 1 / E, "samples" |D_k| / |D|, "tokens" likewise in tokens.
// Sums to 1.
std::vector<double> merge_weights(const std::string& gamma, std::span<const int64_t> documents,
                                  std::span<const int64_t> tokens);

struct MergeRecipe {
  std::vector<double> gamma;
  std::string router = "concatenate";  // see router_start.hpp
  double scale = 1;                    // multiplies down_proj of the experts
  uint64_t seed = 0;
  // What comes from the submodels; the rest stays as it was at the start.
  bool backbone = true;
  bool experts = true;
};

// theta_exp = concat(theta_1 .. theta_E), theta_sh = sum_k gamma_k theta_sh^(k), accumulated in
// double. `submodels`: safetensors files, by k. `full` comes in with the common initialisation and
// goes out merged (call values_changed()). The cosines are between the submodels' shared parts,
// merged or not. Error when two rows of a router that must choose are equal.
Cosines merge(std::span<const std::filesystem::path> submodels, const MergeRecipe& options,
              const config::ModelConfig& config, std::vector<model::Parameter>& full);

}  // namespace repro::methods
