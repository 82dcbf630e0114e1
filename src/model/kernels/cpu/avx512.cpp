// The loops for x86-64 processors with AVX-512 and its bf16 products: sixteen lanes.
#include <cstdint>

#include "model/kernels/cpu/kernels.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma GCC diagnostic ignored "-Wpsabi"  // vectors are passed between inlined functions only
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12: its own intrinsics' lanes
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma,bmi,bmi2")

namespace repro::model::cpu::avx512 {
namespace {
#define REPRO_LANES 16
#define REPRO_ROWS 8
#define REPRO_AVX512_BF16
#include "model/kernels/cpu/table.hpp"
#undef REPRO_LANES
#undef REPRO_ROWS
#undef REPRO_AVX512_BF16
}  // namespace

const Kernels<float> kFloat = table_of<FloatProduct<float>>();
const Kernels<Bf16> kBf16 = table_of<Bf16Product>();

}  // namespace repro::model::cpu::avx512

#pragma GCC pop_options
#endif
