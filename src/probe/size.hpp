#pragma once
// Which size of an entry's model a machine can measure: the paper's when it fits in memory and
// time, else the first of a series that halves, in this order, the sequences at once, the depth
// down to 2 layers, and then the width of everything. Shapes stay the real ones for as long as they
// can.

#include <cstdint>
#include <string>
#include <vector>

#include "config/probe.hpp"

namespace repro::probe {

struct ProbeSize {
  config::ProbeEntry entry;  // what is measured; accumulate = 1
  double seconds = 0;        // of the entry's time
  std::string name;          // the whole size's, or "2 of 24 layers, 1/4 of the width"
};

// What the machine was seen to do, and what a model may take of it.
struct ProbeLimits {
  double flops = 0;  // FLOP/s of its best matrix multiplication
  int64_t memory_bytes = 0;
  double seconds = 0;  // of one size
};

// The smallest size where none fits the seconds; Error when not even that fits the memory.
ProbeSize choose_size(const config::ProbeEntry& paper, const config::ProbeSpec& spec,
                      const ProbeLimits& limits);

// That size alone when it is the whole model's; else it and smaller ones of the series,
// `spec.sizes` at most, from which a step of the paper's size can be extrapolated.
std::vector<ProbeSize> choose_series(const config::ProbeEntry& paper, const config::ProbeSpec& spec,
                                     const ProbeLimits& limits);

// Width, heads, experts, shared expert and vocabulary divided by 2^level (heads at least 1).
config::ModelConfig narrowed(config::ModelConfig model, int64_t level);

}  // namespace repro::probe
