#pragma once
// The shape of a decoder-only mixture-of-experts model at any size, and how its tokens find their
// experts. What sets Qwen2MoE, LLaMA-MoE and other published models apart are values here; no code
// asks for a model's name. Defaults are Qwen2MoE's at a small size.

#include <cstdint>
#include <string_view>
#include <vector>

#include "config/fields.hpp"

namespace repro::config {

// What a router makes of its logits.
enum class Score {
  softmax,          // over all experts (Qwen2MoE norm_topk_prob = false)
  sigmoid,          // of each logit alone (DeepSeek-V3)
  selected_softmax  // over the selected logits alone (Shazeer 2017, eq. 3-5; LLaMA-MoE)
};
// What makes the logits of a token.
enum class RouterNetwork {
  linear,  // (E, d)
  mlp      // Linear (E, d), tanh, Linear (E, E): LLaMA-MoE
};
// Which experts work on a token.
enum class Select {
  none,            // there is one expert and no router: a dense model
  all,             // every expert, weighted by its score
  top_k,           // the k of the largest scores, equal ones in the order of their index
  threshold,       // those whose score is above threshold / E
  threshold_top_k  // the K largest, K the mean count of `threshold` over the batch, at least 1
};

struct RouterConfig {
  Score score = Score::softmax;
  RouterNetwork network = RouterNetwork::linear;
  Select select = Select::top_k;
  double threshold = 0;         // in units of the mean score, 1 / E
  bool normalise = false;       // selected scores are divided by their sum
  double scale = 1.0;           // multiplies the routed output: E / k in LLaMA-MoE
  bool noise = false;           // trained normal noise on the logits (Shazeer 2017, eq. 4)
  double noise_epsilon = 1e-2;  // least standard deviation of it
  bool load_bug = true;         // LLaMA-MoE's code tests the noise alone against the threshold
  // Above 0: experts are selected by score + bias, weighed by the score; after each step an
  // expert's bias moves by this much, up where fewer tokens than the mean came (DeepSeek-V3).
  double bias_rate = 0;

  bool operator==(const RouterConfig&) const = default;
};

// Query heads as experts (MoA; DS-MoE, arXiv 2404.05567, eq. 7-8): expert i has heads / experts
// heads of its own, whose outputs a score weighs; all share keys and values.
struct AttentionRouterConfig {
  int64_t experts = 0;   // divides heads; 0 = no router, every head counts whole
  double threshold = 0;  // above 0: those count whose softmax score is above threshold / experts

  bool operator==(const AttentionRouterConfig&) const = default;
};

enum class LossKind {
  switch_balance,      // E sum_e load_e importance_e, layers pooled (Qwen2MoE)
  cv2_balance,         // cv^2(importance) + cv^2(load), summed over layers (LLaMA-MoE)
  mutual_information,  // -H(e) + mean H(e | x), summed over layers (DS-MoE eq. 4-6): in [-L ln E,
                       // 0]
  attention_mutual_information  // the same of the routers of attention
};
std::string_view name(LossKind kind);

// An auxiliary loss of the routers, added to the language model's.
struct LossConfig {
  LossKind kind = LossKind::switch_balance;
  double weight = 0;

  bool operator==(const LossConfig&) const = default;
};

// How the experts' weights begin.
enum class ExpertInit {
  normal,          // as all others
  kaiming_uniform  // +-1 / sqrt(fan in): bare parameters that keep PyTorch's default (LLaMA-MoE)
};

struct ModelConfig {
  int64_t vocabulary = 4096;
  int64_t width = 128;         // d, hidden_size
  int64_t layers = 2;          // L
  int64_t heads = 2;           // query heads
  int64_t kv_heads = 2;        // key and value heads; divides heads
  int64_t head_width = 64;     // per head
  int64_t experts = 4;         // E
  int64_t top_k = 4;           // k: the most experts that work on a token; E where all do
  int64_t expert_width = 88;   // f: SwiGLU width of one expert
  int64_t shared_width = 352;  // f_s: width of the shared expert, 0 = none
  bool qkv_bias = true;
  double norm_epsilon = 1e-6;
  double rope_theta = 1e4;
  double init_std = 0.02;
  ExpertInit expert_init = ExpertInit::normal;
  bool zero_pad_row = false;  // row 0 of the input table, the padding token's, starts as zeros
  RouterConfig router;
  AttentionRouterConfig attention_router;
  std::vector<LossConfig> losses;  // each kind once

  bool operator==(const ModelConfig&) const = default;
};

void describe(Fields& fields, RouterConfig& router);
void describe(Fields& fields, AttentionRouterConfig& router);
void describe(Fields& fields, LossConfig& loss);
void describe(Fields& fields, ModelConfig& model);
// Cross-field rules: top_k <= experts, a router wherever there are several experts...
void validate(const ModelConfig& model, const Source& source, Problems& problems);

// The model with one of its experts and so without router and its losses; all else equal.
ModelConfig one_expert(ModelConfig model);
// The dense model of equal size: one expert as wide as all of them together, no router.
ModelConfig dense(ModelConfig model);

}  // namespace repro::config
