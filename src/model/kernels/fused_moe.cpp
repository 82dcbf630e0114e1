// N tokens, d width, E experts, K chosen ones, f expert width.
#include <ATen/TensorOperators.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include "model/kernels/fused.hpp"
#include "model/kernels/fused_experts.hpp"
#include "model/kernels/fused_node.hpp"
#include "model/kernels/fused_norm.hpp"
#include "model/kernels/plain.hpp"
#include "model/part_clock.hpp"

namespace repro::model {
namespace {

using torch::autograd::variable_list;

// The small part, left to autograd: (N, E) scores, load, and the shared expert's gate. Its graph
// hangs on a leaf, so that the block stays one node from outside.
struct RouterGraph {
  at::Tensor input;        // leaf: the normed rows, wide
  Routing routing;         // undefined members without a router
  at::Tensor shared_gate;  // (N, 1), or undefined
  at::Tensor scores;       // routing.scores_NK, scaled

  void forward(const at::Tensor& normed, const MoeWeights& weights, const MoeShape& shape,
               const at::Tensor& noise_NE, bool graph);
  // Adds to the router's weights; returns the gradient of the normed rows, undefined if none.
  at::Tensor backward(const at::Tensor& dscores, const at::Tensor& dgates, const at::Tensor& dload,
                      const at::Tensor& dshared_gate);
};

void RouterGraph::forward(const at::Tensor& normed, const MoeWeights& weights,
                          const MoeShape& shape, const at::Tensor& noise_NE, bool graph) {
  const PartClock clock(Part::router);
  const at::AutoGradMode mode(graph);
  input = wide(normed).detach().requires_grad_(graph);
  routing = route(input, weights, shape, noise_NE);
  scores = routing.scores_NK;
  if (scores.defined() && shape.router.scale != 1.0) scores = scores * shape.router.scale;
  if (weights.shared_gate.defined())
    shared_gate = at::sigmoid(at::linear(input, weights.shared_gate.leaf));
}

at::Tensor RouterGraph::backward(const at::Tensor& dscores, const at::Tensor& dgates,
                                 const at::Tensor& dload, const at::Tensor& dshared_gate) {
  const PartClock clock(Part::router);
  variable_list outputs, gradients;
  const auto add = [&](const at::Tensor& output, const at::Tensor& gradient) {
    if (!output.defined() || !output.requires_grad() || !gradient.defined()) return;
    outputs.push_back(output);
    gradients.push_back(gradient.view_as(output));
  };
  add(scores, dscores);
  add(routing.gates_NE, dgates);
  add(routing.load_E, dload);
  add(shared_gate, dshared_gate);
  if (!outputs.empty()) torch::autograd::backward(outputs, gradients);
  return input.grad();
}

template <typename C>
struct MoeState {
  MoeWeights weights;
  MoeShape shape;
  FusedNorm<C> norm;
  at::Tensor normed;
  RouterGraph router;
  Experts<C> routed;
  DenseExpert<C> shared;

  at::Tensor forward(const at::Tensor& x, const at::Tensor& noise_NE, bool graph);
  variable_list backward(const variable_list& gradients);
};

template <typename C>
at::Tensor MoeState<C>::forward(const at::Tensor& x, const at::Tensor& noise_NE, bool graph) {
  normed = norm.forward(x, weights.norm, shape.epsilon);
  router.forward(normed, weights, shape, noise_NE, graph);
  const at::Tensor y = routed.forward(normed, weights, router.routing, router.scores);
  at::Tensor y_shared;
  if (weights.shared_down.defined())
    y_shared = shared.forward(normed, weights.shared_gate_up, weights.shared_down,
                              router.shared_gate.detach());
  at::Tensor out = empty(x.sizes(), at::kFloat);
  cpu::kernels<C>().add_residual(x.numel(), data<float>(norm.x), data<C>(y), data<C>(y_shared),
                                 data<float>(out));
  return out;
}

template <typename C>
variable_list MoeState<C>::backward(const variable_list& gradients) {
  const auto gradient_of = [&](size_t i) {
    return i < gradients.size() ? gradients[i] : at::Tensor();
  };
  NormGradients g;
  g.residual = gradients[0].defined() ? gradients[0].contiguous() : at::zeros_like(norm.x);
  const at::Tensor dout = to_compute<C>(g.residual);
  at::Tensor dscores, dshared_gate;
  g.dout = routed.backward(dout, normed, weights, dscores);
  if (weights.shared_down.defined())
    g.dout2 =
        shared.backward(dout, normed, weights.shared_gate_up, weights.shared_down, dshared_gate);
  g.dwide = router.backward(dscores, gradient_of(1), gradient_of(2), dshared_gate);
  return {norm.backward(weights.norm, g)};
}

template <typename C>
MoeOutput run(const at::Tensor& x_ND, const MoeWeights& weights, const MoeShape& shape,
              const at::Tensor& noise_NE) {
  MoeState<C> state;
  state.weights = weights;
  state.shape = shape;
  const bool graph = wants_graph(x_ND);
  MoeOutput out;
  {
    const at::NoGradGuard no_graph;
    out.x_ND = state.forward(x_ND, noise_NE, graph);
  }
  const Routing& routing = state.router.routing;
  out.counts_E = routing.counts_E;
  if (!routing.gates_NE.defined()) {
    if (graph) attach(std::move(state), x_ND, {out.x_ND});
    return out;
  }
  out.gates_NE = routing.gates_NE.detach();
  out.load_E = routing.load_E.detach();
  if (!graph) return out;
  // The load is a constant count unless the router makes a smooth estimate of it.
  if (routing.load_E.requires_grad())
    attach(std::move(state), x_ND, {out.x_ND, out.gates_NE, out.load_E});
  else
    attach(std::move(state), x_ND, {out.x_ND, out.gates_NE});
  return out;
}

}  // namespace

MoeOutput fused_moe(const at::Tensor& x_ND, const MoeWeights& weights, const MoeShape& shape,
                    const at::Tensor& noise_NE) {
  return shape.compute == at::kFloat ? run<float>(x_ND, weights, shape, noise_NE)
                                     : run<Bf16>(x_ND, weights, shape, noise_NE);
}

}  // namespace repro::model
