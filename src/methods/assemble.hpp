#pragma once
// Whole models from other runs, besides MoE-DisCo's merge (disco.hpp): the mean of several trained
// from one start (SimuParallelSGD, Zinkevich et al. 2010, algorithm 3), and a mixture whose experts
// are copies of one dense model's (sparse upcycling, arXiv 2212.05055).

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "methods/weighted_sum.hpp"
#include "model/parameters.hpp"

namespace repro::methods {

// Every tensor, router and experts too, becomes sum_k weight_k of the models'. `full` comes in with
// their common start. One model of weight 1 comes out bit for bit.
Cosines average(std::span<const std::filesystem::path> models, const std::vector<double>& weights,
                std::vector<model::Parameter>& full);

struct CopyRecipe {
  std::string router = "concatenate";  // as `full` has it; "normal"
  double noise = 0;  // normal noise on each copy, in deviations of the copied tensor
  double scale = 1;  // multiplies down_proj of the experts
  uint64_t seed = 0;
};
// The shared tensors of a one-expert model, and its expert in every slot. `full` comes in
// initialised. Error when two rows of a router are equal: their experts would stay equal for ever.
void copy_into_experts(const std::filesystem::path& submodel, const CopyRecipe& recipe,
                       const config::ModelConfig& config, std::vector<model::Parameter>& full);

}  // namespace repro::methods
