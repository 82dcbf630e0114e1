#include "methods/disco.hpp"

#include <ATen/TensorOperators.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <numeric>

#include "base/error.hpp"
#include "methods/router_start.hpp"

namespace repro::methods {
namespace {

using model::Parameter;
using model::TensorClass;

void merge_expert(const std::vector<at::Tensor>& parts, double scale, const Parameter& expert) {
  const bool down = expert.name.ends_with("experts.down_proj");
  for (size_t k = 0; k < parts.size(); ++k) {
    at::Tensor slot = expert.value[static_cast<int64_t>(k)];
    slot.copy_(down ? parts[k][0].to(at::kFloat) * scale : parts[k][0]);
  }
}

}  // namespace

void split(const std::vector<Parameter>& full, int64_t k, std::vector<Parameter>& submodel) {
  c10::NoGradGuard no_grad;
  for (Parameter& part : submodel) {
    const auto whole = std::find_if(full.begin(), full.end(), [&](const Parameter& candidate) {
      return candidate.name == part.name;
    });
    check(whole != full.end() && part.tensor_class != TensorClass::router,
          "a submodel has the shared tensors and one expert of the full model");
    const bool expert = part.tensor_class == TensorClass::expert;
    part.value.copy_(expert ? whole->value.narrow(0, k, 1) : whole->value);
  }
}

std::vector<double> merge_weights(const std::string& gamma, std::span<const int64_t> documents,
                                  std::span<const int64_t> tokens) {
  const std::span<const int64_t> counts = gamma == "tokens" ? tokens : documents;
  const auto total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
  std::vector<double> weights;
  for (int64_t count : counts)
    weights.push_back(gamma == "uniform" ? 1.0 / static_cast<double>(counts.size())
                                         : static_cast<double>(count) / total);
  return weights;
}

Cosines merge(std::span<const std::filesystem::path> submodels, const MergeRecipe& options,
              const config::ModelConfig& config, std::vector<Parameter>& full) {
  check(options.gamma.size() == submodels.size() &&
            config.experts == static_cast<int64_t>(submodels.size()),
        "one weight and one submodel an expert");
  c10::NoGradGuard no_grad;
  const Parts parts(submodels);
  WeightedSum shared(options.gamma);
  for (const Parameter& parameter : full) {
    if (parameter.tensor_class == TensorClass::router) continue;
    const bool expert = parameter.tensor_class == TensorClass::expert;
    std::vector<int64_t> shape = parameter.value.sizes().vec();
    if (expert) shape[0] = 1;
    const std::vector<at::Tensor> tensors = parts.tensors(parameter.name, shape);
    if (!expert)
      shared.add(tensors, parameter.value,
                 options.backbone ? WeightedSum::Into::value : WeightedSum::Into::nothing);
    else if (options.experts)
      merge_expert(tensors, options.scale, parameter);
  }
  start_routers(options.router, config, options.seed, full);
  need_distinct_rows(full, config, /*copies=*/false);
  return shared.cosines();
}

}  // namespace repro::methods
