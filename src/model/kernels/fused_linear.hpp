#pragma once
// What the fused blocks multiply with: a weight packed once for many rows, the gradient of a
// weight, and the loop over strips of rows, in which one product's result goes into the next
// operation while it is still in the cache. C = float or Bf16, the type of all matrices.
//
// Rows are shared out to LibTorch's threads; each sum is made in an order that does not depend on
// their number.

#include <ATen/Parallel.h>

#include <algorithm>

#include "model/kernels/fused.hpp"

namespace repro::model {

enum class Direction { forward, backward };  // y = x w^T, or dx = dy w

// A weight (out, in).
template <typename C>
class PackedWeight {
 public:
  PackedWeight(const at::Tensor& w, Direction direction);
  // product (rows, columns) = a (rows, depth) times the weight, by the calling thread.
  void multiply(int64_t rows, const C* a, C* product) const;

 private:
  int64_t depth_, columns_;
  at::Tensor packed_;
};

// gradient += dy^T x for dy (N, out), x (N, in), gradient (out, in) fp32.
template <typename C>
void add_weight_gradient(const at::Tensor& gradient, const at::Tensor& dy, const at::Tensor& x);

// Row `first` of a dense matrix.
template <typename C>
C* row(const at::Tensor& t, int64_t first) {
  return data<C>(t) + first * t.size(1);
}

// work(first, count) for consecutive parts of [0, total), each but the last a multiple of `unit`:
// one part a thread.
template <typename Work>
void in_parts(int64_t total, int64_t unit, const Work& work) {
  at::parallel_for(0, (total + unit - 1) / unit, 1, [&](int64_t begin, int64_t end) {
    work(begin * unit, std::min(end * unit, total) - begin * unit);
  });
}

// work(first, count) for every strip of [0, rows).
template <typename Work>
void in_strips(int64_t rows, int64_t strip, const Work& work) {
  in_parts(rows, strip, [&](int64_t begin, int64_t count) {
    for (int64_t first = begin; first < begin + count; first += strip)
      work(first, std::min(strip, begin + count - first));
  });
}

extern template class PackedWeight<float>;
extern template class PackedWeight<Bf16>;
extern template void add_weight_gradient<float>(const at::Tensor&, const at::Tensor&,
                                                const at::Tensor&);
extern template void add_weight_gradient<Bf16>(const at::Tensor&, const at::Tensor&,
                                               const at::Tensor&);

}  // namespace repro::model
