#pragma once
// The published shapes with 4 experts, in every reading, for the tests of this folder.

#include "published_models.hpp"

namespace repro::measure {

inline config::ModelConfig qwen(int64_t experts = 4, int64_t top_k = 4) {
  config::ModelConfig model;
  model.vocabulary = 151936;
  model.width = 2048;
  model.layers = 24;
  model.heads = model.kv_heads = 16;
  model.head_width = 128;
  model.experts = experts;
  model.top_k = top_k;
  model.expert_width = 1408;
  model.shared_width = 5632;
  return model;
}

inline config::ModelConfig llama(int64_t expert_width, int64_t top_k, int64_t experts = 4) {
  config::ModelConfig model;
  model.vocabulary = 32000;
  model.width = 4096;
  model.layers = 32;
  model.heads = model.kv_heads = 32;
  model.head_width = 128;
  model.experts = experts;
  model.top_k = top_k;
  model.expert_width = expert_width;
  return config::as_llama_moe(model);
}

}  // namespace repro::measure
