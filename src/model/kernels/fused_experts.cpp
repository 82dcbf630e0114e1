#include "model/kernels/fused_experts.hpp"

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "model/kernels/fused_linear.hpp"
#include "model/part_clock.hpp"

namespace repro::model {
namespace {

constexpr int64_t kStrip = 128;  // rows whose gates, hidden units and outputs share the cache

// A feed-forward network over the rows of x: hidden = silu(gate) * up * score for each of `blocks`
// pairs of (gate, up) a row. All but the weights are (N, ...).
template <typename C>
struct FeedForward {
  at::Tensor up, down;  // weights: (2 blocks f, d), (d, blocks f)
  const at::Tensor &x, &scores, &gate_up, &hidden;
  int64_t blocks = 1;

  // For `rows` rows from `begin` on.
  void forward(int64_t begin, int64_t rows, const at::Tensor& out) const;
  // gate_up becomes its gradient; dx is that of x.
  void backward(int64_t begin, int64_t rows, const at::Tensor& dout, const at::Tensor& dx,
                const at::Tensor& dscores) const;
};

template <typename C>
void FeedForward<C>::forward(int64_t begin, int64_t rows, const at::Tensor& out) const {
  const PackedWeight<C> into_gates(up, Direction::forward), into_out(down, Direction::forward);
  in_strips(rows, kStrip, [&](int64_t offset, int64_t count) {
    const int64_t first = begin + offset;
    into_gates.multiply(count, row<C>(x, first), row<C>(gate_up, first));
    cpu::kernels<C>().swiglu(count * blocks, hidden.size(1) / blocks, row<C>(gate_up, first),
                             data<float>(scores) + first * blocks, row<C>(hidden, first));
    into_out.multiply(count, row<C>(hidden, first), row<C>(out, first));
  });
}

template <typename C>
void FeedForward<C>::backward(int64_t begin, int64_t rows, const at::Tensor& dout,
                              const at::Tensor& dx, const at::Tensor& dscores) const {
  const PackedWeight<C> into_hidden(down, Direction::backward), into_x(up, Direction::backward);
  in_strips(rows, kStrip, [&](int64_t offset, int64_t count) {
    const int64_t first = begin + offset;
    const at::Tensor dhidden = empty({count, hidden.size(1)}, kTypeOf<C>);
    into_hidden.multiply(count, row<C>(dout, first), data<C>(dhidden));
    cpu::kernels<C>().swiglu_backward(count * blocks, hidden.size(1) / blocks, data<C>(dhidden),
                                      data<float>(scores) + first * blocks, row<C>(gate_up, first),
                                      data<float>(dscores) + first * blocks);
    into_x.multiply(count, row<C>(gate_up, first), row<C>(dx, first));
  });
}

}  // namespace

template <typename C>
at::Tensor Experts<C>::forward(const at::Tensor& normed, const MoeWeights& weights,
                               const Routing& routing, const at::Tensor& scores) {
  const PartClock clock(Part::experts);
  scores_ =
      scores.defined() ? scores.detach().contiguous() : at::ones({normed.size(0), 1}, at::kFloat);
  all_ = routing.all;
  if (all_) return forward_all(normed, weights);
  sort_slots(routing, weights.down.compute.size(0));
  return forward_sorted(normed, weights);
}

template <typename C>
at::Tensor Experts<C>::backward(const at::Tensor& dout, const at::Tensor& normed,
                                const MoeWeights& weights, at::Tensor& dscores) {
  const PartClock clock(Part::experts);
  return all_ ? backward_all(dout, normed, weights, dscores)
              : backward_sorted(dout, weights, dscores);
}

template <typename C>
at::Tensor Experts<C>::forward_all(const at::Tensor& normed, const MoeWeights& weights) {
  const at::Tensor up = weights.gate_up.compute.flatten(0, 1), &down = weights.down.compute;
  const int64_t rows = normed.size(0), experts = down.size(0);
  down_ = down.permute({1, 0, 2}).reshape({down.size(1), experts * down.size(2)});
  gate_up_ = empty({rows, up.size(0)}, kTypeOf<C>);
  hidden_ = empty({rows, down_.size(1)}, kTypeOf<C>);
  at::Tensor y = empty(normed.sizes(), kTypeOf<C>);
  FeedForward<C>{up, down_, normed, scores_, gate_up_, hidden_, experts}.forward(0, rows, y);
  return y;
}

template <typename C>
at::Tensor Experts<C>::backward_all(const at::Tensor& dout, const at::Tensor& normed,
                                    const MoeWeights& weights, at::Tensor& dscores) {
  const at::Tensor up = weights.gate_up.compute.flatten(0, 1);
  const int64_t rows = normed.size(0), d = normed.size(1);
  const int64_t experts = weights.down.compute.size(0), width = weights.down.compute.size(2);
  dscores = empty({rows, experts}, at::kFloat);
  at::Tensor dnormed = empty(normed.sizes(), kTypeOf<C>);
  FeedForward<C>{up, down_, normed, scores_, gate_up_, hidden_, experts}.backward(0, rows, dout,
                                                                                  dnormed, dscores);
  const at::Tensor ddown = at::zeros({d, experts * width}, at::kFloat);
  add_weight_gradient<C>(ddown, dout, hidden_);
  at::Tensor down_gradient = weights.down.gradient;
  down_gradient.add_(ddown.view({d, experts, width}).permute({1, 0, 2}));
  add_weight_gradient<C>(weights.gate_up.gradient.flatten(0, 1), gate_up_, normed);
  return dnormed;
}

// A stable counting sort, so that the order is fixed. What a token does not choose has no slot: its
// position is that of a row of zeros behind the slots.
template <typename C>
void Experts<C>::sort_slots(const Routing& routing, int64_t experts) {
  const at::Tensor chosen = routing.experts_NK.contiguous();
  const int64_t choices = chosen.numel(), top_k = chosen.size(1);
  const int64_t* expert = chosen.data_ptr<int64_t>();
  first_.assign(static_cast<size_t>(experts) + 1, 0);
  for (int64_t i = 0; i < choices; ++i)
    if (expert[i] < experts) ++first_[static_cast<size_t>(expert[i]) + 1];
  for (size_t e = 0; e < static_cast<size_t>(experts); ++e) first_[e + 1] += first_[e];
  const int64_t slots = first_.back();
  token_ = empty({slots}, at::kLong);
  position_ = empty(chosen.sizes(), at::kLong);
  const at::Tensor sorted = empty({slots}, at::kFloat);
  std::vector<int64_t> next(first_.begin(), first_.end() - 1);
  for (int64_t i = 0; i < choices; ++i) {
    const bool chosen_here = expert[i] < experts;
    const int64_t slot = chosen_here ? next[static_cast<size_t>(expert[i])]++ : slots;
    position_.data_ptr<int64_t>()[i] = slot;
    if (!chosen_here) continue;
    token_.data_ptr<int64_t>()[slot] = i / top_k;
    sorted.data_ptr<float>()[slot] = scores_.data_ptr<float>()[i];
  }
  scores_ = sorted;
}

// Room for the slots and, behind them, for the zeros of what was not chosen.
template <typename C>
at::Tensor Experts<C>::slots_and_zeros(std::vector<int64_t> shape, at::ScalarType type) const {
  const int64_t slots = token_.numel();
  shape.insert(shape.begin(), slots + 1);
  const at::Tensor room = empty(shape, type);
  room[slots].zero_();
  return room;
}

template <typename C>
at::Tensor Experts<C>::forward_sorted(const at::Tensor& normed, const MoeWeights& weights) {
  const at::Tensor &up = weights.gate_up.compute, &down = weights.down.compute;
  const int64_t slots = token_.numel(), d = normed.size(1), width = down.size(2);
  sorted_x_ = normed.index_select(0, token_);
  gate_up_ = empty({slots, 2 * width}, kTypeOf<C>);
  hidden_ = empty({slots, width}, kTypeOf<C>);
  const at::Tensor outputs = slots_and_zeros({d}, kTypeOf<C>);
  for (int64_t e = 0; e < down.size(0); ++e) {
    const int64_t first = first_[static_cast<size_t>(e)];
    const int64_t count = first_[static_cast<size_t>(e) + 1] - first;
    if (count == 0) continue;
    FeedForward<C>{up[e], down[e], sorted_x_, scores_, gate_up_, hidden_}.forward(first, count,
                                                                                  outputs);
  }
  at::Tensor y = empty({normed.size(0), d}, kTypeOf<C>);
  cpu::kernels<C>().gather_sums(normed.size(0), position_.size(1), d, data<int64_t>(position_),
                                data<C>(outputs), data<C>(y));
  return y;
}

template <typename C>
at::Tensor Experts<C>::backward_sorted(const at::Tensor& dout, const MoeWeights& weights,
                                       at::Tensor& dscores) {
  const at::Tensor &up = weights.gate_up.compute, &down = weights.down.compute;
  const int64_t d = dout.size(1);
  const at::Tensor sorted_dout = dout.index_select(0, token_);
  const at::Tensor sorted_dscores = slots_and_zeros({}, at::kFloat);
  const at::Tensor sorted_dx = slots_and_zeros({d}, kTypeOf<C>);
  for (int64_t e = 0; e < down.size(0); ++e) {
    const int64_t first = first_[static_cast<size_t>(e)];
    const int64_t count = first_[static_cast<size_t>(e) + 1] - first;
    if (count == 0) continue;
    FeedForward<C>{up[e], down[e], sorted_x_, scores_, gate_up_, hidden_}.backward(
        first, count, sorted_dout, sorted_dx, sorted_dscores);
    const auto slice = [&](const at::Tensor& t) { return t.narrow(0, first, count); };
    add_weight_gradient<C>(weights.down.gradient[e], slice(sorted_dout), slice(hidden_));
    add_weight_gradient<C>(weights.gate_up.gradient[e], slice(gate_up_), slice(sorted_x_));
  }
  dscores = sorted_dscores.index_select(0, position_.flatten());
  at::Tensor dnormed = empty({dout.size(0), d}, kTypeOf<C>);
  cpu::kernels<C>().gather_sums(dout.size(0), position_.size(1), d, data<int64_t>(position_),
                                data<C>(sorted_dx), data<C>(dnormed));
  return dnormed;
}

template <typename C>
at::Tensor DenseExpert<C>::forward(const at::Tensor& normed, const Weight& gate_up,
                                   const Weight& down, const at::Tensor& scores) {
  const PartClock clock(Part::shared_expert);
  const int64_t rows = normed.size(0), width = down.compute.size(1);
  scores_ = scores;
  gate_up_ = empty({rows, 2 * width}, kTypeOf<C>);
  hidden_ = empty({rows, width}, kTypeOf<C>);
  at::Tensor y = empty(normed.sizes(), kTypeOf<C>);
  FeedForward<C>{gate_up.compute, down.compute, normed, scores_, gate_up_, hidden_}.forward(0, rows,
                                                                                            y);
  return y;
}

template <typename C>
at::Tensor DenseExpert<C>::backward(const at::Tensor& dout, const at::Tensor& normed,
                                    const Weight& gate_up, const Weight& down,
                                    at::Tensor& dscores) {
  const PartClock clock(Part::shared_expert);
  const int64_t rows = normed.size(0);
  dscores = empty({rows}, at::kFloat);
  at::Tensor dnormed = empty(normed.sizes(), kTypeOf<C>);
  FeedForward<C>{gate_up.compute, down.compute, normed, scores_, gate_up_, hidden_}.backward(
      0, rows, dout, dnormed, dscores);
  add_weight_gradient<C>(down.gradient, dout, hidden_);
  add_weight_gradient<C>(gate_up.gradient, gate_up_, normed);
  return dnormed;
}

template class Experts<float>;
template class Experts<Bf16>;
template class DenseExpert<float>;
template class DenseExpert<Bf16>;

}  // namespace repro::model
