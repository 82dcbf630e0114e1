#pragma once
// Random weights and inputs for one block, in any type, and central differences to check gradients.

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <functional>
#include <vector>

#include "model/kernels/blocks.hpp"

namespace repro::model {

// Draws tensors from one generator, so that a test is a pure function of its seed.
class Draw {
 public:
  Draw(uint64_t seed, at::ScalarType type) : type_(type) { at::manual_seed(seed); }

  at::Tensor tensor(std::vector<int64_t> shape, double std = 1) const {
    return (at::randn(shape, at::kDouble) * std).to(type_);
  }
  Weight weight(std::vector<int64_t> shape, double std = 0.5) {
    return track(tensor(std::move(shape), std));
  }
  Weight norm(int64_t width) { return track(1 + tensor({width}, 0.1)); }

  // Every weight drawn so far.
  std::vector<Weight> weights;

 private:
  Weight track(const at::Tensor& values) {
    Weight w;
    w.leaf = values.clone().requires_grad_();
    w.gradient = at::zeros_like(values);
    w.leaf.mutable_grad() = w.gradient;
    w.compute = w.leaf.detach();
    weights.push_back(w);
    return w;
  }
  at::ScalarType type_;
};

struct Sizes {
  int64_t batch = 2, tokens = 5, width = 8;
  int64_t heads = 2, kv_heads = 2, head_width = 4;
  int64_t experts = 4, top_k = 4, expert_width = 6, shared_width = 10, vocabulary = 11;
  config::RouterConfig router = {};
  bool qkv_bias = true;
};

// Routers that tests name.
const config::RouterConfig kNoRouter{.select = config::Select::none};
const config::RouterConfig kSoftmax{};
const config::RouterConfig kSigmoid{.score = config::Score::sigmoid};
const config::RouterConfig kNoisy{.score = config::Score::selected_softmax,
                                  .network = config::RouterNetwork::mlp,
                                  .scale = 2,
                                  .noise = true};

inline config::RouterConfig selecting(config::Select select, double threshold = 0) {
  config::RouterConfig router;
  router.select = select;
  router.threshold = threshold;
  return router;
}

inline config::RouterConfig normalised(config::RouterConfig router) {
  router.normalise = true;
  return router;
}

inline AttentionWeights attention_weights(Draw& draw, const Sizes& s) {
  AttentionWeights w;
  const int64_t qkv = (s.heads + 2 * s.kv_heads) * s.head_width;
  w.norm = draw.norm(s.width);
  w.qkv = draw.weight({qkv, s.width});
  if (s.qkv_bias) w.qkv_bias = draw.weight({qkv});
  w.output = draw.weight({s.width, s.heads * s.head_width});
  return w;
}

inline AttentionShape attention_shape(const Sizes& s, at::ScalarType compute) {
  const auto real = at::TensorOptions().dtype(at::kDouble);
  const at::Tensor power = at::arange(0, s.head_width, 2, real) / s.head_width;
  const at::Tensor angles = at::outer(at::arange(s.tokens, real), at::pow(1e4, -power));
  const at::ScalarType wide = compute == at::kDouble ? at::kDouble : at::kFloat;
  return {.batch = s.batch,
          .tokens = s.tokens,
          .heads = s.heads,
          .kv_heads = s.kv_heads,
          .head_width = s.head_width,
          .epsilon = 1e-6,
          .compute = compute,
          .cos_TD = angles.cos().to(wide),
          .sin_TD = angles.sin().to(wide)};
}

inline MoeWeights moe_weights(Draw& draw, const Sizes& s) {
  MoeWeights w;
  w.norm = draw.norm(s.width);
  if (s.router.select != config::Select::none) w.router = draw.weight({s.experts, s.width});
  if (s.router.network == config::RouterNetwork::mlp)
    w.router_out = draw.weight({s.experts, s.experts});
  if (s.router.noise) w.router_noise = draw.weight({s.experts, s.width});
  w.gate_up = draw.weight({s.experts, 2 * s.expert_width, s.width});
  w.down = draw.weight({s.experts, s.width, s.expert_width});
  if (s.shared_width > 0) {
    w.shared_gate_up = draw.weight({2 * s.shared_width, s.width});
    w.shared_down = draw.weight({s.width, s.shared_width});
    w.shared_gate = draw.weight({1, s.width});
  }
  return w;
}

inline MoeShape moe_shape(const Sizes& s, at::ScalarType compute) {
  return {.router = s.router,
          .experts = s.experts,
          .top_k = s.top_k,
          .epsilon = 1e-6,
          .compute = compute};
}

// Largest |analytic - central difference| over all elements of x and of the weights, relative to
// the largest gradient of that tensor.
inline double worst_gradient_error(Draw& draw, const at::Tensor& x,
                                   const std::function<at::Tensor(const at::Tensor&)>& scalar) {
  const at::Tensor leaf = x.detach().clone().requires_grad_();
  scalar(leaf).backward();
  std::vector<std::pair<at::Tensor, at::Tensor>> checked{{leaf.detach(), leaf.grad()}};
  for (const Weight& w : draw.weights) checked.emplace_back(w.leaf.detach(), w.gradient);
  const c10::NoGradGuard no_graph;
  constexpr double kStep = 1e-5;
  double worst = 0;
  for (auto& [values, gradient] : checked) {
    at::Tensor numeric = at::empty(gradient.sizes(), gradient.options());
    double* at = values.data_ptr<double>();
    for (int64_t i = 0; i < values.numel(); ++i) {
      const double here = at[i];
      at[i] = here + kStep;
      const double above = scalar(leaf).item<double>();
      at[i] = here - kStep;
      const double below = scalar(leaf).item<double>();
      at[i] = here;
      numeric.data_ptr<double>()[i] = (above - below) / (2 * kStep);
    }
    const double scale = numeric.abs().max().item<double>() + 1e-12;
    worst = std::max(worst, (gradient - numeric).abs().max().item<double>() / scale);
  }
  return worst;
}

}  // namespace repro::model
