// N tokens, E experts, K chosen ones. Sources: Qwen2MoeTopKRouter of transformers; LLaMA-MoE's
// TopKBalancedNoisyGate (moe_gates.py), whose noise draws come in as a tensor; the gate of
// DeepSeek-V3.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

#include "model/kernels/plain.hpp"

namespace repro::model {
namespace {

using config::RouterNetwork;
using config::Score;
using config::Select;

// Experts of each token with the values they were chosen by.
struct Chosen {
  at::Tensor values_NK;
  at::Tensor experts_NK;
};

// Best first; equal values in the order of their index, on every device.
Chosen best(const at::Tensor& values_NE, int64_t count) {
  auto [sorted, order] = at::sort(values_NE, /*stable=*/true, /*dim=*/-1, /*descending=*/true);
  return {sorted.narrow(1, 0, count), order.narrow(1, 0, count)};
}

Chosen every_expert(const at::Tensor& values_NE) {
  return {values_NE, at::arange(values_NE.size(1), values_NE.options().dtype(at::kLong))
                         .expand({values_NE.size(0), values_NE.size(1)})};
}

at::Tensor count_experts(const at::Tensor& experts_NK, int64_t experts) {
  return at::bincount(experts_NK.reshape({-1}), {}, experts + 1).narrow(0, 0, experts);
}

struct Logits {
  at::Tensor clean_NE;
  at::Tensor noise_NE;  // already multiplied by the deviation; undefined = off
  at::Tensor deviation_NE;
  at::Tensor sum() const { return noise_NE.defined() ? clean_NE + noise_NE : clean_NE; }
};

Logits logits_of(const at::Tensor& x_ND, const MoeWeights& weights, const MoeShape& s,
                 const at::Tensor& noise_NE) {
  Logits logits;
  logits.clean_NE = at::linear(x_ND, wide(weights.router.leaf));
  if (s.router.network == RouterNetwork::mlp)
    logits.clean_NE = at::linear(at::tanh(logits.clean_NE), wide(weights.router_out.leaf));
  if (!noise_NE.defined()) return logits;
  logits.deviation_NE =
      at::softplus(at::linear(x_ND, wide(weights.router_noise.leaf))) + s.router.noise_epsilon;
  logits.noise_NE = noise_NE.to(logits.clean_NE.scalar_type()) * logits.deviation_NE;
  return logits;
}

// What experts are selected by: scores of all of them, or the logits where scores come after.
at::Tensor ranks_of(const at::Tensor& logits_NE, Score score) {
  switch (score) {
    case Score::softmax:
      return at::softmax(logits_NE, -1);
    case Score::sigmoid:
      return at::sigmoid(logits_NE);
    case Score::selected_softmax:
      break;
  }
  return logits_NE;
}

at::Tensor normal_cdf(const at::Tensor& x) { return 0.5 * (1.0 + at::erf(x / std::sqrt(2.0))); }

// P(expert stays among the first k if its noise is drawn again), summed over tokens (Shazeer 2017).
// top_NK1: the k + 1 best logits.
at::Tensor smooth_load(const Logits& logits, const at::Tensor& top_NK1, const MoeShape& s) {
  const at::Tensor threshold_if_in = top_NK1.narrow(1, s.top_k, 1);
  const at::Tensor threshold_if_out = top_NK1.narrow(1, s.top_k - 1, 1);
  const at::Tensor tested = s.router.load_bug ? logits.noise_NE : logits.clean_NE + logits.noise_NE;
  const at::Tensor if_in = normal_cdf((logits.clean_NE - threshold_if_in) / logits.deviation_NE);
  const at::Tensor if_out = normal_cdf((logits.clean_NE - threshold_if_out) / logits.deviation_NE);
  return at::where(tested > threshold_if_in, if_in, if_out).sum(0);
}

// Scores of the chosen experts, and from them the gates of all.
void set_scores(Routing& routing, const at::Tensor& ranks_NE, const at::Tensor& chosen_NK,
                const config::RouterConfig& router) {
  routing.gates_NE = ranks_NE;
  routing.scores_NK = chosen_NK;
  if (router.score == Score::selected_softmax) {
    routing.scores_NK = at::softmax(chosen_NK, -1);
    routing.gates_NE = at::zeros_like(ranks_NE).scatter(1, routing.experts_NK, routing.scores_NK);
  }
  if (router.normalise)
    routing.scores_NK = routing.scores_NK / routing.scores_NK.sum(-1, /*keepdim=*/true);
}

}  // namespace

Routing route(const at::Tensor& x_ND, const MoeWeights& weights, const MoeShape& s,
              const at::Tensor& noise_NE) {
  Routing routing;
  routing.all = s.top_k == s.experts;
  if (s.router.select == Select::none) return routing;
  const Logits logits = logits_of(wide(x_ND), weights, s, noise_NE);
  const at::Tensor ranks = ranks_of(logits.sum(), s.router.score);
  const Chosen top = routing.all ? every_expert(ranks) : best(ranks, s.top_k + 1);
  routing.experts_NK = top.experts_NK.narrow(1, 0, s.top_k);
  set_scores(routing, ranks, top.values_NK.narrow(1, 0, s.top_k), s.router);
  routing.counts_E = count_experts(routing.experts_NK, s.experts);
  routing.load_E = noise_NE.defined() && !routing.all ? smooth_load(logits, top.values_NK, s)
                                                      : routing.counts_E.to(ranks.scalar_type());
  return routing;
}

}  // namespace repro::model
