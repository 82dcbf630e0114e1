#pragma once
// What tensors a model has: name, shape, class, initial distribution, and the place of each in the
// flat buffer. Pure arithmetic on the config, without LibTorch. Tensors that a fused operation
// reads as one matrix (q, k, v; experts and shared expert) are neighbours.

#include <cstdint>
#include <string>
#include <vector>

#include "config/model.hpp"

namespace repro::model {

// MoE-DisCo treats the three differently when it splits and merges.
enum class TensorClass { shared, expert, router };

enum class Initial { zeros, ones, normal, kaiming_uniform, normal_pad_row_zero };

struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;
  TensorClass tensor_class = TensorClass::shared;
  bool decay = true;
  Initial initial = Initial::normal;
  // Leading slices that draw from streams of their own: experts or router rows; 1 = the whole.
  int64_t streams = 1;
  int64_t offset = 0;  // in elements of the flat buffer
  int64_t count = 0;
};

struct Layout {
  std::vector<TensorSpec> tensors;  // decayed ones first
  int64_t decayed = 0;              // elements
  int64_t total = 0;
};

Layout layout_of(const config::ModelConfig& model);
// The published name, under "mlp.", of the matrix that the router reads tokens with: Qwen2MoE's, or
// LLaMA-MoE's of an mlp.
std::string router_name(const config::RouterConfig& router);
// Likewise of what is added to scores for the selection alone: DeepSeek-V3's name.
inline constexpr const char* kSelectionBias = "gate.e_score_correction_bias";
// Under "self_attn.": the router of its heads.
inline constexpr const char* kAttentionGate = "gate.weight";

// One pass over a tensor's initial values: value(i) for i in [0, count). `first_stream` shifts the
// stream numbers, so that expert 0 of a submodel may draw what expert k of the full model draws.
void fill_initial(const TensorSpec& tensor, double std, uint64_t seed, int64_t first_stream,
                  float* out);

}  // namespace repro::model
