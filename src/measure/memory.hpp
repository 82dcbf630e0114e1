#pragma once
// Will a training step fit a device? Parameters and optimizer state are exact; activations are an
// estimate whose formula stands here. Fragmentation, the framework's context (about 0.5 to 1 GB on
// a GPU) and a data loader are not included: a fit with little to spare is no promise.

#include <cstdint>
#include <string>
#include <string_view>

#include "config/model.hpp"

namespace repro::measure {

// Bytes that AdamW keeps a parameter: weights, gradients, both moments and, where kept, a master.
enum class StateLayout {
  bytes_8,   // bf16 weights, gradients and moments ("bf16-pure")
  bytes_12,  // bf16 weights and gradients, fp32 moments
  bytes_16,  // the same and fp32 masters ("bf16-mixed"), or all fp32 ("fp32")
};
int64_t bytes_per_parameter(StateLayout layout);
// Of all parameters on one device, where `shards` devices keep their part of the moments each
// (ZeRO stage 1): 8 bytes of a parameter, or 4 in bytes_8.
int64_t state_bytes(int64_t parameters, StateLayout layout, int64_t shards = 1);
StateLayout layout_of_precision(std::string_view precision);  // Error for an unknown name

struct MemoryEstimate {
  int64_t state_bytes = 0;  // state_bytes()
  // Kept for backward, with fused attention: tokens x L x (8 d + 4 a h + k (3 f + d) + 3 f_s) x
  // element size. 8 d: the residual stream, two normed inputs and their casts; 3 f: gate, up and
  // their product of each SwiGLU; d more for each expert's routed copy.
  int64_t activation_bytes = 0;
  // Log-probabilities and their gradient in fp32: 2 x tokens x V x 4.
  int64_t logits_bytes = 0;
  int64_t total() const { return state_bytes + activation_bytes + logits_bytes; }
};

// `micro_tokens`: tokens of one forward and backward of one device (batch x sequence / accumulate /
// ranks). `shards`: of state_bytes().
MemoryEstimate estimate_memory(const config::ModelConfig& model, std::string_view precision,
                               int64_t micro_tokens, int64_t shards = 1);
bool fits(const MemoryEstimate& estimate, int64_t device_bytes);

}  // namespace repro::measure
