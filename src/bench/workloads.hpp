#pragma once
// The models and batches that are measured, by name.

#include <cstdint>
#include <string>
#include <vector>

#include "config/model.hpp"

namespace repro::bench {

struct Workload {
  std::string name;
  config::ModelConfig model;
  int64_t batch = 16;
  int64_t tokens = 256;  // of a sequence
};

// "qwen" (d = 256, 4 layers, 4 of 4 experts), "qwen-k2" (2 of 4), "llama" (LLaMA-MoE, 2 of 4),
// "submodel" (one expert), "small" (d = 128, 4 layers), "mini" (d = 128, 2 layers, 128 tokens).
const std::vector<Workload>& workloads();
// Error naming the known ones.
const Workload& workload(const std::string& name);

}  // namespace repro::bench
