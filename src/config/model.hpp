#pragma once
// The shape of a model: Qwen2MoE or LLaMA-MoE at any size. Source of the architectures: the
// published configurations of Qwen1.5-MoE-A2.7B and LLaMA-MoE-v1-3.5B.

#include <cstdint>
#include <string>

#include "config/fields.hpp"

namespace repro::config {

struct ModelConfig {
  std::string architecture = "qwen2_moe";  // or "llama_moe"
  int64_t vocabulary = 4096;
  int64_t width = 128;         // d, hidden_size
  int64_t layers = 2;          // L
  int64_t heads = 2;           // query heads
  int64_t kv_heads = 2;        // key and value heads; divides heads
  int64_t head_width = 64;     // per head
  int64_t experts = 4;         // E
  int64_t top_k = 4;           // k <= E
  int64_t expert_width = 88;   // f: SwiGLU width of one expert
  int64_t shared_width = 352;  // f_s: width of the shared expert, 0 = none (LLaMA-MoE)
  bool qkv_bias = true;
  double norm_epsilon = 1e-6;
  double rope_theta = 1e4;
  double init_std = 0.02;
  bool normalise_top_k = false;  // Qwen2MoE norm_topk_prob
  double aux_loss_weight =
      0.0;  // Qwen2MoE load-balance loss; 0 = not added (the library's default)
  // LLaMA-MoE TopKBalancedNoisyGate:
  bool gate_noise = true;  // training noise on the logits
  double gate_noise_epsilon = 1e-2;
  double balance_weight = 1e-2;  // of cv^2(importance) + cv^2(load), summed over layers
  double score_scale = 1.0;      // multiplies the routed output: E / k in the published models
  bool load_bug = true;          // published code tests the noise alone against the threshold

  bool operator==(const ModelConfig&) const = default;
};

void describe(Fields& fields, ModelConfig& model);
// Cross-field rules: top_k <= experts, heads divisible by kv_heads, even head width...
void validate(const ModelConfig& model, const Source& source, Problems& problems);

// The one-expert submodel of MoE-DisCo: no router, one expert, all else equal (experts = top_k =
// 1).
ModelConfig submodel_of(ModelConfig model);

}  // namespace repro::config
