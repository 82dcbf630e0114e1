#pragma once
// One training step, measured whole: the path that the trainer takes (forward, backward, clip,
// AdamW, refreshed bf16 weights) on random tokens; or the forward pass alone, as evaluations take
// it.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace repro::bench {

struct StepOptions {
  std::string model = "qwen";
  std::string precision = "bf16-mixed";
  bool fused = true;
  bool forward_only = false;
  int threads = 1;
  int steps = 10;  // measured, after two that are not
  bool json = false;
};

struct StepReport {
  StepOptions options;
  int64_t parameters = 0;
  int64_t tokens = 0;          // of a step
  double seconds = 0;          // of a step: the median, wall clock
  double cpu_seconds = 0;      // of a step: the median, of this process
  double flops_per_token = 0;  // convention "megatron" of measure/flops.hpp, a third of it forward
  double gemm_flops = 0;       // FLOP/s of the model's own matrix products, measured alone
  double peak_bytes = 0;       // most resident memory of the process
  double start_bytes = 0;      // the same before the model was built
  std::vector<std::pair<std::string, double>> parts;  // processor seconds by part

  double tokens_per_second() const { return static_cast<double>(tokens) / seconds; }
  // FLOP/s of processor time.
  double flops() const { return flops_per_token * static_cast<double>(tokens) / cpu_seconds; }
};

// Error on an unknown model or precision.
StepReport measure_step(const StepOptions& options);

std::string to_text(const StepReport& report);
std::string to_json(const StepReport& report);

}  // namespace repro::bench
