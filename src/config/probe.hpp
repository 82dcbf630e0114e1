#pragma once
// The input of a probe job: what to time on the machine in front of us. Its result holds a
// config::Measurement, from which a hardware profile is written.

#include <cstdint>
#include <string>
#include <vector>

#include "config/fields.hpp"
#include "config/model.hpp"

namespace repro::config {

// One training step to time, and the label that the profile keeps it under: model and shape.
struct ProbeEntry {
  std::string model;           // key: "qwen_moe"
  std::string shape = "full";  // what of the model is trained: "full" or "one-expert"
  std::string size = "paper";  // what this model's size is called: the scale's name
  ModelConfig config;          // that is trained
  int64_t batch = 16;          // sequences a step
  int64_t sequence = 1024;
  int64_t accumulate = 1;
  std::string precision = "bf16-mixed";
};

struct ProbeSpec {
  std::string device = "cpu";  // or "cuda"
  int64_t threads = 1;
  std::vector<ProbeEntry> entries;
  int64_t steps = 12;         // that each size of an entry must allow in its time
  int64_t warmup = 2;         // steps before them
  int64_t sizes = 3;          // of an entry whose real model is not measured
  int64_t gemm_repeats = 9;   // that each shape must allow in its time
  double gemm_seconds = 0.8;  // of each shape and dtype at most; one too large is sliced
  double entry_seconds = 12;  // of each entry; a model too large for it is measured smaller
  // Timings go on until their interval is this narrow, as a part of the number, but at most so many
  // times as long as planned: entry_seconds, and of a shape what leaves gemm_seconds as its most.
  double enough = 0.05;
  double patience = 4;
  // Of a number's interval, likewise: beyond it nothing is certified. A step known to 30 % leaves a
  // saving of one half open by 15 points, beyond which a report does not price either.
  double maximum_reach = 0.3;
  double memory_fraction = 0.8;  // of the free memory a model may take
  int64_t memory_bytes = 0;      // free memory to plan with; 0 = what the device says
};

void describe(Fields&, ProbeEntry&);
void describe(Fields&, ProbeSpec&);

}  // namespace repro::config
