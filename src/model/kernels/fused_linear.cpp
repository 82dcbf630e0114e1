#include "model/kernels/fused_linear.hpp"

namespace repro::model {
namespace {

constexpr int64_t kPanel = 32;  // whole panels of the kernel

}  // namespace

template <typename C>
PackedWeight<C>::PackedWeight(const at::Tensor& w, Direction direction) {
  const auto& k = cpu::kernels<C>();
  const int64_t out = w.size(0), in = w.size(1);
  const bool forward = direction == Direction::forward;
  depth_ = forward ? in : out;
  columns_ = forward ? out : in;
  packed_ = empty({k.packed_weight_floats(depth_, columns_)}, at::kFloat);
  (forward ? k.pack_forward : k.pack_backward)(out, in, data<C>(w), data<float>(packed_));
}

template <typename C>
void PackedWeight<C>::multiply(int64_t rows, const C* a, C* product) const {
  const auto& k = cpu::kernels<C>();
  const at::Tensor scratch = empty({k.linear_scratch(columns_)}, at::kFloat);
  k.multiply(rows, columns_, depth_, a, data<float>(packed_), product, data<float>(scratch));
}

template <typename C>
void add_weight_gradient(const at::Tensor& gradient, const at::Tensor& dy, const at::Tensor& x) {
  const auto& k = cpu::kernels<C>();
  const int64_t rows = dy.size(0), out = dy.size(1), in = x.size(1);
  in_parts(out, kPanel, [&](int64_t first, int64_t count) {
    const at::Tensor scratch = empty({k.linear_scratch(in)}, at::kFloat);
    k.add_transposed_product(rows, count, in, data<C>(dy) + first, out, data<C>(x),
                             data<float>(gradient) + first * in, data<float>(scratch));
  });
}

template class PackedWeight<float>;
template class PackedWeight<Bf16>;
template void add_weight_gradient<float>(const at::Tensor&, const at::Tensor&, const at::Tensor&);
template void add_weight_gradient<Bf16>(const at::Tensor&, const at::Tensor&, const at::Tensor&);

}  // namespace repro::model
