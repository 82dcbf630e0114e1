// Included once per instruction set after rows.hpp: small matrix products out of the cache, and
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
  using H2 = uint16_t __attribute__((vector_size(4 * kLanes)));
  static constexpr int64_t kPair = 2;

  REPRO_INLINE static F multiply_add(F sums, uint32_t a, __m512i b) {
    const __m512i pairs = _mm512_set1_epi32(static_cast<int>(a));
    return _mm512_dpbf16_ps(sums, reinterpret_cast<__m512bh>(pairs), reinterpret_cast<__m512bh>(b));
  }
  REPRO_INLINE static __m512i load_b(const uint32_t* p) { return _mm512_loadu_si512(p); }

  static void pack_rows(int64_t rows, int64_t width, const Bf16* source, int64_t row, uint32_t* out,
                        int64_t out_row) {
    for (int64_t r = 0; r < rows; ++r, source += row, out += out_row) {
      int64_t i = 0;
      for (; i + kColumns <= width; i += kColumns)
        _mm512_storeu_si512(out + i / 2, _mm512_loadu_si512(source + i));
      if (i == width) continue;
      const __m512i pairs = _mm512_maskz_loadu_epi16(present(width - i), source + i);
      _mm512_mask_storeu_epi32(out + i / 2, first_lanes((width - i + 1) / 2), pairs);
    }
  }
  // Writes whole vectors: rows of `out` are padded to kColumns.
  static void pack_depth(int64_t rows, int64_t width, const Bf16* source, int64_t row,
                         uint32_t* out, int64_t out_row) {
    const __m512i left = pair_numbers(0), right = pair_numbers(kLanes);
    for (int64_t r = 0; r < rows; r += 2, source += 2 * row, out += out_row) {
      const auto interleave = [&](int64_t i, __m512i low, __m512i high) {
        _mm512_storeu_si512(out + i, _mm512_permutex2var_epi16(low, left, high));
        _mm512_storeu_si512(out + i + kLanes, _mm512_permutex2var_epi16(low, right, high));
      };
      int64_t i = 0;
      for (; r + 1 < rows && i + kColumns <= width; i += kColumns)
        interleave(i, _mm512_loadu_si512(source + i), _mm512_loadu_si512(source + row + i));
      for (; i < width; i += kColumns) {
        const __mmask32 low = present(width - i), high = r + 1 < rows ? low : 0;
        interleave(i, _mm512_maskz_loadu_epi16(low, source + i),
                   _mm512_maskz_loadu_epi16(high, source + row + i));
      }
    }
  }
  // The lanes of a vector of bf16 that `count` elements fill.
  REPRO_INLINE static __mmask32 present(int64_t count) {
    return count < kColumns ? (1U << count) - 1 : ~0U;
  }
  // Which 16-bit lanes of two rows make the pairs from column `first` on.
  REPRO_INLINE static __m512i pair_numbers(int64_t first) {
    H2 numbers;
    for (int64_t i = 0; i < kColumns; ++i)
      numbers[i] = static_cast<uint16_t>(first + i / 2 + i % 2 * kColumns);
    return reinterpret_cast<__m512i>(numbers);
  }
  static void pack_turned(int64_t rows, int64_t width, const Bf16* source, int64_t row,
                          uint32_t* out, int64_t out_row) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t i = 0; i + 1 < width; i += 2)
        __builtin_memcpy(out + i / 2 * out_row + r, source + r * row + i, sizeof(uint32_t));
      if (width % 2) out[width / 2 * out_row + r] = source[r * row + width - 1].bits;
    }
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

// Where a tile goes: c = product, plus `before` unless that is null.
template <typename T>
struct Destination {
  T* c;
  int64_t row;
  const float* before;
  int64_t before_row;

  Destination at(int64_t r, int64_t n) const {
    return {c + r * row + n, row, before ? before + r * before_row + n : nullptr, before_row};
  }
};

// kRows x kColumns. Every loop over them is unrolled whole, or the sums would leave the registers;
// c is fetched while they are made.
template <typename P, typename T>
REPRO_INLINE void tile(int64_t depth, const typename P::Element* a, int64_t a_row, int64_t a_depth,
                       const typename P::Element* b, int64_t b_row, Destination<T> to) {
  F left[kRows], right[kRows];
#pragma GCC unroll 16
  for (int64_t r = 0; r < kRows; ++r) {
    left[r] = right[r] = F{};
    __builtin_prefetch(to.c + r * to.row, 1);
    __builtin_prefetch(to.c + r * to.row + kColumns - 1, 1);
  }
  for (int64_t k = 0; k < depth; ++k, a += a_depth, b += b_row) {
    const auto b_left = P::load_b(b), b_right = P::load_b(b + kLanes);
#pragma GCC unroll 16
    for (int64_t r = 0; r < kRows; ++r) {
      left[r] = P::multiply_add(left[r], a[r * a_row], b_left);
      right[r] = P::multiply_add(right[r], a[r * a_row], b_right);
    }
  }
  if (to.before) {
#pragma GCC unroll 16
    for (int64_t r = 0; r < kRows; ++r) {
      left[r] += load(to.before + r * to.before_row);
      right[r] += load(to.before + r * to.before_row + kLanes);
    }
  }
#pragma GCC unroll 16
  for (int64_t r = 0; r < kRows; ++r) {
    store(to.c + r * to.row, left[r]);
    store(to.c + r * to.row + kLanes, right[r]);
  }
}

// A tile at the edge of c, of which only `rows` x `columns` exist.
template <typename P, typename T>
void edge_tile(int64_t rows, int64_t columns, int64_t depth, const typename P::Element* a,
               int64_t a_row, int64_t a_depth, const typename P::Element* b, int64_t b_row,
               Destination<T> to) {
  float whole[kRows * kColumns];
  tile<P>(depth, a, a_row, a_depth, b, b_row, Destination<float>{whole, kColumns, nullptr, 0});
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t i = 0; i < columns; i += kLanes) {
      F sums = load(whole + r * kColumns + i);
      if (to.before) sums += load_at(to.before + r * to.before_row, i, columns);
      store_at(to.c + r * to.row, sums, i, columns);
    }
}

// Strides and depth count packed elements. Rows and columns are whole tiles.
template <typename P>
void product(int64_t rows, int64_t columns, int64_t depth, const typename P::Element* a,
             int64_t a_row, int64_t a_depth, const typename P::Element* b, int64_t b_row, float* c,
             int64_t c_row, bool add) {
  const Destination<float> all{c, c_row, add ? c : nullptr, c_row};
  for (int64_t n = 0; n < columns; n += kColumns)
    for (int64_t m = 0; m < rows; m += kRows)
      tile<P>(depth, a + m * a_row, a_row, a_depth, b + n, b_row, all.at(m, n));
}

// Any rows and columns; b is packed in panels of kColumns.
template <typename P, typename T>
void panel_product(int64_t rows, int64_t columns, int64_t depth, const typename P::Element* a,
                   int64_t a_row, int64_t a_depth, const typename P::Element* b, int64_t b_panel,
                   Destination<T> to) {
  for (int64_t n = 0; n < columns; n += kColumns, b += b_panel)
    for (int64_t m = 0; m < rows; m += kRows) {
      const int64_t tall = smaller(kRows, rows - m), wide = smaller(kColumns, columns - n);
      if (tall == kRows && wide == kColumns)
        tile<P>(depth, a + m * a_row, a_row, a_depth, b, kColumns, to.at(m, n));
      else
        edge_tile<P>(tall, wide, depth, a + m * a_row, a_row, a_depth, b, kColumns, to.at(m, n));
    }
}
