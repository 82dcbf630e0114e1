// Included once per instruction set after product.hpp: the three matrix products of a linear layer
// with weight w (out, in). y = x w^T and dx = dy w take w packed, in panels of kColumns columns of
// the result; dw += dy^T x packs as it goes and adds in fp32.
#include "model/kernels/cpu/product.hpp"

constexpr int64_t kDepth = 512;         // a panel of this depth stays in the first cache
constexpr int64_t kStripRows = 256;     // the left operand of so many rows stays in the second
constexpr int64_t kStripColumns = 256;  // results of a strip that wait for more of the depth

template <typename P>
int64_t packed_depth(int64_t depth) {
  return round_up(depth, P::kPair) / P::kPair;
}

template <typename P>
int64_t packed_weight_floats(int64_t depth, int64_t columns) {
  return packed_depth<P>(depth) * round_up(columns, kColumns);
}

template <typename P>
void pack_forward(int64_t out, int64_t in, const typename P::Source* w, float* packed) {
  auto* to = reinterpret_cast<typename P::Element*>(packed);
  for (int64_t n = 0; n < out; n += kColumns, to += packed_depth<P>(in) * kColumns)
    P::pack_turned(smaller(kColumns, out - n), in, w + n * in, in, to, kColumns);
}

template <typename P>
void pack_backward(int64_t out, int64_t in, const typename P::Source* w, float* packed) {
  auto* to = reinterpret_cast<typename P::Element*>(packed);
  for (int64_t n = 0; n < in; n += kColumns, to += packed_depth<P>(out) * kColumns)
    P::pack_depth(out, smaller(kColumns, in - n), w + n, in, to, kColumns);
}

// A row of a packed strip: the odd cache line keeps rows of equal columns in different sets.
template <typename P>
constexpr int64_t kStripRow = kDepth / P::kPair + 16;

template <typename P>
int64_t linear_scratch(int64_t columns) {
  const int64_t strip = kStripRows * (kStripRow<P> + kStripColumns);
  const int64_t panels = kDepth / P::kPair * (kColumns + round_up(columns, kColumns));
  return strip > panels ? strip : panels;
}

// One strip of c from all of the depth, which is cut where it is longer than kDepth: then the sums
// wait in fp32.
template <typename P>
void multiply_strip(int64_t rows, int64_t columns, int64_t depth, const typename P::Source* a,
                    const typename P::Element* b, Destination<typename P::Source> to,
                    float* scratch) {
  using E = typename P::Element;
  E* left = reinterpret_cast<E*>(scratch);
  float* sums = scratch + kStripRows * kStripRow<P>;
  const int64_t panel = packed_depth<P>(depth) * kColumns;
  for (int64_t k = 0; k < depth; k += kDepth) {
    const int64_t count = smaller(kDepth, depth - k), packed = packed_depth<P>(count);
    P::pack_rows(rows, count, a + k, depth, left, kStripRow<P>);
    const E* right = b + k / P::kPair * kColumns;
    to.before = k > 0 ? sums : nullptr;
    to.before_row = kStripColumns;
    if (k + kDepth < depth)
      panel_product<P>(rows, columns, packed, left, kStripRow<P>, 1, right, panel,
                       Destination<float>{sums, kStripColumns, to.before, kStripColumns});
    else
      panel_product<P>(rows, columns, packed, left, kStripRow<P>, 1, right, panel, to);
  }
}

template <typename P>
void multiply(int64_t rows, int64_t columns, int64_t depth, const typename P::Source* a,
              const float* packed, typename P::Source* c, float* scratch) {
  const auto* b = reinterpret_cast<const typename P::Element*>(packed);
  const int64_t wide = depth > kDepth ? kStripColumns : columns;
  for (int64_t m = 0; m < rows; m += kStripRows)
    for (int64_t n = 0; n < columns; n += wide)
      multiply_strip<P>(smaller(kStripRows, rows - m), smaller(wide, columns - n), depth,
                        a + m * depth, b + n * packed_depth<P>(depth),
                        {c + m * columns + n, columns, nullptr, 0}, scratch);
}

// Lanes of a panel beyond its operand's width stay as they are: they meet only what edge_tile()
// drops.
template <typename P>
void add_transposed_product(int64_t depth, int64_t rows, int64_t columns,
                            const typename P::Source* a, int64_t a_row, const typename P::Source* b,
                            float* c, float* scratch) {
  using E = typename P::Element;
  E* left = reinterpret_cast<E*>(scratch);
  E* right = left + kDepth / P::kPair * kColumns;
  for (int64_t k = 0; k < depth; k += kDepth, a += kDepth * a_row, b += kDepth * columns) {
    const int64_t count = smaller(kDepth, depth - k), packed = packed_depth<P>(count);
    for (int64_t n = 0; n < columns; n += kColumns)
      P::pack_depth(count, smaller(kColumns, columns - n), b + n, columns, right + n * packed,
                    kColumns);
    for (int64_t m = 0; m < rows; m += kColumns) {
      const int64_t tall = smaller(kColumns, rows - m);
      P::pack_depth(count, tall, a + m, a_row, left, kColumns);
      float* to = c + m * columns;
      panel_product<P>(tall, columns, packed, left, 1, kColumns, right, packed * kColumns,
                       Destination<float>{to, columns, to, columns});
    }
  }
}
