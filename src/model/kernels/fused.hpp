#pragma once
// The fused CPU blocks, and what they share: typed access to tensors.

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <type_traits>

#include "model/kernels/blocks.hpp"
#include "model/kernels/cpu/kernels.hpp"

namespace repro::model {

using cpu::Bf16;

template <typename C>
constexpr at::ScalarType kTypeOf = std::is_same_v<C, float> ? at::kFloat : at::kBFloat16;

// Elements of a dense tensor; null for an undefined one.
template <typename C>
C* data(const at::Tensor& t) {
  if (!t.defined()) return nullptr;
  if constexpr (std::is_same_v<C, Bf16>)
    return reinterpret_cast<Bf16*>(t.data_ptr<at::BFloat16>());
  else
    return t.data_ptr<C>();
}

inline at::Tensor empty(at::IntArrayRef shape, at::ScalarType type) {
  return at::empty(shape, at::TensorOptions().dtype(type));
}

// In the compute type; the tensor itself in fp32.
template <typename C>
at::Tensor to_compute(const at::Tensor& x) {
  if constexpr (std::is_same_v<C, float>) return x;
  at::Tensor out = empty(x.sizes(), kTypeOf<C>);
  cpu::kernels<C>().cast(x.numel(), data<float>(x), data<C>(out));
  return out;
}

// Error when an id is not in [0, count): the kernels would read and write beyond their rows.
void check_ids(const at::Tensor& ids, int64_t count);

at::Tensor fused_embed(const at::Tensor& tokens_N, const Weight& table);
AttentionOutput fused_attention(const at::Tensor& x_ND, const AttentionWeights& weights,
                                const AttentionShape& shape);
at::Tensor fused_read_segments(const at::Tensor& x_ND, const AttentionWeights& weights,
                               const AttentionShape& shape, const std::vector<Segment>& segments);
MoeOutput fused_moe(const at::Tensor& x_ND, const MoeWeights& weights, const MoeShape& shape,
                    const at::Tensor& noise_NE);
at::Tensor fused_head(const at::Tensor& x_ND, const HeadWeights& weights, const HeadShape& shape,
                      const at::Tensor& targets_N);
at::Tensor fused_score(const at::Tensor& x_ND, const HeadWeights& weights, const HeadShape& shape,
                       const at::Tensor& targets_N);

}  // namespace repro::model
