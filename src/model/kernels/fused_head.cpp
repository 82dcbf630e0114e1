#include <algorithm>

#include "model/kernels/fused.hpp"
#include "model/kernels/fused_norm.hpp"
#include "model/part_clock.hpp"

namespace repro::model {
namespace {

using torch::autograd::variable_list;

template <typename C>
struct HeadState {
  HeadWeights weights;
  FusedNorm<C> norm;
  at::Tensor dnormed;  // of the summed loss
  at::Tensor dweight;  // (V, d) fp32

  double forward(const at::Tensor& x, const HeadShape& shape, const at::Tensor& targets_N,
                 bool gradient);
  variable_list backward(const variable_list& gradients);
};

template <typename C>
double HeadState<C>::forward(const at::Tensor& x, const HeadShape& shape,
                             const at::Tensor& targets_N, bool gradient) {
  const auto& k = cpu::kernels<C>();
  const int64_t rows = x.size(0), width = x.size(1), vocabulary = weights.output.compute.size(0);
  const at::Tensor normed = norm.forward(x, weights.norm, shape.epsilon);
  const PartClock clock(Part::head);
  if (gradient) {
    dnormed = empty({rows, width}, kTypeOf<C>);
    dweight = at::zeros({vocabulary, width}, at::kFloat);
  }
  const at::Tensor logits = empty({std::min(shape.chunk, rows), vocabulary}, kTypeOf<C>);
  const at::Tensor scratch = empty({vocabulary}, at::kFloat);
  const at::Tensor targets = targets_N.contiguous();
  double loss = 0;
  for (int64_t first = 0; first < rows; first += shape.chunk) {
    const int64_t count = std::min(shape.chunk, rows - first);
    const at::Tensor part = normed.narrow(0, first, count);
    at::Tensor chunk = logits.narrow(0, 0, count);
    at::mm_out(chunk, part, weights.output.compute.t());
    loss += k.cross_entropy(count, vocabulary, data<int64_t>(targets) + first, gradient,
                            data<C>(chunk), data<float>(scratch));
    if (!gradient) continue;
    at::Tensor dpart = dnormed.narrow(0, first, count);
    at::mm_out(dpart, chunk, weights.output.compute);
    add_transposed_product<C>(dweight, chunk, part);
  }
  return loss;
}

template <typename C>
variable_list HeadState<C>::backward(const variable_list& gradients) {
  NormGradients g;
  g.dout = dnormed;
  g.scale = static_cast<float>(gradients[0].item<double>());
  {
    const PartClock clock(Part::head);
    cpu::kernels<float>().accumulate(dweight.numel(), data<float>(dweight), g.scale,
                                     data<float>(weights.output.gradient));
  }
  return {norm.backward(weights.norm, g)};
}

template <typename C>
at::Tensor run(const at::Tensor& x_ND, const HeadWeights& weights, const HeadShape& shape,
               const at::Tensor& targets_N) {
  HeadState<C> state;
  state.weights = weights;
  const bool graph = wants_graph(x_ND);
  at::Tensor loss;
  {
    const at::NoGradGuard no_graph;
    loss = at::scalar_tensor(state.forward(x_ND, shape, targets_N, graph), at::kDouble);
  }
  if (graph) attach(std::move(state), x_ND, {loss});
  return loss;
}

}  // namespace

at::Tensor fused_head(const at::Tensor& x_ND, const HeadWeights& weights, const HeadShape& shape,
                      const at::Tensor& targets_N) {
  return shape.compute == at::kFloat ? run<float>(x_ND, weights, shape, targets_N)
                                     : run<Bf16>(x_ND, weights, shape, targets_N);
}

}  // namespace repro::model
