#include "base/narrow_floats.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/error.hpp"

namespace repro {
namespace {

template <typename T>
T element(std::span<const std::byte> bytes, size_t index) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

std::vector<float> floats_of(std::span<const std::byte> bytes, std::string_view dtype) {
  std::vector<float> values(bytes.size() / (dtype == "F32" ? 4 : 2));
  if (dtype == "F32") {
    std::memcpy(values.data(), bytes.data(), bytes.size());
  } else {
    const auto widen = dtype == "F16" ? half_to_float : bfloat16_to_float;
    for (size_t i = 0; i < values.size(); ++i) values[i] = widen(element<uint16_t>(bytes, i));
  }
  return values;
}

bool is_infinite(uint16_t narrow, std::string_view dtype) {
  return (narrow & 0x7FFF) == (dtype == "F16" ? 0x7C00 : 0x7F80);
}

}  // namespace

float half_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t exponent = (half >> 10) & 0x1F;
  const uint32_t mantissa = half & 0x3FF;
  if (exponent == 0) {  // zero and subnormals: mantissa x 2^-24
    const float magnitude = static_cast<float>(mantissa) * 0x1.0p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  const uint32_t wide = exponent == 31 ? 0xFF : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
}

float bfloat16_to_float(uint16_t value) {
  return std::bit_cast<float>(static_cast<uint32_t>(value) << 16);
}

uint16_t float_to_half(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = bits >> 16 & 0x8000;
  const uint32_t magnitude = bits & 0x7FFFFFFF;
  uint32_t half = 0;
  if (magnitude > 0x7F800000) {  // not a number
    half = 0x7E00;
  } else if (magnitude >= 0x477FF000) {  // 65,520 and more
    half = 0x7C00;
  } else if (magnitude < 0x38800000) {  // below 2^-14: multiples of 2^-24, the last bit of 0.5 + x
    half = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - 0x3F000000;
  } else {
    half = (magnitude - 0x38000000 + 0xFFF + (magnitude >> 13 & 1)) >> 13;
  }
  return static_cast<uint16_t>(sign | half);
}

uint16_t float_to_bfloat16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7FFFFFFF) > 0x7F800000) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

bool is_float_dtype(std::string_view dtype) {
  return dtype == "F32" || dtype == "F16" || dtype == "BF16";
}

bool append_floats(std::span<const std::byte> bytes, std::string_view from, std::string_view to,
                   std::string& out) {
  check(is_float_dtype(from) && is_float_dtype(to), "floating-point numbers");
  const std::vector<float> values = floats_of(bytes, from);
  const size_t width = to == "F32" ? 4 : 2;
  const size_t begin = out.size();
  out.resize(begin + values.size() * width);
  if (to == "F32") {
    std::memcpy(out.data() + begin, values.data(), values.size() * width);
    return true;
  }
  const auto narrow = to == "F16" ? float_to_half : float_to_bfloat16;
  bool fits = true;
  for (size_t i = 0; i < values.size(); ++i) {
    const uint16_t rounded = narrow(values[i]);
    fits = fits && (!is_infinite(rounded, to) || std::isinf(values[i]));
    std::memcpy(out.data() + begin + 2 * i, &rounded, 2);
  }
  return fits;
}

}  // namespace repro
