#pragma once
// AdamW (Loshchilov and Hutter, algorithm 2) over flat arrays in one pass: decay, moments, bias
// correction and update of each element while it is in a register. Arithmetic is fp32 whatever the
// storage; bf16 storage is rounded once, to nearest even. Knows nothing of LibTorch.

#include <cstddef>
#include <cstdint>

namespace repro::train {

// One update's scalars, derived from step, betas and clipping.
struct AdamwScalars {
  float gradient_scale;  // clipping coefficient
  float beta1, beta2;
  float decay_factor;  // 1 - lr * weight_decay; 1 where no decay applies
  float step_size;     // lr / (1 - beta1^t)
  float root_scale;    // 1 / sqrt(1 - beta2^t)
  float epsilon;
};

// Values, gradients and both moments of `count` elements, all of one storage type.
void adamw_fp32(float* value, const float* gradient, float* m, float* v, size_t count,
                const AdamwScalars& scalars);
void adamw_bf16(uint16_t* value, const uint16_t* gradient, uint16_t* m, uint16_t* v, size_t count,
                const AdamwScalars& scalars);

// Sum of squares in double with a fixed order of sums: equal input gives equal bits.
double sum_of_squares_fp32(const float* values, size_t count);
double sum_of_squares_bf16(const uint16_t* values, size_t count);

}  // namespace repro::train
