#include "methods/router_start.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_solve.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"

namespace repro::methods {
namespace {

using model::Parameter;
using model::TensorClass;

constexpr uint64_t kRouterStream = 0x726f75746572;  // apart from the initialisation's streams

bool is_matrix(const Parameter& parameter) {
  return parameter.tensor_class == TensorClass::router && parameter.value.dim() == 2;
}

// In front of another layer of the router.
bool is_first_of_mlp(const Parameter& router) {
  return router.name.ends_with("gate_network.0.weight");
}

void draw(const Parameter& router, double std, uint64_t seed, uint64_t index) {
  at::Tensor value = router.value;
  at::Tensor drawn = at::empty(value.sizes(), at::kFloat);
  float* out = drawn.mutable_data_ptr<float>();
  for (int64_t i = 0; i < drawn.numel(); ++i)
    out[i] = static_cast<float>(
        std * random_normal(seed, kRouterStream + index, static_cast<uint64_t>(i)));
  value.copy_(drawn);
}

}  // namespace

void start_routers(const std::string& kind, const config::ModelConfig& config, uint64_t seed,
                   std::vector<Parameter>& parameters) {
  if (kind != "zeros" && kind != "normal") return;
  c10::NoGradGuard no_grad;
  double std = config.init_std;
  if (kind == "zeros") std = config.top_k < config.experts ? 1e-6 : 0;
  uint64_t index = 0;
  for (const Parameter& parameter : parameters) {
    if (!is_matrix(parameter)) continue;
    const uint64_t own = index++;
    // Zeros behind it make the scores equal. Were it zero too, each layer's gradient would be 0
    // because of the other, for ever.
    if (kind == "zeros" && is_first_of_mlp(parameter)) continue;
    draw(parameter, std, seed, own);
  }
}

void need_distinct_rows(const std::vector<Parameter>& parameters, const config::ModelConfig& config,
                        bool copies) {
  if (config.top_k == config.experts && !copies) return;
  for (const Parameter& parameter : parameters) {
    if (!is_matrix(parameter)) continue;
    const at::Tensor rows = parameter.value.to(at::kCPU, at::kFloat);
    for (int64_t a = 0; a < rows.size(0); ++a)
      for (int64_t b = 0; b < a; ++b)
        if (at::equal(rows[a], rows[b]))
          throw Error(
              "{}: rows {} and {} are equal, so top-{} routing cannot choose between them; "
              "use merge.router = \"normal\"",
              parameter.name, b, a, config.top_k);
  }
}

RouterRows::RouterRows(int64_t layers, int64_t experts, int64_t width)
    : count_E_(static_cast<size_t>(experts)) {
  for (int64_t layer = 0; layer < layers; ++layer) {
    sum_ED_.push_back(at::zeros({experts, width}, at::kDouble));
    product_DD_.push_back(at::zeros({width, width}, at::kDouble));
  }
}

void RouterRows::add(int64_t k, const std::vector<at::Tensor>& inputs) {
  check(inputs.size() == sum_ED_.size(), "one tensor a layer");
  count_E_[static_cast<size_t>(k)] += static_cast<double>(inputs.front().size(0));
  for (size_t layer = 0; layer < inputs.size(); ++layer) {
    const at::Tensor x_ND = inputs[layer].to(at::kCPU, at::kDouble);
    sum_ED_[layer][k].add_(x_ND.sum(0));
    product_DD_[layer].add_(at::mm(x_ND.t(), x_ND));
  }
}

at::Tensor RouterRows::centroids(int64_t layer, double length) const {
  const at::Tensor count_E1 = at::tensor(count_E_, at::kDouble).unsqueeze(1);
  const at::Tensor mean_ED = sum_ED_[static_cast<size_t>(layer)] / count_E1.clamp_min(1);
  const at::Tensor rows_ED = mean_ED - mean_ED.mean(0, /*keepdim=*/true);
  const double mean_square = rows_ED.square().sum(1).mean().item<double>();
  if (!(mean_square > 0))
    throw Error("layer {}: the router reads the same of every part's text; use another router",
                layer);
  return (rows_ED * (length / std::sqrt(mean_square))).to(at::kFloat);
}

at::Tensor RouterRows::ridge(int64_t layer, double ridge) const {
  const at::Tensor& product = product_DD_[static_cast<size_t>(layer)];
  const double lambda = ridge * product.diagonal().mean().item<double>();
  const at::Tensor regular = product + at::eye(product.size(0), at::kDouble) * lambda;
  return at::linalg_solve(regular, sum_ED_[static_cast<size_t>(layer)].t())
      .t()
      .contiguous()
      .to(at::kFloat);
}

}  // namespace repro::methods
