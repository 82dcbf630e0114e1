#include "train/adamw_kernel.hpp"

#include <array>
#include <bit>
#include <cmath>

namespace repro::train {
namespace {

// Chosen once when the program starts, by what the processor has.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define REPRO_VECTORISED \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define REPRO_VECTORISED
#endif

inline float widen(float value) { return value; }
inline float widen(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

inline void store(float& to, float value) { to = value; }
inline void store(uint16_t& to, float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  to = static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);  // nearest even
}

template <typename T>
inline __attribute__((always_inline)) void adamw(T* __restrict value, const T* __restrict gradient,
                                                 T* __restrict m, T* __restrict v, size_t count,
                                                 const AdamwScalars s) {
  for (size_t i = 0; i < count; ++i) {
    const float g = widen(gradient[i]) * s.gradient_scale;
    const float first = s.beta1 * widen(m[i]) + (1 - s.beta1) * g;
    const float second = s.beta2 * widen(v[i]) + (1 - s.beta2) * g * g;
    const float root = std::sqrt(second) * s.root_scale + s.epsilon;
    store(m[i], first);
    store(v[i], second);
    store(value[i], widen(value[i]) * s.decay_factor - s.step_size * first / root);
  }
}

constexpr size_t kLanes = 16;

template <typename T>
inline __attribute__((always_inline)) double sum_of_squares(const T* values, size_t count) {
  std::array<double, kLanes> lanes{};
  const size_t whole = count - count % kLanes;
  for (size_t i = 0; i < whole; i += kLanes)
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const double value = widen(values[i + lane]);
      lanes[lane] += value * value;
    }
  for (size_t i = whole; i < count; ++i) {
    const double value = widen(values[i]);
    lanes[i - whole] += value * value;
  }
  double sum = 0;
  for (double lane : lanes) sum += lane;
  return sum;
}

}  // namespace

REPRO_VECTORISED void adamw_fp32(float* value, const float* gradient, float* m, float* v,
                                 size_t count, const AdamwScalars& scalars) {
  adamw(value, gradient, m, v, count, scalars);
}

REPRO_VECTORISED void adamw_bf16(uint16_t* value, const uint16_t* gradient, uint16_t* m,
                                 uint16_t* v, size_t count, const AdamwScalars& scalars) {
  adamw(value, gradient, m, v, count, scalars);
}

REPRO_VECTORISED double sum_of_squares_fp32(const float* values, size_t count) {
  return sum_of_squares(values, count);
}

REPRO_VECTORISED double sum_of_squares_bf16(const uint16_t* values, size_t count) {
  return sum_of_squares(values, count);
}

}  // namespace repro::train
