#pragma once
// The matrix part of the fused expert block: all experts as one wide feed-forward network when
// every expert is active, tokens sorted by expert otherwise, and the shared expert. Each keeps what
// its backward needs and adds its weights' gradients to the flat gradient.
//
// N tokens, d width, E experts, K the most that a token chose, f expert width, S slots sorted by
// expert: one for each (token, chosen expert), so that what is not chosen costs nothing.

#include <vector>

#include "model/kernels/fused.hpp"
#include "model/kernels/plain.hpp"

namespace repro::model {

// Routed experts. C = float or Bf16.
template <typename C>
class Experts {
 public:
  // normed (N, d), scores (N, K) fp32 (undefined = one expert of weight 1) -> (N, d).
  at::Tensor forward(const at::Tensor& normed, const MoeWeights& weights, const Routing& routing,
                     const at::Tensor& scores);
  // Returns the gradient of normed; dscores is set as the shape of the scores.
  at::Tensor backward(const at::Tensor& dout, const at::Tensor& normed, const MoeWeights& weights,
                      at::Tensor& dscores);

 private:
  at::Tensor forward_all(const at::Tensor& normed, const MoeWeights& weights);
  at::Tensor forward_sorted(const at::Tensor& normed, const MoeWeights& weights);
  at::Tensor backward_all(const at::Tensor& dout, const at::Tensor& normed,
                          const MoeWeights& weights, at::Tensor& dscores);
  at::Tensor backward_sorted(const at::Tensor& dout, const MoeWeights& weights,
                             at::Tensor& dscores);
  void sort_slots(const Routing& routing, int64_t experts);
  at::Tensor slots_and_zeros(std::vector<int64_t> shape, at::ScalarType type) const;

  bool all_ = false;
  at::Tensor scores_;   // all: (N, E); else (S), sorted
  at::Tensor gate_up_;  // (N, E, 2f) or (S, 2f); overwritten by its gradient
  at::Tensor hidden_;   // (N, E f) or (S, f), scores included
  at::Tensor down_;     // all: (d, E f)
  // Not all:
  at::Tensor sorted_x_;         // (S, d)
  at::Tensor token_;            // (S): the token of a slot
  at::Tensor position_;         // (N, K): the slot of a (token, choice); S where there is none
  std::vector<int64_t> first_;  // E + 1: where an expert's slots begin, and the end
};

// One SwiGLU network applied to every row, its output weighted by a score a row.
template <typename C>
class DenseExpert {
 public:
  at::Tensor forward(const at::Tensor& normed, const Weight& gate_up, const Weight& down,
                     const at::Tensor& scores);
  at::Tensor backward(const at::Tensor& dout, const at::Tensor& normed, const Weight& gate_up,
                      const Weight& down, at::Tensor& dscores);

 private:
  at::Tensor scores_, gate_up_, hidden_;
};

extern template class Experts<float>;
extern template class Experts<Bf16>;
extern template class DenseExpert<float>;
extern template class DenseExpert<Bf16>;

}  // namespace repro::model
