// Included once per instruction set, last: the tables of kernels.hpp.
#include "model/kernels/cpu/attention.hpp"

template <typename P>
constexpr Kernels<typename P::Source> table_of() {
  using C = typename P::Source;
  return {rms_norm<C>,        rms_norm_backward<C>, add_residual<C>,       cast<C>,
          accumulate<C>,      gather_sums<C>,       column_sums<C>,        rotate<C>,
          rotate_backward<C>, attention<P>,         attention_backward<P>, attention_scratch<P>,
          swiglu<C>,          swiglu_backward<C>,   cross_entropy<C>};
}
