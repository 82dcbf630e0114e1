#pragma once
// The model that the tests of merging are made with: four experts, two layers, seconds to train.

#include "config/model.hpp"
#include "model/transformer.hpp"

namespace repro {

inline config::ModelConfig tiny_model() {
  config::ModelConfig model;
  model.vocabulary = 40;
  model.width = 16;
  model.heads = model.kv_heads = 2;
  model.head_width = 8;
  model.expert_width = 12;
  model.shared_width = 24;
  return model;
}

inline model::Transformer initialised(const config::ModelConfig& config, uint64_t seed) {
  model::Transformer model(config, {});
  model.initialise(seed);
  return model;
}

}  // namespace repro
