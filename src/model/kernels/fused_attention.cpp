#include "model/kernels/fused.hpp"

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
  at::Tensor x, normed, inverse_rms;
  at::Tensor qkv;      // rotated
  at::Tensor mixed;    // heads side by side, before the output projection
  at::Tensor log_sum;  // (B, H, T)

  at::Tensor forward();
  variable_list backward(const variable_list& gradients);
};

template <typename C>
at::Tensor AttentionState<C>::forward() {
  const auto& k = cpu::kernels<C>();
  const cpu::AttentionSizes sizes = sizes_of(shape);
  const int64_t rows = x.size(0), width = x.size(1);
  normed = empty({rows, width}, kTypeOf<C>);
  inverse_rms = empty({rows}, at::kFloat);
  k.rms_norm(rows, width, data<float>(x), data<float>(weights.norm.leaf),
             static_cast<float>(shape.epsilon), data<C>(normed), data<float>(inverse_rms));
  qkv = at::mm(normed, weights.qkv.compute.t());
  k.rotate(sizes, data<float>(weights.qkv_bias.leaf), data<float>(shape.cos_TD),
           data<float>(shape.sin_TD), data<C>(qkv));
  mixed = empty({rows, shape.heads * shape.head_width}, kTypeOf<C>);
  log_sum = empty({shape.batch, shape.heads, shape.tokens}, at::kFloat);
  const at::Tensor scratch = empty({k.attention_scratch(sizes)}, at::kFloat);
  k.attention(sizes, data<C>(qkv), data<C>(mixed), data<float>(log_sum), data<float>(scratch));
  const at::Tensor projected = at::mm(mixed, weights.output.compute.t());
  at::Tensor out = empty({rows, width}, at::kFloat);
  k.add_residual(rows * width, data<float>(x), data<C>(projected), nullptr, data<float>(out));
  return out;
}

template <typename C>
variable_list AttentionState<C>::backward(const variable_list& gradients) {
  const auto& k = cpu::kernels<C>();
  const cpu::AttentionSizes sizes = sizes_of(shape);
  const int64_t rows = x.size(0), width = x.size(1);
  const at::Tensor residual = gradients[0].contiguous();
  const at::Tensor dout = to_compute<C>(residual);
  const at::Tensor dmixed = at::mm(dout, weights.output.compute);
  add_transposed_product<C>(weights.output.gradient, dout, mixed);

  const at::Tensor dqkv = at::empty_like(qkv);
  const at::Tensor scratch = empty({k.attention_scratch(sizes)}, at::kFloat);
  k.attention_backward(sizes, data<C>(qkv), data<C>(mixed), data<float>(log_sum), data<C>(dmixed),
                       data<C>(dqkv), data<float>(scratch));
  k.rotate_backward(sizes, data<float>(shape.cos_TD), data<float>(shape.sin_TD), data<C>(dqkv));
  if (weights.qkv_bias.defined())
    k.column_sums(rows, dqkv.size(1), data<C>(dqkv), data<float>(weights.qkv_bias.gradient));
  const at::Tensor dnormed = at::mm(dqkv, weights.qkv.compute);
  add_transposed_product<C>(weights.qkv.gradient, dqkv, normed);

  at::Tensor dx = empty({rows, width}, at::kFloat);
  k.rms_norm_backward(rows, width, data<float>(x), data<float>(weights.norm.leaf),
                      data<float>(inverse_rms), data<C>(dnormed), nullptr, nullptr,
                      data<float>(residual), 1.0F, data<float>(dx),
                      data<float>(weights.norm.gradient));
  return {dx};
}

template <typename C>
at::Tensor run(const at::Tensor& x_ND, const AttentionWeights& weights,
               const AttentionShape& shape) {
  AttentionState<C> state;
  state.weights = weights;
  state.shape = shape;
  state.x = x_ND.detach();
  at::Tensor out;
  {
    const at::NoGradGuard no_graph;
    out = state.forward();
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
