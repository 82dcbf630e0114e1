#pragma once
// The 16-bit numbers that checkpoints hold: IEEE half (F16) and bfloat16 (BF16).

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace repro {

float half_to_float(uint16_t half);
float bfloat16_to_float(uint16_t value);
// To the nearest, ties to even; what is too large becomes infinite.
uint16_t float_to_half(float value);
uint16_t float_to_bfloat16(float value);

// Whether append_floats() knows this dtype: "F32", "F16", "BF16".
bool is_float_dtype(std::string_view dtype);
// Appends the numbers that `bytes` hold as `from`, as `to` writes them. False when one that was
// finite became infinite.
bool append_floats(std::span<const std::byte> bytes, std::string_view from, std::string_view to,
                   std::string& out);

}  // namespace repro
