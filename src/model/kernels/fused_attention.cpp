#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>

#include "base/error.hpp"
#include "model/kernels/fused_linear.hpp"
#include "model/kernels/fused_node.hpp"
#include "model/kernels/fused_norm.hpp"
#include "model/part_clock.hpp"

namespace repro::model {
namespace {

using torch::autograd::variable_list;

cpu::AttentionSizes one_sequence(const AttentionShape& s) {
  return {1, s.tokens, s.heads, s.kv_heads, s.head_width};
}

template <typename C>
struct AttentionState {
  AttentionWeights weights;
  AttentionShape shape;
  FusedNorm<C> norm;
  at::Tensor normed;
  at::Tensor qkv;      // rotated
  at::Tensor mixed;    // heads side by side, before the output projection
  at::Tensor log_sum;  // (B, H * T)

  at::Tensor forward(const at::Tensor& x);
  variable_list backward(const variable_list& gradients);
  at::Tensor backward_to_norm(const at::Tensor& dout);

  // work(sequence, its first row, scratch) for every sequence of the batch: what one needs stays in
  // the cache from its projection in to its projection out.
  template <typename Work>
  void for_sequences(const Work& work) const {
    const int64_t floats = cpu::kernels<C>().attention_scratch(one_sequence(shape));
    in_parts(shape.batch, 1, [&](int64_t first, int64_t count) {
      const at::Tensor scratch = at::zeros({floats}, at::kFloat);
      for (int64_t b = first; b < first + count; ++b)
        work(b, b * shape.tokens, data<float>(scratch));
    });
  }
};

template <typename C>
at::Tensor AttentionState<C>::forward(const at::Tensor& x) {
  const auto& k = cpu::kernels<C>();
  const cpu::AttentionSizes sizes = one_sequence(shape);
  normed = norm.forward(x, weights.norm, shape.epsilon);
  const PartClock clock(Part::attention);
  const PackedWeight<C> in(weights.qkv.compute, Direction::forward);
  const PackedWeight<C> out(weights.output.compute, Direction::forward);
  qkv = empty({x.size(0), weights.qkv.leaf.size(0)}, kTypeOf<C>);
  mixed = empty({x.size(0), shape.heads * shape.head_width}, kTypeOf<C>);
  log_sum = empty({shape.batch, shape.heads * shape.tokens}, at::kFloat);
  const at::Tensor projected = empty(x.sizes(), kTypeOf<C>);
  at::Tensor y = empty(x.sizes(), at::kFloat);
  for_sequences([&](int64_t sequence, int64_t first, float* scratch) {
    in.multiply(shape.tokens, row<C>(normed, first), row<C>(qkv, first));
    k.rotate(sizes, data<float>(weights.qkv_bias.leaf), data<float>(shape.cos_TD),
             data<float>(shape.sin_TD), row<C>(qkv, first));
    k.attention(sizes, /*asked=*/0, row<C>(qkv, first), row<C>(mixed, first),
                row<float>(log_sum, sequence), scratch);
    out.multiply(shape.tokens, row<C>(mixed, first), row<C>(projected, first));
    k.add_residual(shape.tokens * x.size(1), row<float>(norm.x, first), row<C>(projected, first),
                   nullptr, row<float>(y, first));
  });
  return y;
}

template <typename C>
at::Tensor AttentionState<C>::backward_to_norm(const at::Tensor& dout) {
  const PartClock clock(Part::attention);
  const auto& k = cpu::kernels<C>();
  const cpu::AttentionSizes sizes = one_sequence(shape);
  const PackedWeight<C> in(weights.qkv.compute, Direction::backward);
  const PackedWeight<C> out(weights.output.compute, Direction::backward);
  const at::Tensor dmixed = at::empty_like(mixed), dqkv = at::empty_like(qkv);
  const at::Tensor dnormed = at::empty_like(normed);
  for_sequences([&](int64_t sequence, int64_t first, float* scratch) {
    out.multiply(shape.tokens, row<C>(dout, first), row<C>(dmixed, first));
    k.attention_backward(sizes, row<C>(qkv, first), row<C>(mixed, first),
                         row<float>(log_sum, sequence), row<C>(dmixed, first), row<C>(dqkv, first),
                         scratch);
    k.rotate_backward(sizes, data<float>(shape.cos_TD), data<float>(shape.sin_TD),
                      row<C>(dqkv, first));
    in.multiply(shape.tokens, row<C>(dqkv, first), row<C>(dnormed, first));
  });
  add_weight_gradient<C>(weights.output.gradient, dout, mixed);
  add_weight_gradient<C>(weights.qkv.gradient, dqkv, normed);
  if (weights.qkv_bias.defined())
    k.column_sums(dqkv.size(0), dqkv.size(1), data<C>(dqkv),
                  data<float>(weights.qkv_bias.gradient));
  return dnormed;
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

// The rotated rows of a segment's line, one after another: its own and copies of those before.
template <typename C>
at::Tensor line_rows(const at::Tensor& qkv, const std::vector<Segment>& segments,
                     const Segment& segment) {
  const int64_t width = qkv.size(1);
  at::Tensor rows = empty({segment.end(), width}, kTypeOf<C>);
  for (const Segment* part : line_of(segments, segment))
    std::copy_n(row<C>(qkv, part->first), part->count * width, row<C>(rows, part->start));
  return rows;
}

template <typename C>
at::Tensor read(const at::Tensor& x, const AttentionWeights& weights, const AttentionShape& shape,
                const std::vector<Segment>& segments) {
  constexpr int64_t kRowsAtATime = 128;
  const auto& k = cpu::kernels<C>();
  FusedNorm<C> norm;
  const at::Tensor normed = norm.forward(x, weights.norm, shape.epsilon);
  const PackedWeight<C> in(weights.qkv.compute, Direction::forward);
  const PackedWeight<C> out(weights.output.compute, Direction::forward);
  const at::Tensor qkv = empty({x.size(0), weights.qkv.leaf.size(0)}, kTypeOf<C>);
  const at::Tensor mixed = empty({x.size(0), shape.heads * shape.head_width}, kTypeOf<C>);
  at::Tensor y = empty(x.sizes(), at::kFloat);
  in_strips(x.size(0), kRowsAtATime, [&](int64_t first, int64_t count) {
    in.multiply(count, row<C>(normed, first), row<C>(qkv, first));
  });
  const auto each = [&](const auto& work) {
    at::parallel_for(0, static_cast<int64_t>(segments.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) work(segments[static_cast<size_t>(i)]);
    });
  };
  each([&](const Segment& s) {
    k.rotate({1, s.count, shape.heads, shape.kv_heads, shape.head_width},
             data<float>(weights.qkv_bias.leaf), row<float>(shape.cos_TD, s.start),
             row<float>(shape.sin_TD, s.start), row<C>(qkv, s.first));
  });
  each([&](const Segment& s) {
    const cpu::AttentionSizes line = {1, s.end(), shape.heads, shape.kv_heads, shape.head_width};
    const at::Tensor scratch = at::zeros({k.attention_scratch(line)}, at::kFloat);
    const at::Tensor log_sum = empty({shape.heads * s.count}, at::kFloat);
    const at::Tensor rows = s.before < 0 ? at::Tensor() : line_rows<C>(qkv, segments, s);
    k.attention(line, s.start, rows.defined() ? data<C>(rows) : row<C>(qkv, s.first),
                row<C>(mixed, s.first), data<float>(log_sum), data<float>(scratch));
  });
  in_strips(x.size(0), kRowsAtATime, [&](int64_t first, int64_t count) {
    const at::Tensor projected = empty({count, x.size(1)}, kTypeOf<C>);
    out.multiply(count, row<C>(mixed, first), data<C>(projected));
    k.add_residual(count * x.size(1), row<float>(norm.x, first), data<C>(projected), nullptr,
                   row<float>(y, first));
  });
  return y;
}

}  // namespace

AttentionOutput fused_attention(const at::Tensor& x_ND, const AttentionWeights& weights,
                                const AttentionShape& shape) {
  check(!weights.router.defined(), "heads are routed by the plain block alone");
  return {shape.compute == at::kFloat ? run<float>(x_ND, weights, shape)
                                      : run<Bf16>(x_ND, weights, shape),
          {}};
}

at::Tensor fused_read_segments(const at::Tensor& x_ND, const AttentionWeights& weights,
                               const AttentionShape& shape, const std::vector<Segment>& segments) {
  const at::NoGradGuard no_graph;
  const PartClock clock(Part::attention);
  return shape.compute == at::kFloat ? read<float>(x_ND, weights, shape, segments)
                                     : read<Bf16>(x_ND, weights, shape, segments);
}

}  // namespace repro::model
