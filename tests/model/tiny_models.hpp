#pragma once
// The published architectures at a size at which a test takes milliseconds.

#include <string>

#include "published_models.hpp"

namespace repro::model {

// "qwen2_moe" or "llama_moe".
inline config::ModelConfig tiny_model(const std::string& architecture) {
  config::ModelConfig m;
  m.vocabulary = 50;
  m.width = 16;
  m.layers = 2;
  m.heads = m.kv_heads = 2;
  m.head_width = 8;
  m.experts = 4;
  m.top_k = 4;
  m.expert_width = 12;
  m.shared_width = 24;
  if (architecture == "llama_moe") {
    m = config::as_llama_moe(m);
    m.top_k = 2;
    m.router.scale = 2;
  }
  return m;
}

}  // namespace repro::model
