#pragma once
// Which size of a phase's model a machine can measure: the paper's when it fits in memory and time,
// else the first of a series that halves, in this order, the sequences at once, the depth down to 2
// layers, and then the width of everything. Shapes stay the real ones for as long as they can.

#include <cstdint>
#include <string>

#include "config/probe.hpp"

namespace repro::train {

struct ProbeSize {
  config::ProbePhase phase;  // what is measured; accumulate = 1
  std::string name;          // "paper", or how it differs: "2 of 24 layers, 1/4 of the width"
};

// `flops`: what the machine was seen to reach; `memory_bytes`: what a model may take.
// Error when even the smallest size does not fit.
ProbeSize choose_size(const config::ProbePhase& paper, const config::ProbeSpec& spec, double flops,
                      int64_t memory_bytes);

// Width, heads, experts, shared expert and vocabulary divided by 2^level (heads at least 1).
config::ModelConfig narrowed(config::ModelConfig model, int64_t level);

}  // namespace repro::train
