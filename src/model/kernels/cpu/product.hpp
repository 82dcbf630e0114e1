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
  REPRO_INLINE static float value(const Source* p) { return load_part(p, 1)[0]; }

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
      for (int64_t i = 0; i < width; ++i) out[i * out_row + r] = value(source + r * row + i);
  }

  // A strip of floats as the left operand: its rows, or its columns with depth along the rows.
  static const float* rows_of(int64_t, int64_t, const float* strip, int64_t, float*) {
    return strip;
  }
  static const float* pairs_of(int64_t, int64_t, const float* strip, int64_t, float*) {
    return strip;
  }
};

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
    const F b_left = P::load_b(b), b_right = P::load_b(b + kLanes);
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
