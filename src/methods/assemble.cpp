#include "methods/assemble.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "methods/router_start.hpp"

namespace repro::methods {
namespace {

using model::Parameter;
using model::TensorClass;

constexpr uint64_t kCopyStream = 0x636f7069;  // apart from the initialisation's streams

// (E, ...) standard normal draws, a stream an expert's tensor.
at::Tensor noise_like(const at::Tensor& value, uint64_t seed, uint64_t tensor) {
  at::Tensor noise = at::empty(value.sizes(), at::kFloat);
  float* out = noise.mutable_data_ptr<float>();
  const uint64_t stream = mix64(kCopyStream + tensor);
  for (int64_t i = 0; i < noise.numel(); ++i)
    out[i] = static_cast<float>(random_normal(seed, stream, static_cast<uint64_t>(i)));
  return noise;
}

}  // namespace

Cosines average(std::span<const std::filesystem::path> models, const std::vector<double>& weights,
                std::vector<Parameter>& full) {
  check(weights.size() == models.size() && !models.empty(), "one weight a model");
  c10::NoGradGuard no_grad;
  const Parts parts(models);
  WeightedSum sum(weights);
  for (const Parameter& parameter : full)
    sum.add(parts.tensors(parameter.name, parameter.value.sizes()), parameter.value);
  return sum.cosines();
}

void copy_into_experts(const std::filesystem::path& submodel, const CopyRecipe& recipe,
                       const config::ModelConfig& config, std::vector<Parameter>& full) {
  c10::NoGradGuard no_grad;
  const Parts part({&submodel, 1});
  for (size_t i = 0; i < full.size(); ++i) {
    if (full[i].tensor_class == TensorClass::router) continue;
    at::Tensor value = full[i].value;
    std::vector<int64_t> shape = value.sizes().vec();
    const bool expert = full[i].tensor_class == TensorClass::expert;
    if (expert) shape[0] = 1;
    const at::Tensor one = part.tensors(full[i].name, shape)[0];
    if (!expert) {
      value.copy_(one);
      continue;
    }
    at::Tensor copies = one.to(at::kFloat).expand(value.sizes());
    if (recipe.noise > 0)
      copies = copies + noise_like(value, recipe.seed, i) *
                            (recipe.noise * one.to(at::kFloat).std().item<double>());
    value.copy_(full[i].name.ends_with("experts.down_proj") ? copies * recipe.scale : copies);
  }
  start_routers(recipe.router, config, recipe.seed, full);
  need_distinct_rows(full, config, /*copies=*/true);
}

}  // namespace repro::methods
