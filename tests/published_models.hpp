#pragma once
// What makes a model of any size one of the published architectures, for tests of any folder.
// Qwen2MoE is what a ModelConfig is by default.

#include "config/model.hpp"

namespace repro::config {

// LLaMA-MoE: no shared expert, no biases, noisy top-k gate with its balance loss.
inline ModelConfig as_llama_moe(ModelConfig model) {
  model.shared_width = 0;
  model.qkv_bias = false;
  model.expert_init = ExpertInit::kaiming_uniform;
  model.zero_pad_row = true;
  model.router = {.score = Score::selected_softmax, .network = RouterNetwork::mlp, .noise = true};
  model.losses = {{LossKind::cv2_balance, 1e-2}};
  return model;
}

}  // namespace repro::config
