#include "model/backward_stages.hpp"

#include <string>

#include "model/kernels/fused_node.hpp"

namespace repro::model {
namespace {

using torch::autograd::variable_list;

struct WatchedState {
  StageDone done;
  size_t stage;

  variable_list backward(const variable_list& gradients) const {
    done(stage);
    return gradients;
  }
};

}  // namespace

std::vector<std::vector<size_t>> stages_of(const std::vector<Parameter>& parameters,
                                           int64_t layers) {
  const std::string layer = "model.layers.";
  const auto count = static_cast<size_t>(layers);
  std::vector<std::vector<size_t>> stages(count + 2);
  for (size_t i = 0; i < parameters.size(); ++i) {
    const std::string& name = parameters[i].name;
    size_t stage = 0;
    if (name.starts_with(layer)) stage = count - std::stoul(name.substr(layer.size()));
    if (name.starts_with("model.embed_tokens.")) stage = count + 1;
    stages[stage].push_back(i);
  }
  return stages;
}

at::Tensor watched(const at::Tensor& x, const StageDone& done, size_t stage) {
  if (!done || !wants_graph(x)) return x;
  at::Tensor same = x.detach();
  attach(WatchedState{done, stage}, x, {same});
  return same;
}

}  // namespace repro::model
