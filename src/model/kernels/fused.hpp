#pragma once
// Pieces that the fused CPU blocks share: typed access to tensors, and an autograd node whose
// backward is a struct's.

#include <ATen/ATen.h>
#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "model/kernels/blocks.hpp"
#include "model/kernels/cpu/kernels.hpp"

namespace repro::model {

using cpu::Bf16;

template <typename C>
constexpr at::ScalarType kTypeOf = std::is_same_v<C, float> ? at::kFloat : at::kBFloat16;

// Elements of a dense tensor; null for an undefined one.
template <typename C>
C* data(const at::Tensor& t) {
  if (!t.defined()) return nullptr;
  if constexpr (std::is_same_v<C, Bf16>)
    return reinterpret_cast<Bf16*>(t.data_ptr<at::BFloat16>());
  else
    return t.data_ptr<C>();
}

inline at::Tensor empty(at::IntArrayRef shape, at::ScalarType type) {
  return at::empty(shape, at::TensorOptions().dtype(type));
}

// In the compute type; the tensor itself in fp32.
template <typename C>
at::Tensor to_compute(const at::Tensor& x) {
  if constexpr (std::is_same_v<C, float>) return x;
  at::Tensor out = empty(x.sizes(), kTypeOf<C>);
  cpu::kernels<C>().cast(x.numel(), data<float>(x), data<C>(out));
  return out;
}

// Error when an id is not in [0, count): the kernels would read and write beyond their rows.
void check_ids(const at::Tensor& ids, int64_t count);

// What a block's forward keeps, and `variable_list backward(const variable_list&)` over it. Saved
// tensors are plain members: the flat gradient changes in place while the graph is alive, which
// autograd's own saved variables would refuse. They are freed as soon as backward has passed.
template <typename State>
struct FusedNode : torch::autograd::Node {
  torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) override {
    TORCH_CHECK(state.has_value(), "backward through a fused block a second time");
    const at::NoGradGuard no_graph;
    return state->backward(gradients);
  }
  void release_variables() override { state.reset(); }
  std::optional<State> state;
};

// Newer LibTorch counts a node's references inside it.
using NodePointer = decltype(torch::autograd::Edge::function);
template <typename Node>
NodePointer make_node(Node*& node) {
  if constexpr (std::is_same_v<NodePointer, std::shared_ptr<torch::autograd::Node>>) {
    auto made = std::make_shared<Node>();
    node = made.get();
    return made;
  } else {
    auto made = c10::make_intrusive<Node>();
    node = made.get();
    return made;
  }
}

// Makes `outputs` the results of a node with the one input `x`.
template <typename State>
void attach(State state, const at::Tensor& x, std::initializer_list<at::Tensor> outputs) {
  FusedNode<State>* node = nullptr;
  const NodePointer pointer = make_node(node);
  node->state = std::move(state);
  node->set_next_edges(torch::autograd::collect_next_edges(x));
  for (at::Tensor output : outputs) torch::autograd::create_gradient_edge(output, pointer);
}

inline bool wants_graph(const at::Tensor& x) {
  return at::GradMode::is_enabled() && x.requires_grad();
}

at::Tensor fused_embed(const at::Tensor& tokens_N, const Weight& table);
at::Tensor fused_attention(const at::Tensor& x_ND, const AttentionWeights& weights,
                           const AttentionShape& shape);
MoeOutput fused_moe(const at::Tensor& x_ND, const MoeWeights& weights, const MoeShape& shape,
                    const at::Tensor& noise_NE);
at::Tensor fused_head(const at::Tensor& x_ND, const HeadWeights& weights, const HeadShape& shape,
                      const at::Tensor& targets_N);

}  // namespace repro::model
