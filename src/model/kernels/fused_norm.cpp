#include "model/kernels/fused_norm.hpp"

#include "model/part_clock.hpp"

namespace repro::model {

template <typename C>
at::Tensor FusedNorm<C>::forward(const at::Tensor& x_ND, const Weight& weight, double epsilon) {
  const PartClock clock(Part::norms);
  x = x_ND.detach().contiguous();
  inverse_rms = empty({x.size(0)}, at::kFloat);
  at::Tensor out = empty(x.sizes(), kTypeOf<C>);
  cpu::kernels<C>().rms_norm(x.size(0), x.size(1), data<float>(x), data<float>(weight.leaf),
                             static_cast<float>(epsilon), data<C>(out), data<float>(inverse_rms));
  return out;
}

template <typename C>
at::Tensor FusedNorm<C>::backward(const Weight& weight, const NormGradients& g) const {
  const PartClock clock(Part::norms);
  at::Tensor dx = empty(x.sizes(), at::kFloat);
  cpu::kernels<C>().rms_norm_backward(
      x.size(0), x.size(1), data<float>(x), data<float>(weight.leaf), data<float>(inverse_rms),
      data<C>(g.dout), data<C>(g.dout2), data<float>(g.dwide), data<float>(g.residual), g.scale,
      data<float>(dx), data<float>(weight.gradient));
  return dx;
}

template struct FusedNorm<float>;
template struct FusedNorm<Bf16>;

}  // namespace repro::model
