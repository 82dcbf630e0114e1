// N tokens, E experts, K chosen ones. Sources: Qwen2MoeTopKRouter of transformers; LLaMA-MoE's
// TopKBalancedNoisyGate (moe_gates.py), whose noise draws come in as a tensor; the gate of
// DeepSeek-V3.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

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

// What is no number comes first, as in the library's own sort.
template <typename Value>
Value key(Value value) {
  return std::isnan(value) ? std::numeric_limits<Value>::infinity() : value;
}

// The first `count` of each row's places by value, best first, equal ones in their order.
template <typename Value>
at::Tensor best_places(const at::Tensor& values_NE, int64_t count) {
  const at::Tensor values = values_NE.contiguous();
  const int64_t rows = values.size(0), experts = values.size(1);
  at::Tensor places = at::empty({rows, count}, values.options().dtype(at::kLong));
  const Value* from = values.const_data_ptr<Value>();
  int64_t* to = places.mutable_data_ptr<int64_t>();
  std::vector<int64_t> order(static_cast<size_t>(experts));
  for (int64_t row = 0; row < rows; ++row, from += experts, to += count) {
    std::iota(order.begin(), order.end(), int64_t{0});
    std::partial_sort(order.begin(), order.begin() + count, order.end(),
                      [from](int64_t a, int64_t b) {
                        const Value first = key(from[a]), second = key(from[b]);
                        return first > second || (first == second && a < b);
                      });
    std::copy_n(order.begin(), count, to);
  }
  return places;
}

// Best first; equal values in the order of their index, on every device. The library sorts whole
// rows, and for experts that is most of a sparse reading's time on the CPU.
Chosen best(const at::Tensor& values_NE, int64_t count) {
  const at::ScalarType type = values_NE.scalar_type();
  if (values_NE.is_cpu() && (type == at::kFloat || type == at::kDouble)) {
    const at::Tensor places = type == at::kFloat ? best_places<float>(values_NE.detach(), count)
                                                 : best_places<double>(values_NE.detach(), count);
    return {values_NE.gather(1, places), places};
  }
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

// How many experts of each token score above threshold / E.
at::Tensor count_above(const at::Tensor& ranks_NE, double threshold) {
  return (ranks_NE * static_cast<double>(ranks_NE.size(1)) > threshold).sum(-1);
}

// K, the most experts that a token gets: k, or what the scores of this batch say.
int64_t most_chosen(const at::Tensor& ranks_NE, const MoeShape& s) {
  if (s.router.select != Select::threshold && s.router.select != Select::threshold_top_k)
    return s.top_k;
  const at::Tensor counts_N = count_above(ranks_NE, s.router.threshold);
  if (s.router.select == Select::threshold_top_k)
    return std::max<int64_t>(1, std::lround(counts_N.to(at::kDouble).mean().item<double>()));
  return std::max<int64_t>(1, counts_N.max().item<int64_t>());
}

bool keeps_all(const at::Tensor& ranks_NE, const MoeShape& s) {
  return s.router.select != Select::threshold ||
         count_above(ranks_NE, s.router.threshold).min().item<int64_t>() == s.experts;
}

// Takes away what is not above the threshold.
void drop_below(Routing& routing, const MoeShape& s) {
  const at::Tensor kept = routing.scores_NK * static_cast<double>(s.experts) > s.router.threshold;
  routing.experts_NK = at::where(kept, routing.experts_NK, s.experts);
  routing.scores_NK = routing.scores_NK * kept;
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
  if (s.router.select == Select::none) {
    routing.all = true;
    return routing;
  }
  const Logits logits = logits_of(wide(x_ND), weights, s, noise_NE);
  const at::Tensor ranks = ranks_of(logits.sum(), s.router.score);
  const bool biased = weights.router_bias.defined();
  const at::Tensor chosen_by = biased ? ranks + wide(weights.router_bias.leaf.detach()) : ranks;
  const int64_t k = most_chosen(ranks, s);
  routing.all = k == s.experts && keeps_all(ranks, s);
  const Chosen top =
      routing.all ? every_expert(ranks) : best(chosen_by, std::min(k + 1, s.experts));
  routing.experts_NK = top.experts_NK.narrow(1, 0, k);
  set_scores(routing, ranks,
             biased ? ranks.gather(1, routing.experts_NK) : top.values_NK.narrow(1, 0, k),
             s.router);
  if (s.router.select == Select::threshold && !routing.all) drop_below(routing, s);
  routing.counts_E = count_experts(routing.experts_NK, s.experts);
  routing.load_E = noise_NE.defined() && !routing.all ? smooth_load(logits, top.values_NK, s)
                                                      : routing.counts_E.to(ranks.scalar_type());
  return routing;
}

}  // namespace repro::model
