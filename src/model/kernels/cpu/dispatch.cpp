#include "model/kernels/cpu/kernels.hpp"

namespace repro::model::cpu {
namespace {

enum class Isa { generic, avx2, avx512 };

Isa this_processor() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
    return Isa::avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("bmi2"))
    return Isa::avx2;
#endif
  return Isa::generic;
}

}  // namespace

template <>
const Kernels<float>& kernels<float>() {
#if defined(__x86_64__)
  static const Isa isa = this_processor();
  if (isa == Isa::avx512) return avx512::kFloat;
  if (isa == Isa::avx2) return avx2::kFloat;
#endif
  return generic::kFloat;
}

template <>
const Kernels<Bf16>& kernels<Bf16>() {
#if defined(__x86_64__)
  static const Isa isa = this_processor();
  if (isa == Isa::avx512) return avx512::kBf16;
  if (isa == Isa::avx2) return avx2::kBf16;
#endif
  return generic::kBf16;
}

}  // namespace repro::model::cpu
