// B sequences, T tokens, N = B * T, H query heads in A groups with a router, G key and value heads,
// D head width.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/softmax.h>

#include "model/kernels/plain.hpp"

namespace repro::model {
namespace {

// Rotate-half: the first half of a head pairs with the second, not neighbour with neighbour.
at::Tensor rotate(const at::Tensor& x_BHTD, const at::Tensor& cos_TD, const at::Tensor& sin_TD) {
  const auto halves = x_BHTD.chunk(2, -1);
  const at::Tensor &a = halves[0], &b = halves[1];
  return at::cat({a * cos_TD - b * sin_TD, b * cos_TD + a * sin_TD}, -1);
}

at::Tensor repeat_heads(const at::Tensor& x_BGTD, int64_t times) {
  return times == 1 ? x_BGTD : x_BGTD.repeat_interleave(times, 1);
}

// The heads' outputs (N, heads head_width) weighed by the scores of their A groups. Head h is of
// group h mod A: neighbours share keys and values, and groups are to share them (DS-MoE, eq. 7),
// each with a head of its own for every one of them.
at::Tensor weigh_heads(const at::Tensor& mixed_ND, const at::Tensor& gates_NA, int64_t head_width,
                       double threshold) {
  const int64_t groups = gates_NA.size(1);
  at::Tensor scores_NA = gates_NA;
  if (threshold > 0) scores_NA = gates_NA * (gates_NA * static_cast<double>(groups) > threshold);
  const at::Tensor heads_NJAF = mixed_ND.view({mixed_ND.size(0), -1, groups, head_width});
  const at::Tensor scores_N1A1 = scores_NA.to(mixed_ND.scalar_type()).unsqueeze(1).unsqueeze(-1);
  return (heads_NJAF * scores_N1A1).reshape(mixed_ND.sizes());
}

}  // namespace

at::Tensor rms_norm(const at::Tensor& x_ND, const at::Tensor& weight_D, double epsilon,
                    at::ScalarType out) {
  const at::Tensor x = wide(x_ND);
  const at::Tensor unit = x * at::rsqrt(x.square().mean(-1, /*keepdim=*/true) + epsilon);
  return (weight_D * unit.to(weight_D.scalar_type())).to(out);
}

AttentionOutput plain_attention(const at::Tensor& x_ND, const AttentionWeights& weights,
                                const AttentionShape& s) {
  const at::Tensor normed = rms_norm(x_ND, weights.norm.leaf, s.epsilon, s.compute);
  at::Tensor bias;
  if (weights.qkv_bias.defined()) bias = weights.qkv_bias.leaf.to(s.compute);
  const at::Tensor qkv = at::linear(normed, weights.qkv.leaf.to(s.compute), bias)
                             .view({s.batch, s.tokens, s.heads + 2 * s.kv_heads, s.head_width})
                             .transpose(1, 2);
  const at::Tensor cos = s.cos_TD.to(s.compute), sin = s.sin_TD.to(s.compute);
  const int64_t group = s.heads / s.kv_heads;
  const at::Tensor q = rotate(qkv.narrow(1, 0, s.heads), cos, sin);
  const at::Tensor k = rotate(qkv.narrow(1, s.heads, s.kv_heads), cos, sin);
  const at::Tensor v = qkv.narrow(1, s.heads + s.kv_heads, s.kv_heads);
  const at::Tensor mixed_BHTD =
      at::scaled_dot_product_attention(q, repeat_heads(k, group), repeat_heads(v, group), {},
                                       /*dropout_p=*/0.0, /*is_causal=*/true);
  at::Tensor mixed_ND = mixed_BHTD.transpose(1, 2).reshape({x_ND.size(0), s.heads * s.head_width});
  AttentionOutput out;
  if (weights.router.defined()) {
    out.gates_NA = at::softmax(at::linear(wide(normed), wide(weights.router.leaf)), -1);
    mixed_ND = weigh_heads(mixed_ND, out.gates_NA, s.head_width, s.threshold);
  }
  out.x_ND = x_ND + at::linear(mixed_ND, weights.output.leaf.to(s.compute)).to(x_ND.scalar_type());
  return out;
}

at::Tensor plain_read_segments(const at::Tensor& x_ND, const AttentionWeights& weights,
                               const AttentionShape& s, const std::vector<Segment>& segments) {
  const at::NoGradGuard no_graph;
  std::vector<at::Tensor> lines(segments.size()), own;
  for (size_t i = 0; i < segments.size(); ++i) {
    const Segment& segment = segments[i];
    at::Tensor rows = x_ND.narrow(0, segment.first, segment.count);
    if (segment.before >= 0) rows = at::cat({lines[static_cast<size_t>(segment.before)], rows});
    lines[i] = rows;
    AttentionShape line = s;
    line.batch = 1;
    line.tokens = segment.end();
    line.cos_TD = s.cos_TD.narrow(0, 0, line.tokens);
    line.sin_TD = s.sin_TD.narrow(0, 0, line.tokens);
    own.push_back(
        plain_attention(rows, weights, line).x_ND.narrow(0, segment.start, segment.count));
  }
  return at::cat(own);
}

}  // namespace repro::model
