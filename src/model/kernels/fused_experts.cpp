#include "model/kernels/fused_experts.hpp"

#include "model/part_clock.hpp"

namespace repro::model {

template <typename C>
at::Tensor Experts<C>::forward(const at::Tensor& normed, const MoeWeights& weights,
                               const MoeShape& shape, const Routing& routing,
                               const at::Tensor& scores) {
  scores_ =
      scores.defined() ? scores.detach().contiguous() : at::ones({normed.size(0), 1}, at::kFloat);
  if (shape.top_k == shape.experts) return forward_all(normed, weights);
  sort_slots(routing, shape.experts);
  return forward_sorted(normed, weights, shape.top_k);
}

template <typename C>
at::Tensor Experts<C>::backward(const at::Tensor& dout, const at::Tensor& normed,
                                const MoeWeights& weights, const MoeShape& shape,
                                at::Tensor& dscores) {
  const PartClock clock(Part::experts);
  return shape.top_k == shape.experts ? backward_all(dout, normed, weights, dscores)
                                      : backward_sorted(dout, weights, shape.top_k, dscores);
}

template <typename C>
at::Tensor Experts<C>::forward_all(const at::Tensor& normed, const MoeWeights& weights) {
  const at::Tensor &up = weights.gate_up.compute, &down = weights.down.compute;
  const int64_t rows = normed.size(0), experts = down.size(0), width = down.size(2);
  gate_up_ = at::mm(normed, up.view({-1, up.size(2)}).t());
  hidden_ = empty({rows, experts * width}, kTypeOf<C>);
  cpu::kernels<C>().swiglu(rows * experts, width, data<C>(gate_up_), data<float>(scores_),
                           data<C>(hidden_));
  down_ = down.permute({1, 0, 2}).reshape({down.size(1), experts * width});
  return at::mm(hidden_, down_.t());
}

template <typename C>
at::Tensor Experts<C>::backward_all(const at::Tensor& dout, const at::Tensor& normed,
                                    const MoeWeights& weights, at::Tensor& dscores) {
  const at::Tensor& up = weights.gate_up.compute;
  const int64_t rows = normed.size(0), d = normed.size(1);
  const int64_t experts = weights.down.compute.size(0), width = weights.down.compute.size(2);
  const at::Tensor dhidden = at::mm(dout, down_);
  at::Tensor ddown = weights.down.gradient;
  ddown.add_(at::mm(dout.t(), hidden_).view({d, experts, width}).permute({1, 0, 2}));
  dscores = empty({rows, experts}, at::kFloat);
  cpu::kernels<C>().swiglu_backward(rows * experts, width, data<C>(dhidden), data<float>(scores_),
                                    data<C>(gate_up_), data<float>(dscores));
  add_transposed_product<C>(weights.gate_up.gradient.view({-1, d}), gate_up_, normed);
  return at::mm(gate_up_, up.view({-1, d}));
}

// A stable counting sort, so that the order is fixed.
template <typename C>
void Experts<C>::sort_slots(const Routing& routing, int64_t experts) {
  const at::Tensor chosen = routing.experts_NK.contiguous();
  const int64_t slots = chosen.numel(), top_k = chosen.size(1);
  const int64_t* expert = chosen.data_ptr<int64_t>();
  first_.assign(static_cast<size_t>(experts) + 1, 0);
  for (int64_t i = 0; i < slots; ++i) ++first_[static_cast<size_t>(expert[i]) + 1];
  for (size_t e = 0; e < static_cast<size_t>(experts); ++e) first_[e + 1] += first_[e];
  token_ = empty({slots}, at::kLong);
  position_ = empty({slots}, at::kLong);
  const at::Tensor sorted = empty({slots}, at::kFloat);
  std::vector<int64_t> next(first_.begin(), first_.end() - 1);
  for (int64_t i = 0; i < slots; ++i) {
    const int64_t slot = next[static_cast<size_t>(expert[i])]++;
    position_.data_ptr<int64_t>()[i] = slot;
    token_.data_ptr<int64_t>()[slot] = i / top_k;
    sorted.data_ptr<float>()[slot] = scores_.data_ptr<float>()[i];
  }
  scores_ = sorted;
}

template <typename C>
at::Tensor Experts<C>::forward_sorted(const at::Tensor& normed, const MoeWeights& weights,
                                      int64_t top_k) {
  const at::Tensor &up = weights.gate_up.compute, &down = weights.down.compute;
  const int64_t slots = token_.numel(), d = normed.size(1), width = down.size(2);
  sorted_x_ = normed.index_select(0, token_);
  gate_up_ = empty({slots, 2 * width}, kTypeOf<C>);
  hidden_ = empty({slots, width}, kTypeOf<C>);
  const at::Tensor outputs = empty({slots, d}, kTypeOf<C>);
  for (int64_t e = 0; e < down.size(0); ++e) {
    const int64_t first = first_[static_cast<size_t>(e)];
    const int64_t count = first_[static_cast<size_t>(e) + 1] - first;
    if (count == 0) continue;
    at::Tensor gate_up = gate_up_.narrow(0, first, count);
    at::Tensor hidden = hidden_.narrow(0, first, count);
    at::Tensor out = outputs.narrow(0, first, count);
    at::mm_out(gate_up, sorted_x_.narrow(0, first, count), up[e].t());
    cpu::kernels<C>().swiglu(count, width, data<C>(gate_up), data<float>(scores_) + first,
                             data<C>(hidden));
    at::mm_out(out, hidden, down[e].t());
  }
  at::Tensor y = empty({normed.size(0), d}, kTypeOf<C>);
  cpu::kernels<C>().gather_sums(normed.size(0), top_k, d, data<int64_t>(position_),
                                data<C>(outputs), data<C>(y));
  return y;
}

template <typename C>
at::Tensor Experts<C>::backward_sorted(const at::Tensor& dout, const MoeWeights& weights,
                                       int64_t top_k, at::Tensor& dscores) {
  const auto& k = cpu::kernels<C>();
  const at::Tensor &up = weights.gate_up.compute, &down = weights.down.compute;
  const int64_t slots = token_.numel(), d = dout.size(1), width = down.size(2);
  const at::Tensor sorted_dout = dout.index_select(0, token_);
  const at::Tensor sorted_dscores = empty({slots}, at::kFloat);
  const at::Tensor sorted_dx = empty({slots, d}, kTypeOf<C>);
  for (int64_t e = 0; e < down.size(0); ++e) {
    const int64_t first = first_[static_cast<size_t>(e)];
    const int64_t count = first_[static_cast<size_t>(e) + 1] - first;
    if (count == 0) continue;
    const at::Tensor dy = sorted_dout.narrow(0, first, count);
    const at::Tensor dhidden = at::mm(dy, down[e]);
    add_transposed_product<C>(weights.down.gradient[e], dy, hidden_.narrow(0, first, count));
    const at::Tensor gate_up = gate_up_.narrow(0, first, count);
    k.swiglu_backward(count, width, data<C>(dhidden), data<float>(scores_) + first,
                      data<C>(gate_up), data<float>(sorted_dscores) + first);
    add_transposed_product<C>(weights.gate_up.gradient[e], gate_up,
                              sorted_x_.narrow(0, first, count));
    at::Tensor dx = sorted_dx.narrow(0, first, count);
    at::mm_out(dx, gate_up, up[e]);
  }
  dscores = sorted_dscores.index_select(0, position_);
  at::Tensor dnormed = empty({dout.size(0), d}, kTypeOf<C>);
  k.gather_sums(dout.size(0), top_k, d, data<int64_t>(position_), data<C>(sorted_dx),
                data<C>(dnormed));
  return dnormed;
}

template <typename C>
at::Tensor DenseExpert<C>::forward(const at::Tensor& normed, const Weight& gate_up,
                                   const Weight& down, const at::Tensor& scores) {
  const PartClock clock(Part::shared_expert);
  const int64_t rows = normed.size(0), width = down.compute.size(1);
  scores_ = scores;
  gate_up_ = at::mm(normed, gate_up.compute.t());
  hidden_ = empty({rows, width}, kTypeOf<C>);
  cpu::kernels<C>().swiglu(rows, width, data<C>(gate_up_), data<float>(scores_), data<C>(hidden_));
  return at::mm(hidden_, down.compute.t());
}

template <typename C>
at::Tensor DenseExpert<C>::backward(const at::Tensor& dout, const at::Tensor& normed,
                                    const Weight& gate_up, const Weight& down,
                                    at::Tensor& dscores) {
  const PartClock clock(Part::shared_expert);
  const int64_t rows = normed.size(0), width = down.compute.size(1);
  const at::Tensor dhidden = at::mm(dout, down.compute);
  add_transposed_product<C>(down.gradient, dout, hidden_);
  dscores = empty({rows}, at::kFloat);
  cpu::kernels<C>().swiglu_backward(rows, width, data<C>(dhidden), data<float>(scores_),
                                    data<C>(gate_up_), data<float>(dscores));
  add_transposed_product<C>(gate_up.gradient, gate_up_, normed);
  return at::mm(gate_up_, gate_up.compute);
}

template class Experts<float>;
template class Experts<Bf16>;
template class DenseExpert<float>;
template class DenseExpert<Bf16>;

}  // namespace repro::model
