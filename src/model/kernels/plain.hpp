#pragma once
// Pieces that the plain blocks share.

#include <ATen/core/Tensor.h>

#include "model/kernels/blocks.hpp"

namespace repro::model {

// fp32, or fp64 for fp64.
inline at::ScalarType wide_type(at::ScalarType type) {
  return type == at::kDouble ? at::kDouble : at::kFloat;
}
inline at::Tensor wide(const at::Tensor& x) { return x.to(wide_type(x.scalar_type())); }

// w * x / rms(x): statistics wide, scaled in w's type, then cast.
at::Tensor rms_norm(const at::Tensor& x_ND, const at::Tensor& weight_D, double epsilon,
                    at::ScalarType out);

// What the router decides for each token. K is the most experts that a token has here.
struct Routing {
  bool all = false;       // every expert works on every token; experts_NK is 0..E-1
  at::Tensor scores_NK;   // wide: the weight of each chosen expert's output
  at::Tensor experts_NK;  // int64, best first, ties broken by the lower index; E where a token has
                          // fewer than K, with score 0
  at::Tensor gates_NE;
  at::Tensor load_E;
  at::Tensor counts_E;
};
Routing route(const at::Tensor& x_ND, const MoeWeights& weights, const MoeShape& shape,
              const at::Tensor& noise_NE);

at::Tensor plain_embed(const at::Tensor& tokens_N, const Weight& table);
AttentionOutput plain_attention(const at::Tensor& x_ND, const AttentionWeights& weights,
                                const AttentionShape& shape);
at::Tensor plain_read_segments(const at::Tensor& x_ND, const AttentionWeights& weights,
                               const AttentionShape& shape, const std::vector<Segment>& segments);
MoeOutput plain_moe(const at::Tensor& x_ND, const MoeWeights& weights, const MoeShape& shape,
                    const at::Tensor& noise_NE);
at::Tensor plain_head(const at::Tensor& x_ND, const HeadWeights& weights, const HeadShape& shape,
                      const at::Tensor& targets_N);
at::Tensor plain_score(const at::Tensor& x_ND, const HeadWeights& weights, const HeadShape& shape,
                       const at::Tensor& targets_N);

}  // namespace repro::model
