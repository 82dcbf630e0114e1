// N tokens, d width, E experts, K chosen ones, f expert width.
#include <ATen/TensorOperators.h>
#include <ATen/ops/argsort.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/zeros_like.h>

#include <vector>

#include "model/kernels/plain.hpp"

namespace repro::model {
namespace {

at::Tensor swiglu(const at::Tensor& gate_up) {
  const auto halves = gate_up.chunk(2, -1);
  return at::silu(halves[0]) * halves[1];
}

// Every expert on every token: one matrix product up, one down, scores in between.
at::Tensor all_experts(const at::Tensor& x_ND, const MoeWeights& weights, const MoeShape& s,
                       const at::Tensor& scores_NE) {
  const at::Tensor gate_up = weights.gate_up.leaf.to(s.compute);  // (E, 2f, d)
  const at::Tensor down = weights.down.leaf.to(s.compute);        // (E, d, f)
  const int64_t rows = x_ND.size(0), width = x_ND.size(1);
  at::Tensor hidden_NEF = swiglu(
      at::linear(x_ND, gate_up.reshape({-1, width})).view({rows, s.experts, gate_up.size(1)}));
  if (scores_NE.defined()) hidden_NEF = hidden_NEF * scores_NE.to(s.compute).unsqueeze(-1);
  return at::matmul(hidden_NEF.reshape({rows, -1}), down.transpose(1, 2).reshape({-1, width}));
}

// Tokens sorted by expert, so that each expert works on one contiguous slice of them.
at::Tensor chosen_experts(const at::Tensor& x_ND, const MoeWeights& weights, const MoeShape& s,
                          const Routing& routing, const at::Tensor& scores_NK) {
  const at::Tensor counts = routing.counts_E.to(at::kCPU);
  const at::Tensor order = at::argsort(routing.experts_NK.reshape({-1}), /*stable=*/true)
                               .narrow(0, 0, counts.sum().item<int64_t>());
  const at::Tensor token = order.floor_divide(routing.experts_NK.size(1));
  const at::Tensor sorted_x = x_ND.index_select(0, token);
  const at::Tensor sorted_scores =
      scores_NK.reshape({-1}).index_select(0, order).to(s.compute).unsqueeze(-1);
  const at::Tensor gate_up = weights.gate_up.leaf.to(s.compute);
  const at::Tensor down = weights.down.leaf.to(s.compute);
  std::vector<at::Tensor> outputs;
  for (int64_t expert = 0, first = 0; expert < s.experts; ++expert) {
    const int64_t count = counts.data_ptr<int64_t>()[expert];
    const at::Tensor x = sorted_x.narrow(0, first, count);
    outputs.push_back(at::linear(swiglu(at::linear(x, gate_up[expert])), down[expert]));
    first += count;
  }
  return at::zeros_like(x_ND).index_add(0, token, at::cat(outputs) * sorted_scores);
}

at::Tensor shared_expert(const at::Tensor& x_ND, const MoeWeights& weights, const MoeShape& s) {
  const at::Tensor hidden = swiglu(at::linear(x_ND, weights.shared_gate_up.leaf.to(s.compute)));
  const at::Tensor gate = at::sigmoid(at::linear(wide(x_ND), wide(weights.shared_gate.leaf)));
  return at::linear(hidden, weights.shared_down.leaf.to(s.compute)) * gate.to(s.compute);
}

}  // namespace

MoeOutput plain_moe(const at::Tensor& x_ND, const MoeWeights& weights, const MoeShape& s,
                    const at::Tensor& noise_NE) {
  const at::Tensor normed = rms_norm(x_ND, weights.norm.leaf, s.epsilon, s.compute);
  const Routing routing = route(normed, weights, s, noise_NE);
  at::Tensor scores = routing.scores_NK;
  if (scores.defined() && s.router.scale != 1.0) scores = scores * s.router.scale;
  at::Tensor y = routing.all ? all_experts(normed, weights, s, scores)
                             : chosen_experts(normed, weights, s, routing, scores);
  if (weights.shared_down.defined()) y = y + shared_expert(normed, weights, s);
  return {.x_ND = x_ND + y.to(x_ND.scalar_type()),
          .gates_NE = routing.gates_NE,
          .load_E = routing.load_E,
          .counts_E = routing.counts_E,
          .attention_gates_NA = {}};
}

}  // namespace repro::model
