#include "probe/size.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "measure/flops.hpp"
#include "measure/memory.hpp"

namespace repro::probe {
namespace {

constexpr int64_t kSmallestWidth = 64;
// A step is never as fast as its matrix multiplications.
constexpr double kStepShare = 0.5;

double seconds_of(const config::ProbeEntry& entry, const config::ProbeSpec& spec, double flops) {
  const auto a_token = static_cast<double>(
      measure::flops_per_token(measure::Convention::megatron, entry.config, entry.sequence));
  const auto tokens = static_cast<double>(entry.batch * entry.sequence);
  return static_cast<double>(spec.steps + spec.warmup) * tokens * a_token / (flops * kStepShare);
}

bool fits_memory(const config::ProbeEntry& entry, const ProbeLimits& limits) {
  const auto memory =
      measure::estimate_memory(entry.config, entry.precision, entry.batch * entry.sequence);
  return measure::fits(memory, limits.memory_bytes);
}

bool fits(const config::ProbeEntry& entry, const config::ProbeSpec& spec,
          const ProbeLimits& limits) {
  return fits_memory(entry, limits) && seconds_of(entry, spec, limits.flops) <= limits.seconds;
}

// The next smaller model of the series; false at its end.
bool shrink(config::ModelConfig& model) {
  if (model.layers > 2)
    model.layers = std::max<int64_t>(2, model.layers / 2);
  else if (model.width > kSmallestWidth)
    model = narrowed(model, 1);
  else
    return false;
  return true;
}

std::string name_of(const config::ProbeEntry& paper, const config::ProbeEntry& chosen) {
  std::vector<std::string> parts;
  if (chosen.config.layers != paper.config.layers)
    parts.push_back(fmt::format("{} of {} layers", chosen.config.layers, paper.config.layers));
  if (chosen.config.width != paper.config.width)
    parts.push_back(fmt::format("1/{} of the width", paper.config.width / chosen.config.width));
  return parts.empty() ? paper.size : join(parts, ", ");
}

// Of an entry's time for the largest size: each smaller one takes a half to a quarter of it.
constexpr double kFirstShare = 0.7;

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

ProbeSize choose_size(const config::ProbeEntry& paper, const config::ProbeSpec& spec,
                      const ProbeLimits& limits) {
  config::ProbeEntry entry = paper;
  entry.batch = std::max<int64_t>(1, paper.batch / paper.accumulate);
  entry.accumulate = 1;
  while (!fits(entry, spec, limits)) {
    if (entry.batch > 1)
      entry.batch /= 2;
    else if (!shrink(entry.config)) {
      // A machine that neighbours have slowed down takes longer than was asked, and says how unsure
      // its numbers are; without memory there is nothing to measure.
      if (fits_memory(entry, limits)) break;
      throw Error(
          "{} {}: not even a model of width {} fits {} of memory; free some and measure again",
          paper.model, paper.shape, entry.config.width,
          human_bytes(static_cast<double>(limits.memory_bytes)));
    }
  }
  return {entry, limits.seconds, name_of(paper, entry)};
}

std::vector<ProbeSize> choose_series(const config::ProbeEntry& paper, const config::ProbeSpec& spec,
                                     const ProbeLimits& limits) {
  std::vector<ProbeSize> series = {choose_size(paper, spec, limits)};
  if (series.front().entry.config == paper.config || spec.sizes == 1) return series;
  ProbeLimits first = limits;
  first.seconds *= kFirstShare;
  series = {choose_size(paper, spec, first)};
  config::ProbeEntry entry = series.front().entry;
  const double rest = (limits.seconds - first.seconds) / static_cast<double>(spec.sizes - 1);
  while (static_cast<int64_t>(series.size()) < spec.sizes && shrink(entry.config))
    series.push_back({entry, rest, name_of(paper, entry)});
  return series;
}

}  // namespace repro::probe
