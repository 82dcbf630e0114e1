#include "model/parameters.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <functional>
#include <numeric>

#include "base/error.hpp"

namespace repro::model {

ParameterStore::ParameterStore(const config::ModelConfig& model, const at::Device& device,
                               at::ScalarType values, at::ScalarType compute)
    : layout(layout_of(model)) {
  const auto options = at::TensorOptions().device(device);
  flat_values = at::zeros({layout.total}, options.dtype(values));
  flat_gradients = at::zeros({layout.total}, options.dtype(values));
  flat_compute_ =
      values == compute ? flat_values : at::zeros({layout.total}, options.dtype(compute));
  for (const TensorSpec& spec : layout.tensors) {
    by_name_[spec.name] = &spec;
    parameters.push_back(
        {.name = spec.name,
         .value = flat_values.narrow(0, spec.offset, spec.count).view(spec.shape),
         .gradient = flat_gradients.narrow(0, spec.offset, spec.count).view(spec.shape),
         .tensor_class = spec.tensor_class,
         .decay = spec.decay});
  }
}

void ParameterStore::initialise(double std, uint64_t seed, int64_t expert_offset) {
  for (size_t i = 0; i < layout.tensors.size(); ++i) {
    const TensorSpec& spec = layout.tensors[i];
    const int64_t first = spec.tensor_class == TensorClass::expert ? expert_offset : 0;
    at::Tensor drawn = at::empty(spec.shape, at::kFloat);
    fill_initial(spec, std, seed, first, drawn.data_ptr<float>());
    parameters[i].value.copy_(drawn);
  }
  values_changed();
}

void ParameterStore::values_changed() {
  if (!flat_compute_.is_same(flat_values)) flat_compute_.copy_(flat_values);
}

Weight ParameterStore::weight(const std::string& name, std::vector<int64_t> shape) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return {};
  const int64_t count =
      std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
  const int64_t offset = found->second->offset;
  check(offset + count <= layout.total, "a weight lies inside the flat buffer");
  Weight weight;
  weight.gradient = flat_gradients.narrow(0, offset, count).view(shape);
  weight.compute = flat_compute_.narrow(0, offset, count).view(shape);
  // detach() makes a leaf that shares the values; backward() then adds into the flat gradient.
  weight.leaf = flat_values.narrow(0, offset, count).view(shape).detach().requires_grad_();
  weight.leaf.mutable_grad() = weight.gradient;
  return weight;
}

}  // namespace repro::model
