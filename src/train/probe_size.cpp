#include "train/probe_size.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "measure/flops.hpp"
#include "measure/memory.hpp"

namespace repro::train {
namespace {

constexpr int64_t kSmallestWidth = 64;
// A step is never as fast as its matrix multiplications.
constexpr double kStepShare = 0.5;

double seconds_of(const config::ProbePhase& phase, const config::ProbeSpec& spec, double flops) {
  const auto a_token = static_cast<double>(
      measure::flops_per_token(measure::Convention::megatron, phase.config, phase.sequence));
  const auto tokens = static_cast<double>(phase.batch * phase.sequence);
  return static_cast<double>(spec.steps + spec.warmup) * tokens * a_token / (flops * kStepShare);
}

bool fits(const config::ProbePhase& phase, const config::ProbeSpec& spec, double flops,
          int64_t memory_bytes) {
  const auto memory =
      measure::estimate_memory(phase.config, phase.precision, phase.batch * phase.sequence);
  return measure::fits(memory, memory_bytes) &&
         seconds_of(phase, spec, flops) <= spec.phase_seconds;
}

std::string name_of(const config::ProbePhase& paper, const config::ProbePhase& chosen,
                    int64_t level) {
  std::vector<std::string> parts;
  if (chosen.config.layers != paper.config.layers)
    parts.push_back(fmt::format("{} of {} layers", chosen.config.layers, paper.config.layers));
  if (level > 0) parts.push_back(fmt::format("1/{} of the width", int64_t{1} << level));
  return parts.empty() ? "paper" : join(parts, ", ");
}

}  // namespace

config::ModelConfig narrowed(config::ModelConfig model, int64_t level) {
  const auto halve = [&](int64_t& size) { size = std::max<int64_t>(1, size >> level); };
  halve(model.width);
  halve(model.heads);
  halve(model.kv_heads);
  halve(model.expert_width);
  if (model.shared_width > 0) halve(model.shared_width);
  model.vocabulary = std::max<int64_t>(256, model.vocabulary >> level);
  return model;
}

ProbeSize choose_size(const config::ProbePhase& paper, const config::ProbeSpec& spec, double flops,
                      int64_t memory_bytes) {
  config::ProbePhase phase = paper;
  phase.batch = std::max<int64_t>(1, paper.batch / paper.accumulate);
  phase.accumulate = 1;
  int64_t level = 0;
  while (!fits(phase, spec, flops, memory_bytes)) {
    if (phase.batch > 1)
      phase.batch /= 2;
    else if (phase.config.layers > 2)
      phase.config.layers = std::max<int64_t>(2, phase.config.layers / 2);
    else if (phase.config.width > kSmallestWidth)
      phase.config = narrowed(phase.config, 1), ++level;
    else
      throw Error(
          "{} {}: not even a model of width {} fits {} of memory and {} s; raise "
          "phase_seconds",
          paper.model, paper.phase, phase.config.width,
          human_bytes(static_cast<double>(memory_bytes)), spec.phase_seconds);
  }
  return {phase, name_of(paper, phase, level)};
}

}  // namespace repro::train
