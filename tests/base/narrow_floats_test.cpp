#include "base/narrow_floats.hpp"

#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/random.hpp"

using namespace repro;

namespace {

// Of the two numbers of 16 bits around a value the nearer one, of equals the even one.
template <typename Widen>
uint16_t nearest_of_all(float value, Widen widen) {
  uint16_t best = 0;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto narrow = static_cast<uint16_t>(bits);
    const double found = std::abs(static_cast<double>(widen(narrow)) - value);
    const double before = std::abs(static_cast<double>(widen(best)) - value);
    if (std::isfinite(widen(narrow)) && (found < before || (found == before && (narrow & 1) == 0)))
      best = narrow;
  }
  return best;
}

}  // namespace

TEST_CASE("every 16-bit number comes back from the float that it is", "[base]") {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto narrow = static_cast<uint16_t>(bits);
    const float half = half_to_float(narrow), brain = bfloat16_to_float(narrow);
    if (!std::isnan(half) && float_to_half(half) != narrow) FAIL("F16 " << bits);
    if (!std::isnan(brain) && float_to_bfloat16(brain) != narrow) FAIL("BF16 " << bits);
    if (std::isnan(half) && !std::isnan(half_to_float(float_to_half(half)))) FAIL(bits);
    if (std::isnan(brain) && !std::isnan(bfloat16_to_float(float_to_bfloat16(brain)))) FAIL(bits);
  }
  CHECK(half_to_float(0x3C00) == 1.0F);
  CHECK(half_to_float(0x0001) == 0x1.0p-24F);
  CHECK(half_to_float(0xFBFF) == -65504.0F);
  CHECK(bfloat16_to_float(0x3F80) == 1.0F);
}

TEST_CASE("a float becomes the nearest 16-bit number, ties to even", "[base]") {
  std::vector<float> values = {1 + 0x1.0p-11F, 1 + 0x1.8p-10F,   1 + 0x1.0p-8F, 1 + 0x1.8p-7F,
                               0x1.0p-25F,     0x1.000002p-25F,  0x1.8p-24F,    0x1.ffcp-15F,
                               65503.0F,       -0x1.fffffep-15F, 0.0F,          -3.14159F};
  for (uint64_t i = 0; i < 20; ++i)
    values.push_back(static_cast<float>(random_normal(1, 2, i) * std::pow(10, i % 7) / 1000));
  for (const float value : values) {
    INFO(value);
    CHECK((float_to_half(value) & 0x7FFF) == (nearest_of_all(value, half_to_float) & 0x7FFF));
    CHECK((float_to_bfloat16(value) & 0x7FFF) ==
          (nearest_of_all(value, bfloat16_to_float) & 0x7FFF));
    CHECK(std::signbit(half_to_float(float_to_half(value))) == std::signbit(value));
  }
}

TEST_CASE("a number too large for 16 bits is told, an infinite one is kept", "[base]") {
  const auto fits = [](float value, const char* dtype) {
    std::string out;
    const std::vector<float> values = {1, value};
    return append_floats(std::as_bytes(std::span(values)), "F32", dtype, out);
  };
  CHECK(fits(65504, "F16"));
  CHECK(fits(65519, "F16"));
  CHECK_FALSE(fits(65520, "F16"));
  CHECK_FALSE(fits(-1e30F, "F16"));
  CHECK(fits(1e30F, "BF16"));
  CHECK_FALSE(fits(std::numeric_limits<float>::max(), "BF16"));
  CHECK(fits(std::numeric_limits<float>::infinity(), "F16"));
}

TEST_CASE("numbers go from any of the three types to any other", "[base]") {
  const std::vector<float> values = {0, 1, -2.5F, 0.125F, 1024};  // exact in all
  for (const char* from : {"F32", "F16", "BF16"})
    for (const char* to : {"F32", "F16", "BF16"}) {
      std::string there, back, again;
      REQUIRE(append_floats(std::as_bytes(std::span(values)), "F32", from, there));
      REQUIRE(append_floats(std::as_bytes(std::span(there)), from, to, back));
      REQUIRE(append_floats(std::as_bytes(std::span(back)), to, "F32", again));
      CHECK(std::memcmp(again.data(), values.data(), again.size()) == 0);
      CHECK(again.size() == values.size() * 4);
    }
}
