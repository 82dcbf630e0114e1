// Included once per instruction set, last: the tables of kernels.hpp.
#include "model/kernels/cpu/attention.hpp"

template <typename P>
constexpr Kernels<typename P::Source> table_of() {
  using C = typename P::Source;
  return {.rms_norm = rms_norm<C>,
          .rms_norm_backward = rms_norm_backward<C>,
          .add_residual = add_residual<C>,
          .cast = cast<C>,
          .accumulate = accumulate<C>,
          .gather_sums = gather_sums<C>,
          .column_sums = column_sums<C>,
          .packed_weight_floats = packed_weight_floats<P>,
          .pack_forward = pack_forward<P>,
          .pack_backward = pack_backward<P>,
          .multiply = multiply<P>,
          .add_transposed_product = add_transposed_product<P>,
          .linear_scratch = linear_scratch<P>,
          .rotate = rotate<C>,
          .rotate_backward = rotate_backward<C>,
          .attention = attention<P>,
          .attention_backward = attention_backward<P>,
          .attention_scratch = attention_scratch<P>,
          .swiglu = swiglu<C>,
          .swiglu_backward = swiglu_backward<C>,
          .cross_entropy = cross_entropy<C>};
}
