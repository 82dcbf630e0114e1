#include "measure/flops.hpp"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "measure/parameters.hpp"

namespace repro::measure {
namespace {

constexpr std::array kConventions = {
    Convention::palm, Convention::nanogpt,  Convention::foundry, Convention::torchtitan,
    Convention::olmo, Convention::nanochat, Convention::megatron};

}  // namespace

std::span<const Convention> all_conventions() { return kConventions; }

std::string_view name(Convention convention) {
  switch (convention) {
    case Convention::palm:
      return "palm";
    case Convention::nanogpt:
      return "nanogpt";
    case Convention::foundry:
      return "foundry";
    case Convention::torchtitan:
      return "torchtitan";
    case Convention::olmo:
      return "olmo";
    case Convention::nanochat:
      return "nanochat";
    case Convention::megatron:
      return "megatron";
  }
  check(false, "an unnamed FLOP convention");
  return {};
}

Convention parse_convention(std::string_view text) {
  std::vector<std::string> names;
  for (const Convention convention : kConventions) {
    if (name(convention) == text) return convention;
    names.emplace_back(name(convention));
  }
  throw Error("unknown FLOP convention '{}'; known: {}{}", text, join(names, ", "),
              did_you_mean(text, names));
}

int64_t flops_per_token(Convention convention, const config::ModelConfig& model, int64_t sequence) {
  const Parameters n = count_parameters(model);
  // Scores and their use on values: 2 products of 2 L a h T FLOPs forward, twice that backward.
  const int64_t attention = 12 * model.layers * model.heads * model.head_width * sequence;
  switch (convention) {
    case Convention::palm:
      return 6 * n.active_matmul() + attention;
    case Convention::nanogpt:
      return 6 * n.full() + attention;
    case Convention::foundry:
      return 6 * n.full() + 12 * model.layers * model.width * sequence;
    case Convention::torchtitan:
      return 6 * (n.non_embedding() - n.experts + n.experts * model.top_k / model.experts) +
             attention;
    case Convention::olmo:
      return 6 * (n.attention + n.attention_bias + n.router + n.shared_expert + n.shared_gate +
                  n.experts * model.top_k / model.experts + n.head + model.width) +
             attention;
    case Convention::nanochat:
      return 6 * (n.active_matmul() + n.router + n.shared_gate) + attention;
    case Convention::megatron:
      return 6 * n.active_matmul() + attention / 2;
  }
  check(false, "an uncounted FLOP convention");
  return 0;
}

Utilisation mfu(Convention convention, const config::ModelConfig& model, int64_t sequence,
                double tokens_per_second, std::optional<double> peak_flops,
                std::string_view peak_reason) {
  if (!peak_flops) return {std::nullopt, std::string(peak_reason)};
  if (!(tokens_per_second > 0)) return {std::nullopt, "no throughput was measured"};
  const auto flops = static_cast<double>(flops_per_token(convention, model, sequence));
  return {flops * tokens_per_second / *peak_flops, {}};
}

Plausibility plausibility(double utilisation) {
  if (utilisation > 1.0) return Plausibility::impossible;
  return utilisation > 0.75 ? Plausibility::suspect : Plausibility::plausible;
}

}  // namespace repro::measure
