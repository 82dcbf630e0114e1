// The loss and its gradient, chunk by chunk, so that the (N, V) logits never exist at one time.
#include <ATen/TensorOperators.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "model/kernels/plain.hpp"

namespace repro::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// One chunk of rows: adds its loss; returns softmax(logits) - onehot(target) where asked.
at::Tensor chunk_loss(const at::Tensor& logits_NV, const at::Tensor& targets_N, at::Tensor& loss,
                      bool gradient) {
  const at::Tensor log_p = at::log_softmax(wide(logits_NV), -1);
  const at::Tensor target = targets_N.unsqueeze(-1);
  loss.sub_(log_p.gather(-1, target).sum(at::kDouble));
  if (!gradient) return {};
  at::Tensor p = log_p.exp();
  return p.scatter_add_(-1, target, at::full({1, 1}, -1, p.options()).expand(target.sizes()));
}

struct CrossEntropy : torch::autograd::Function<CrossEntropy> {
  static Variable forward(AutogradContext* context, const Variable& x_ND, const Variable& weight_VD,
                          const Variable& targets_N, int64_t chunk, bool gradient) {
    at::Tensor loss = at::zeros({}, x_ND.options().dtype(at::kDouble));
    at::Tensor dx, dw;
    if (gradient) {
      dx = at::empty_like(x_ND);
      dw = at::zeros(weight_VD.sizes(), wide(weight_VD).options());
    }
    for (int64_t first = 0; first < x_ND.size(0); first += chunk) {
      const int64_t rows = std::min(chunk, x_ND.size(0) - first);
      const at::Tensor x = x_ND.narrow(0, first, rows);
      const at::Tensor error =
          chunk_loss(at::linear(x, weight_VD), targets_N.narrow(0, first, rows), loss, gradient);
      if (!gradient) continue;
      const at::Tensor g = error.to(x.scalar_type());
      dx.narrow(0, first, rows).copy_(at::mm(g, weight_VD));
      dw.add_(at::mm(g.t(), x));
    }
    context->save_for_backward({dx, dw});
    return loss;
  }

  static variable_list backward(AutogradContext* context, variable_list outputs) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &dx = saved[0], &dw = saved[1];
    const at::Tensor scale = outputs[0];
    return {dx * scale.to(dx.scalar_type()), dw * scale.to(dw.scalar_type()), Variable(),
            Variable(), Variable()};
  }
};

}  // namespace

at::Tensor plain_embed(const at::Tensor& tokens_N, const Weight& table) {
  return at::embedding(table.leaf, tokens_N);
}

at::Tensor plain_head(const at::Tensor& x_ND, const HeadWeights& weights, const HeadShape& s,
                      const at::Tensor& targets_N) {
  const at::Tensor normed = rms_norm(x_ND, weights.norm.leaf, s.epsilon, s.compute);
  const at::Tensor output = weights.output.leaf.to(s.compute);
  const bool gradient =
      at::GradMode::is_enabled() && (normed.requires_grad() || output.requires_grad());
  return CrossEntropy::apply(normed, output, targets_N, s.chunk, gradient);
}

at::Tensor plain_score(const at::Tensor& x_ND, const HeadWeights& weights, const HeadShape& s,
                       const at::Tensor& targets_N) {
  const at::NoGradGuard no_graph;
  const at::Tensor normed = rms_norm(x_ND, weights.norm.leaf, s.epsilon, s.compute);
  const at::Tensor output = weights.output.leaf.to(s.compute);
  at::Tensor scores = at::empty({x_ND.size(0), 2}, x_ND.options().dtype(at::kDouble));
  for (int64_t first = 0; first < x_ND.size(0); first += s.chunk) {
    const int64_t rows = std::min(s.chunk, x_ND.size(0) - first);
    const at::Tensor log_p =
        at::log_softmax(wide(at::linear(normed.narrow(0, first, rows), output)), -1);
    const at::Tensor target = targets_N.narrow(0, first, rows);
    const at::Tensor part = scores.narrow(0, first, rows);
    part.select(1, 0).copy_(-log_p.gather(-1, target.unsqueeze(-1)).squeeze(-1));
    part.select(1, 1).copy_(log_p.argmax(-1).eq(target));
  }
  return scores;
}

}  // namespace repro::model
