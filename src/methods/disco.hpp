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

// Cosines between the submodels' shared parts, over all shared tensors: E x E, row by row.
struct BackboneCosine {
  std::vector<double> parameters;  // of theta_sh^(k)
  std::vector<double> updates;  // of theta_sh^(k) - theta_sh at the start; 0 where one did not move
};

struct MergeRecipe {
  std::vector<double> gamma;
  std::string router = "concatenate";
  double scale = 1;  // multiplies down_proj of the experts
  uint64_t seed = 0;
};

// theta_exp = concat(theta_1 .. theta_E), theta_sh = sum_k gamma_k theta_sh^(k), accumulated in
// double. `submodels`: safetensors files, by k. `full` comes in with the common initialisation and
// goes out merged (call values_changed()). The router:
//   concatenate  each submodel's unused row of the common initialisation, back in its place
//   zeros        a uniform mixture; when top_k < E plus 1e-6 N(0, 1), because equal logits make
//                top-k choose the same experts always
//   normal       fresh N(0, init_std)
// Error when two rows of a router that must choose are equal.
BackboneCosine merge(std::span<const std::filesystem::path> submodels, const MergeRecipe& options,
                     const config::ModelConfig& config, std::vector<model::Parameter>& full);

}  // namespace repro::methods
