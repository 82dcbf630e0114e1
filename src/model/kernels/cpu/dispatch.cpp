#include <cstdlib>

#include "base/error.hpp"
#include "model/kernels/cpu/kernels.hpp"

namespace repro::model::cpu {
namespace {

Isa best() {
  for (const Isa isa : {Isa::avx512, Isa::avx2})
    if (supports(isa)) return isa;
  return Isa::generic;
}

Isa best_or_asked() {
  const char* asked = std::getenv("REPRO_KERNELS");
  if (asked == nullptr || *asked == '\0') return best();
  for (const Isa isa : {Isa::avx512, Isa::avx2, Isa::generic}) {
    if (name(isa) != asked) continue;
    if (supports(isa)) return isa;
    throw Error("REPRO_KERNELS={}: this processor lacks them; unset it, or name lesser ones",
                asked);
  }
  throw Error("REPRO_KERNELS={}: expected avx512, avx2 or generic", asked);
}

Isa& chosen() {
  static Isa isa = best_or_asked();
  return isa;
}

}  // namespace

std::string_view name(Isa isa) {
  if (isa == Isa::avx512) return "avx512";
  return isa == Isa::avx2 ? "avx2" : "generic";
}

bool supports(Isa isa) {
  if (isa == Isa::generic) return true;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi2");
  if (isa == Isa::avx2) return avx2;
  return avx2 && __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#else
  return false;
#endif
}

Isa isa() { return chosen(); }

void use_isa(Isa isa) {
  check(supports(isa), "the processor has the instruction set that a test asks for");
  chosen() = isa;
}

template <>
const Kernels<float>& kernels<float>() {
#if defined(__x86_64__)
  if (chosen() == Isa::avx512) return avx512::kFloat;
  if (chosen() == Isa::avx2) return avx2::kFloat;
#endif
  return generic::kFloat;
}

template <>
const Kernels<Bf16>& kernels<Bf16>() {
#if defined(__x86_64__)
  if (chosen() == Isa::avx512) return avx512::kBf16;
  if (chosen() == Isa::avx2) return avx2::kBf16;
#endif
  return generic::kBf16;
}

}  // namespace repro::model::cpu
