#pragma once
// An autograd node whose backward is a struct's: how a fused block joins LibTorch's graph.

#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>
#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace repro::model {

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

}  // namespace repro::model
