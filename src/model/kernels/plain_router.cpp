// N tokens, E experts, K chosen ones. Sources: Qwen2MoeTopKRouter of transformers; LLaMA-MoE's
// TopKBalancedNoisyGate (moe_gates.py), whose noise draws come in as a tensor.
#include <cmath>

#include "model/kernels/plain.hpp"

namespace repro::model {
namespace {

struct Chosen {
  at::Tensor values_NK;
  at::Tensor experts_NK;
};

// Best first; equal values in the order of their index, on every device.
Chosen best(const at::Tensor& values_NE, int64_t count) {
  auto [sorted, order] = at::sort(values_NE, /*stable=*/true, /*dim=*/-1, /*descending=*/true);
  return {sorted.narrow(1, 0, count), order.narrow(1, 0, count)};
}

at::Tensor every_expert(const at::Tensor& values_NE) {
  return at::arange(values_NE.size(1), values_NE.options().dtype(at::kLong))
      .expand({values_NE.size(0), values_NE.size(1)});
}

at::Tensor count_experts(const at::Tensor& experts_NK, int64_t experts) {
  return at::bincount(experts_NK.reshape({-1}), {}, experts);
}

Routing route_softmax(const at::Tensor& x_ND, const MoeWeights& weights, const MoeShape& s) {
  const at::Tensor probabilities = at::softmax(at::linear(x_ND, wide(weights.router.leaf)), -1);
  Routing routing;
  routing.scores_NK = probabilities;
  routing.experts_NK = every_expert(probabilities);
  if (s.top_k < s.experts) {
    const Chosen chosen = best(probabilities, s.top_k);
    routing.scores_NK = chosen.values_NK;
    routing.experts_NK = chosen.experts_NK;
  }
  if (s.normalise_top_k)
    routing.scores_NK = routing.scores_NK / routing.scores_NK.sum(-1, /*keepdim=*/true);
  routing.importance_E = probabilities.sum(0);
  routing.counts_E = count_experts(routing.experts_NK, s.experts);
  routing.load_E = routing.counts_E.to(probabilities.scalar_type());
  return routing;
}

at::Tensor normal_cdf(const at::Tensor& x) { return 0.5 * (1.0 + at::erf(x / std::sqrt(2.0))); }

struct NoisyLogits {
  at::Tensor clean_NE;
  at::Tensor noise_NE;  // already multiplied by the deviation
  at::Tensor deviation_NE;
};

// P(expert stays among the first k if its noise is drawn again), summed over tokens (Shazeer 2017).
at::Tensor smooth_load(const NoisyLogits& logits, const at::Tensor& top_NK1, const MoeShape& s) {
  const at::Tensor threshold_if_in = top_NK1.narrow(1, s.top_k, 1);
  const at::Tensor threshold_if_out = top_NK1.narrow(1, s.top_k - 1, 1);
  const at::Tensor tested = s.load_bug ? logits.noise_NE : logits.clean_NE + logits.noise_NE;
  const at::Tensor if_in = normal_cdf((logits.clean_NE - threshold_if_in) / logits.deviation_NE);
  const at::Tensor if_out = normal_cdf((logits.clean_NE - threshold_if_out) / logits.deviation_NE);
  return at::where(tested > threshold_if_in, if_in, if_out).sum(0);
}

Routing route_noisy(const at::Tensor& x_ND, const MoeWeights& weights, const MoeShape& s,
                    const at::Tensor& noise_NE) {
  NoisyLogits parts;
  parts.clean_NE = at::linear(at::tanh(at::linear(x_ND, wide(weights.router.leaf))),
                              wide(weights.router_out.leaf));
  at::Tensor logits = parts.clean_NE;
  const bool noisy = noise_NE.defined();
  if (noisy) {
    parts.deviation_NE =
        at::softplus(at::linear(x_ND, wide(weights.router_noise.leaf))) + s.noise_epsilon;
    parts.noise_NE = noise_NE.to(logits.scalar_type()) * parts.deviation_NE;
    logits = logits + parts.noise_NE;
  }
  Routing routing;
  Chosen top;
  const bool all = s.top_k == s.experts;
  if (all) {
    routing.experts_NK = every_expert(logits);
    routing.scores_NK = at::softmax(logits, -1);
  } else {
    top = best(logits, s.top_k + 1);
    routing.experts_NK = top.experts_NK.narrow(1, 0, s.top_k);
    routing.scores_NK = at::softmax(top.values_NK.narrow(1, 0, s.top_k), -1);
  }
  routing.importance_E =
      at::zeros_like(logits).scatter(1, routing.experts_NK, routing.scores_NK).sum(0);
  routing.counts_E = count_experts(routing.experts_NK, s.experts);
  routing.load_E = noisy && !all ? smooth_load(parts, top.values_NK, s)
                                 : routing.counts_E.to(logits.scalar_type());
  return routing;
}

}  // namespace

Routing route(const at::Tensor& x_ND, const MoeWeights& weights, const MoeShape& shape,
              const at::Tensor& noise_NE) {
  if (shape.gate == Gate::softmax) return route_softmax(wide(x_ND), weights, shape);
  if (shape.gate == Gate::noisy_top_k) return route_noisy(wide(x_ND), weights, shape, noise_NE);
  return {};
}

}  // namespace repro::model
