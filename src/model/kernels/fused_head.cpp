#include <ATen/ops/empty_like.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "model/kernels/fused_linear.hpp"
#include "model/kernels/fused_node.hpp"
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

constexpr int64_t kHeadStrip = 256;  // the output matrix is read once for so many rows

// The output matrix, ready for both of its products with rows.
template <typename C>
struct OutputMatrix {
  explicit OutputMatrix(const at::Tensor& w)
      : vocabulary(w.size(0)),
        width(w.size(1)),
        forward(w, Direction::forward),
        backward(w, Direction::backward) {}
  int64_t vocabulary, width;
  PackedWeight<C> forward, backward;
};

// The loss of some rows. With dx, `logits` become their gradient and dx is written.
template <typename C>
double rows_loss(const OutputMatrix<C>& output, int64_t rows, const C* x, const int64_t* targets,
                 C* logits, C* dx) {
  std::vector<double> losses(static_cast<size_t>((rows + kHeadStrip - 1) / kHeadStrip));
  const int64_t d = output.width, vocabulary = output.vocabulary;
  in_strips(rows, kHeadStrip, [&](int64_t first, int64_t count) {
    const at::Tensor scratch = empty({vocabulary}, at::kFloat);
    C* strip = logits + first * vocabulary;
    output.forward.multiply(count, x + first * d, strip);
    losses[static_cast<size_t>(first / kHeadStrip)] = cpu::kernels<C>().cross_entropy(
        count, vocabulary, targets + first, dx != nullptr, strip, data<float>(scratch));
    if (dx) output.backward.multiply(count, strip, dx + first * d);
  });
  return std::accumulate(losses.begin(), losses.end(), 0.0);
}

template <typename C>
double HeadState<C>::forward(const at::Tensor& x, const HeadShape& shape,
                             const at::Tensor& targets_N, bool gradient) {
  const at::Tensor normed = norm.forward(x, weights.norm, shape.epsilon);
  const PartClock clock(Part::head);
  const OutputMatrix<C> output(weights.output.compute);
  if (gradient) {
    dnormed = at::empty_like(normed);
    dweight = at::zeros(weights.output.compute.sizes(), at::kFloat);
  }
  const int64_t rows = x.size(0);
  const at::Tensor logits = empty({std::min(shape.chunk, rows), output.vocabulary}, kTypeOf<C>);
  const at::Tensor targets = targets_N.contiguous();
  double loss = 0;
  for (int64_t first = 0; first < rows; first += shape.chunk) {
    const int64_t count = std::min(shape.chunk, rows - first);
    loss += rows_loss(output, count, row<C>(normed, first), data<int64_t>(targets) + first,
                      data<C>(logits), gradient ? row<C>(dnormed, first) : nullptr);
    if (gradient)
      add_weight_gradient<C>(dweight, logits.narrow(0, 0, count), normed.narrow(0, first, count));
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

float logit_of(const float& logit) { return logit; }
float logit_of(const Bf16& logit) {
  return static_cast<float>(at::BFloat16(logit.bits, at::BFloat16::from_bits()));
}

// The first of the highest logits is the target's.
template <typename C>
bool is_likeliest(const C* logits, int64_t vocabulary, int64_t target) {
  const float own = logit_of(logits[target]);
  for (int64_t token = 0; token < vocabulary; ++token) {
    const float other = logit_of(logits[token]);
    if (other > own || (other == own && token < target)) return false;
  }
  return true;
}

template <typename C>
at::Tensor run_score(const at::Tensor& x_ND, const HeadWeights& weights, const HeadShape& shape,
                     const at::Tensor& targets_N) {
  const at::NoGradGuard no_graph;
  FusedNorm<C> norm;
  const at::Tensor normed = norm.forward(x_ND, weights.norm, shape.epsilon);
  const PackedWeight<C> output(weights.output.compute, Direction::forward);
  const int64_t vocabulary = weights.output.leaf.size(0);
  const at::Tensor targets = targets_N.contiguous();
  at::Tensor scores = empty({x_ND.size(0), 2}, at::kDouble);
  in_strips(x_ND.size(0), kHeadStrip, [&](int64_t first, int64_t count) {
    const at::Tensor logits = empty({count, vocabulary}, kTypeOf<C>);
    const at::Tensor scratch = empty({vocabulary}, at::kFloat);
    output.multiply(count, row<C>(normed, first), data<C>(logits));
    for (int64_t r = 0; r < count; ++r) {
      C* of_row = row<C>(logits, r);
      const int64_t* target = data<int64_t>(targets) + first + r;
      double* out = row<double>(scores, first + r);
      out[0] = cpu::kernels<C>().cross_entropy(1, vocabulary, target, /*gradient=*/false, of_row,
                                               data<float>(scratch));
      out[1] = is_likeliest(of_row, vocabulary, *target) ? 1 : 0;
    }
  });
  return scores;
}

}  // namespace

at::Tensor fused_score(const at::Tensor& x_ND, const HeadWeights& weights, const HeadShape& shape,
                       const at::Tensor& targets_N) {
  check_ids(targets_N, weights.output.leaf.size(0));
  return shape.compute == at::kFloat ? run_score<float>(x_ND, weights, shape, targets_N)
                                     : run_score<Bf16>(x_ND, weights, shape, targets_N);
}

at::Tensor fused_head(const at::Tensor& x_ND, const HeadWeights& weights, const HeadShape& shape,
                      const at::Tensor& targets_N) {
  check_ids(targets_N, weights.output.leaf.size(0));
  return shape.compute == at::kFloat ? run<float>(x_ND, weights, shape, targets_N)
                                     : run<Bf16>(x_ND, weights, shape, targets_N);
}

}  // namespace repro::model
