#pragma once
// Owns a model's parameters: one flat buffer of values, one of gradients and, in bf16-mixed, a bf16
// copy for the matrix products. Everything else sees views of them.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "model/kernels/blocks.hpp"
#include "model/layout.hpp"

namespace repro::model {

// One parameter: a view into the flat buffers. Names are the published ones with the experts of a
// layer stacked: "model.layers.3.mlp.experts.gate_up_proj" (E, 2f, d), "...experts.down_proj" (E,
// d, f).
struct Parameter {
  std::string name;
  at::Tensor value;
  at::Tensor gradient;
  TensorClass tensor_class = TensorClass::shared;
  bool decay = true;  // weight decay applies: not to norms and biases
};

class ParameterStore {
 public:
  // `values` is the type of values and gradients; `compute` that of the matrix products.
  ParameterStore(const config::ModelConfig& model, const at::Device& device, at::ScalarType values,
                 at::ScalarType compute);

  void initialise(double std, uint64_t seed, int64_t expert_offset);
  void values_changed();

  // `count` consecutive tensors from `name` on, seen as one of the given shape. Undefined Weight
  // when the model has no such tensor.
  Weight weight(const std::string& name, std::vector<int64_t> shape) const;

  std::vector<Parameter> parameters;
  at::Tensor flat_values;
  at::Tensor flat_gradients;
  Layout layout;

 private:
  at::Tensor flat_compute_;  // same tensor as flat_values unless the types differ
  std::map<std::string, const TensorSpec*> by_name_;
};

}  // namespace repro::model
