#pragma once
// Training FLOPs per token (forward and backward, no recomputation) under the conventions that
// published codes use, and the model FLOPs utilisation (MFU) that follows. They differ by what they
// count, so a number without its convention's name means nothing and none is the default.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/model.hpp"

namespace repro::measure {

// a heads of width h, L layers, T tokens of sequence, N parameters.
enum class Convention {
  palm,        // 6 N + 12 L a h T; N = weights of the matmuls one token uses, head included
  nanogpt,     // 6 N + 12 L a h T; N = all parameters (all experts: overstates a sparse model)
  foundry,     // 3 (2 N + 4 L d T); N = all parameters, as llm-foundry
  torchtitan,  // 6 (N - input table, experts counted k / E) + 12 L a h T
  olmo,        // 6 per parameter of attention, router, shared and k experts, head + 12 a h T
  nanochat,    // 6 per weight of a Linear one token uses, router included + 12 L a h T
  megatron,    // 6 per matmul weight + 6 L a h T: the causal half; router not counted
};
std::span<const Convention> all_conventions();
std::string_view name(Convention convention);
// Error naming the known conventions.
Convention parse_convention(std::string_view text);

// FLOPs for one token of training with sequences of `sequence` tokens.
int64_t flops_per_token(Convention convention, const config::ModelConfig& model, int64_t sequence);

// A quotient that may be unknowable: `value` is empty exactly when `reason` says why.
struct Utilisation {
  std::optional<double> value;  // 0.45 = 45 %
  std::string reason;
};
// flops_per_token x tokens_per_second / peak. `peak_flops`: FLOP/s of all devices together; empty
// (unknown device or dtype) gives no value and `peak_reason` as the reason, never a guess.
Utilisation mfu(Convention convention, const config::ModelConfig& model, int64_t sequence,
                double tokens_per_second, std::optional<double> peak_flops,
                std::string_view peak_reason = "the device's peak is unknown");

// > 1 cannot be; > 0.75 on one device is not to be believed without the log.
enum class Plausibility { plausible, suspect, impossible };
Plausibility plausibility(double utilisation);

}  // namespace repro::measure
