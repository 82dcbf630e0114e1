#pragma once
// The root-mean-square norm that opens every block, with what its backward needs.

#include "model/kernels/fused.hpp"

namespace repro::model {

// Gradients that meet at the norm's output; undefined members count as 0.
struct NormGradients {
  at::Tensor dout;      // compute type
  at::Tensor dout2;     // compute type
  at::Tensor dwide;     // fp32
  at::Tensor residual;  // fp32, added to dx: the way around the block
  float scale = 1;      // multiplies dout, dout2 and dwide
};

template <typename C>
struct FusedNorm {
  at::Tensor x;            // (N, d) fp32
  at::Tensor inverse_rms;  // (N)

  at::Tensor forward(const at::Tensor& x_ND, const Weight& weight, double epsilon);
  // The gradient of x; adds to the weight's.
  at::Tensor backward(const Weight& weight, const NormGradients& gradients) const;
};

extern template struct FusedNorm<float>;
extern template struct FusedNorm<Bf16>;

}  // namespace repro::model
