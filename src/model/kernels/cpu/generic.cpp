// The loops for any processor: four lanes, which every target of the compiler can do.
#include <cstdint>

#include "model/kernels/cpu/kernels.hpp"

#pragma GCC diagnostic ignored "-Wpsabi"  // vectors are passed between inlined functions only

namespace repro::model::cpu::generic {
namespace {
#define REPRO_LANES 4
#define REPRO_ROWS 4
#include "model/kernels/cpu/table.hpp"
#undef REPRO_LANES
#undef REPRO_ROWS
}  // namespace

const Kernels<float> kFloat = table_of<FloatProduct<float>>();
const Kernels<Bf16> kBf16 = table_of<FloatProduct<Bf16>>();

}  // namespace repro::model::cpu::generic
