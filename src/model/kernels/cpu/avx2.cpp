// The loops for x86-64 processors with AVX2 and FMA (2013 on): eight lanes.
#include <cstdint>

#include "model/kernels/cpu/kernels.hpp"

#if defined(__x86_64__)
#pragma GCC diagnostic ignored "-Wpsabi"  // vectors are passed between inlined functions only
#pragma GCC push_options
#pragma GCC target("avx2,fma,bmi,bmi2")

namespace repro::model::cpu::avx2 {
namespace {
#define REPRO_LANES 8
#define REPRO_ROWS 4
#include "model/kernels/cpu/table.hpp"
#undef REPRO_LANES
#undef REPRO_ROWS
}  // namespace

const Kernels<float> kFloat = table_of<FloatProduct<float>>();
const Kernels<Bf16> kBf16 = table_of<FloatProduct<Bf16>>();

}  // namespace repro::model::cpu::avx2

#pragma GCC pop_options
#endif
