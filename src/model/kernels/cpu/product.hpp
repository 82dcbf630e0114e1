// Included once per instruction set after lanes.hpp: small matrix products out of the cache, and
// the packed forms of their operands. A product engine says what one packed element is: a float, or
// two bf16 that are neighbours in depth and meet in one instruction.
//
// c (rows, columns) = a (rows, depth) * b (depth, columns): an element of a is broadcast, b and c
// run along the lanes. Rows come in multiples of kRows, columns of kColumns.
#include "model/kernels/cpu/rows.hpp"

constexpr int64_t kRows = REPRO_ROWS;
constexpr int64_t kColumns = 2 * kLanes;

template <typename SourceType>
struct FloatProduct {
  using Source = SourceType;
  using Element = float;
  static constexpr int64_t kPair = 1;

  REPRO_INLINE static F multiply_add(F sums, float a, F b) { return sums + a * b; }
  REPRO_INLINE static F load_b(const float* p) { return load(p); }

  // Rows of `source` as rows of floats; `out_row` >= width.
  static void pack_rows(int64_t rows, int64_t width, const Source* source, int64_t row, float* out,
                        int64_t out_row) {
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t i = 0; i < width; i += kLanes)
        store_at(out + r * out_row, load_at(source + r * row, i, width), i, width);
  }
  static void pack_depth(int64_t rows, int64_t width, const Source* source, int64_t row, float* out,
                         int64_t out_row) {
    pack_rows(rows, width, source, row, out, out_row);
  }
  // Turned round: depth runs along the source's rows.
  static void pack_turned(int64_t rows, int64_t width, const Source* source, int64_t row,
                          float* out, int64_t out_row) {
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t i = 0; i < width; ++i) out[i * out_row + r] = to_float(source + r * row + i);
  }

  // A strip of floats as the left operand: its rows, or its columns with depth along the rows.
  static const float* rows_of(int64_t, int64_t, const float* strip, int64_t, float*) {
    return strip;
  }
  static const float* pairs_of(int64_t, int64_t, const float* strip, int64_t, float*) {
    return strip;
  }
};

#ifdef REPRO_AVX512_BF16
// An element is two bf16 at depths 2k (low half) and 2k + 1.
struct Bf16Product {
  using Source = Bf16;
  using Element = uint32_t;
  static constexpr int64_t kPair = 2;

  REPRO_INLINE static F multiply_add(F sums, uint32_t a, __m512i b) {
    const __m512i pairs = _mm512_set1_epi32(static_cast<int>(a));
    return _mm512_dpbf16_ps(sums, reinterpret_cast<__m512bh>(pairs), reinterpret_cast<__m512bh>(b));
  }
  REPRO_INLINE static __m512i load_b(const uint32_t* p) { return _mm512_loadu_si512(p); }

  static void pack_rows(int64_t rows, int64_t width, const Bf16* source, int64_t row, uint32_t* out,
                        int64_t out_row) {
    for (int64_t r = 0; r < rows; ++r)
      __builtin_memcpy(out + r * out_row, source + r * row,
                       static_cast<uint64_t>(width) * sizeof(Bf16));
  }
  static void pack_depth(int64_t rows, int64_t width, const Bf16* source, int64_t row,
                         uint32_t* out, int64_t out_row) {
    for (int64_t r = 0; r < rows; r += 2)
      for (int64_t i = 0; i < width; i += kLanes) {
        const U low = reinterpret_cast<U>(load_at(source + r * row, i, width)) >> 16;
        U pair = low;
        if (r + 1 < rows) pair |= reinterpret_cast<U>(load_at(source + (r + 1) * row, i, width));
        uint32_t* to = out + r / 2 * out_row + i;  // the row is padded to whole vectors
        __builtin_memcpy(to, &pair, sizeof pair);
      }
  }
  static void pack_turned(int64_t rows, int64_t width, const Bf16* source, int64_t row,
                          uint32_t* out, int64_t out_row) {
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t i = 0; i < width; i += 2)
        __builtin_memcpy(out + i / 2 * out_row + r, source + r * row + i, sizeof(uint32_t));
  }

  static const uint32_t* rows_of(int64_t rows, int64_t end, const float* strip, int64_t strip_row,
                                 uint32_t* out) {
    for (int64_t r = 0; r < rows; ++r) {
      Bf16* to = reinterpret_cast<Bf16*>(out + r * strip_row / 2);
      for (int64_t j = 0; j < end; j += kLanes) store(to + j, load(strip + r * strip_row + j));
    }
    return out;
  }
  static const uint32_t* pairs_of(int64_t rows, int64_t end, const float* strip, int64_t strip_row,
                                  uint32_t* out) {
    for (int64_t r = 0; r < rows; r += 2)
      for (int64_t j = 0; j < end; j += kLanes) {
        const U low = round_to_bf16(load(strip + r * strip_row + j)) >> 16;
        const U high = round_to_bf16(load(strip + (r + 1) * strip_row + j)) & 0xffff0000U;
        const U pair = low | high;
        __builtin_memcpy(out + r / 2 * strip_row + j, &pair, sizeof pair);
      }
    return out;
  }
};
#endif

template <typename P, int64_t Rows>
REPRO_INLINE void tile(int64_t depth, const typename P::Element* a, int64_t a_row, int64_t a_depth,
                       const typename P::Element* b, int64_t b_row, float* c, int64_t c_row,
                       bool add) {
  F left[Rows], right[Rows];
  for (int64_t r = 0; r < Rows; ++r) {
    left[r] = add ? load(c + r * c_row) : F{};
    right[r] = add ? load(c + r * c_row + kLanes) : F{};
  }
  for (int64_t k = 0; k < depth; ++k, a += a_depth, b += b_row) {
    const auto b_left = P::load_b(b), b_right = P::load_b(b + kLanes);
#pragma GCC unroll 16
    for (int64_t r = 0; r < Rows; ++r) {
      left[r] = P::multiply_add(left[r], a[r * a_row], b_left);
      right[r] = P::multiply_add(right[r], a[r * a_row], b_right);
    }
  }
  for (int64_t r = 0; r < Rows; ++r) {
    store(c + r * c_row, left[r]);
    store(c + r * c_row + kLanes, right[r]);
  }
}

// Strides and depth count packed elements.
template <typename P>
void product(int64_t rows, int64_t columns, int64_t depth, const typename P::Element* a,
             int64_t a_row, int64_t a_depth, const typename P::Element* b, int64_t b_row, float* c,
             int64_t c_row, bool add) {
  for (int64_t n = 0; n < columns; n += kColumns)
    for (int64_t m = 0; m < rows; m += kRows)
      tile<P, kRows>(depth, a + m * a_row, a_row, a_depth, b + n, b_row, c + m * c_row + n, c_row,
                     add);
}
