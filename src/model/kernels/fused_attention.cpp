#include "model/kernels/fused.hpp"
#include "model/kernels/fused_norm.hpp"
#include "model/part_clock.hpp"

namespace repro::model {
namespace {

using torch::autograd::variable_list;

cpu::AttentionSizes sizes_of(const AttentionShape& s) {
  return {s.batch, s.tokens, s.heads, s.kv_heads, s.head_width};
}

template <typename C>
struct AttentionState {
  AttentionWeights weights;
  AttentionShape shape;
  FusedNorm<C> norm;
  at::Tensor normed;
  at::Tensor qkv;      // rotated
  at::Tensor mixed;    // heads side by side, before the output projection
  at::Tensor log_sum;  // (B, H, T)

  at::Tensor forward(const at::Tensor& x);
  variable_list backward(const variable_list& gradients);
  at::Tensor backward_to_norm(const at::Tensor& dout);
};

template <typename C>
at::Tensor AttentionState<C>::forward(const at::Tensor& x) {
  const auto& k = cpu::kernels<C>();
  const cpu::AttentionSizes sizes = sizes_of(shape);
  normed = norm.forward(x, weights.norm, shape.epsilon);
  const PartClock clock(Part::attention);
  qkv = at::mm(normed, weights.qkv.compute.t());
  k.rotate(sizes, data<float>(weights.qkv_bias.leaf), data<float>(shape.cos_TD),
           data<float>(shape.sin_TD), data<C>(qkv));
  mixed = empty({x.size(0), shape.heads * shape.head_width}, kTypeOf<C>);
  log_sum = empty({shape.batch, shape.heads, shape.tokens}, at::kFloat);
  const at::Tensor scratch = empty({k.attention_scratch(sizes)}, at::kFloat);
  k.attention(sizes, data<C>(qkv), data<C>(mixed), data<float>(log_sum), data<float>(scratch));
  const at::Tensor projected = at::mm(mixed, weights.output.compute.t());
  at::Tensor out = empty(x.sizes(), at::kFloat);
  k.add_residual(x.numel(), data<float>(norm.x), data<C>(projected), nullptr, data<float>(out));
  return out;
}

template <typename C>
at::Tensor AttentionState<C>::backward_to_norm(const at::Tensor& dout) {
  const PartClock clock(Part::attention);
  const auto& k = cpu::kernels<C>();
  const cpu::AttentionSizes sizes = sizes_of(shape);
  const at::Tensor dmixed = at::mm(dout, weights.output.compute);
  add_transposed_product<C>(weights.output.gradient, dout, mixed);

  const at::Tensor dqkv = at::empty_like(qkv);
  const at::Tensor scratch = empty({k.attention_scratch(sizes)}, at::kFloat);
  k.attention_backward(sizes, data<C>(qkv), data<C>(mixed), data<float>(log_sum), data<C>(dmixed),
                       data<C>(dqkv), data<float>(scratch));
  k.rotate_backward(sizes, data<float>(shape.cos_TD), data<float>(shape.sin_TD), data<C>(dqkv));
  if (weights.qkv_bias.defined())
    k.column_sums(dqkv.size(0), dqkv.size(1), data<C>(dqkv),
                  data<float>(weights.qkv_bias.gradient));
  add_transposed_product<C>(weights.qkv.gradient, dqkv, normed);
  return at::mm(dqkv, weights.qkv.compute);
}

template <typename C>
variable_list AttentionState<C>::backward(const variable_list& gradients) {
  NormGradients g;
  g.residual = gradients[0].contiguous();
  g.dout = backward_to_norm(to_compute<C>(g.residual));
  return {norm.backward(weights.norm, g)};
}

template <typename C>
at::Tensor run(const at::Tensor& x_ND, const AttentionWeights& weights,
               const AttentionShape& shape) {
  AttentionState<C> state;
  state.weights = weights;
  state.shape = shape;
  at::Tensor out;
  {
    const at::NoGradGuard no_graph;
    out = state.forward(x_ND);
  }
  if (wants_graph(x_ND)) attach(std::move(state), x_ND, {out});
  return out;
}

}  // namespace

at::Tensor fused_attention(const at::Tensor& x_ND, const AttentionWeights& weights,
                           const AttentionShape& shape) {
  return shape.compute == at::kFloat ? run<float>(x_ND, weights, shape)
                                     : run<Bf16>(x_ND, weights, shape);
}

}  // namespace repro::model
