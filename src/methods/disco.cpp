#include "methods/disco.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "base/random.hpp"
#include "model/weights.hpp"

namespace repro::methods {
namespace {

using model::Parameter;
using model::TensorClass;

constexpr uint64_t kRouterStream = 0x726f75746572;  // apart from the initialisation's streams
constexpr int64_t kChunk = 1 << 20;                 // elements of a shared tensor in double at once

std::vector<SafetensorsView> open_all(std::span<const std::filesystem::path> paths) {
  std::vector<SafetensorsView> files;
  for (const auto& path : paths) files.emplace_back(path);
  return files;
}

// The weighted sum of the shared tensors, and their inner products on the way.
class SharedPart {
 public:
  explicit SharedPart(const std::vector<double>& gamma)
      : gamma_1E_(at::tensor(gamma, at::kDouble).unsqueeze(0)),
        products_(at::zeros({count(gamma), count(gamma)}, at::kDouble)),
        update_products_(at::zeros_like(products_)) {}

  void merge(const std::vector<at::Tensor>& parts, const at::Tensor& value) {
    at::Tensor target = value.view(-1);
    for (int64_t begin = 0; begin < target.numel(); begin += kChunk) {
      const int64_t length = std::min(kChunk, target.numel() - begin);
      std::vector<at::Tensor> rows;
      for (const at::Tensor& part : parts)
        rows.push_back(part.reshape(-1).narrow(0, begin, length).to(at::kDouble));
      const at::Tensor rows_EC = at::stack(rows);
      at::Tensor chunk = target.narrow(0, begin, length);
      const at::Tensor updates_EC = rows_EC - chunk.to(at::kCPU, at::kDouble);
      products_ += at::mm(rows_EC, rows_EC.t());
      update_products_ += at::mm(updates_EC, updates_EC.t());
      chunk.copy_(at::mm(gamma_1E_, rows_EC).squeeze(0));
    }
  }

  BackboneCosine cosine() const { return {cosines(products_), cosines(update_products_)}; }

 private:
  static int64_t count(const std::vector<double>& gamma) {
    return static_cast<int64_t>(gamma.size());
  }

  static std::vector<double> cosines(const at::Tensor& products_EE) {
    const at::Tensor length_E = products_EE.diagonal().sqrt();
    const at::Tensor scale_EE = at::outer(length_E, length_E);
    const at::Tensor cosine_EE = at::where(scale_EE > 0, products_EE / scale_EE, 0.0).contiguous();
    const double* first = cosine_EE.const_data_ptr<double>();
    return {first, first + cosine_EE.numel()};
  }

  at::Tensor gamma_1E_;
  at::Tensor products_;
  at::Tensor update_products_;
};

void fill_router(const Parameter& router, const MergeRecipe& options,
                 const config::ModelConfig& config, uint64_t index) {
  if (options.router == "concatenate") return;
  at::Tensor value = router.value;
  double std = config.init_std;
  if (options.router == "zeros") std = config.top_k < config.experts ? 1e-6 : 0;
  at::Tensor drawn = at::empty(value.sizes(), at::kFloat);
  float* out = drawn.mutable_data_ptr<float>();
  for (int64_t i = 0; i < drawn.numel(); ++i)
    out[i] = static_cast<float>(
        std * random_normal(options.seed, kRouterStream + index, static_cast<uint64_t>(i)));
  value.copy_(drawn);
}

// Equal rows give equal logits: top-k then picks the same experts for every token, for ever.
void need_distinct_rows(const Parameter& router, const config::ModelConfig& config) {
  if (config.top_k == config.experts) return;
  const at::Tensor rows = router.value.to(at::kCPU, at::kFloat);
  for (int64_t a = 0; a < rows.size(0); ++a)
    for (int64_t b = 0; b < a; ++b)
      if (at::equal(rows[a], rows[b]))
        throw Error(
            "{}: rows {} and {} are equal, so top-{} routing cannot choose between them; "
            "use merge.router = \"normal\"",
            router.name, b, a, config.top_k);
}

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

BackboneCosine merge(std::span<const std::filesystem::path> submodels, const MergeRecipe& options,
                     const config::ModelConfig& config, std::vector<Parameter>& full) {
  check(options.gamma.size() == submodels.size() &&
            config.experts == static_cast<int64_t>(submodels.size()),
        "one weight and one submodel an expert");
  c10::NoGradGuard no_grad;
  const std::vector<SafetensorsView> files = open_all(submodels);
  SharedPart shared(options.gamma);
  uint64_t routers = 0;
  for (const Parameter& parameter : full) {
    if (parameter.tensor_class == TensorClass::router) {
      fill_router(parameter, options, config, routers++);
      need_distinct_rows(parameter, config);
      continue;
    }
    std::vector<at::Tensor> parts;
    const bool expert = parameter.tensor_class == TensorClass::expert;
    std::vector<int64_t> shape = parameter.value.sizes().vec();
    if (expert) shape[0] = 1;
    for (size_t k = 0; k < files.size(); ++k)
      parts.push_back(model::tensor_of(files[k], submodels[k], parameter.name, shape));
    if (expert)
      merge_expert(parts, options.scale, parameter);
    else
      shared.merge(parts, parameter.value);
  }
  return shared.cosine();
}

}  // namespace repro::methods
