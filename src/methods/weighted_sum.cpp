#include "methods/weighted_sum.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "model/weights.hpp"

namespace repro::methods {
namespace {

constexpr int64_t kChunk = 1 << 20;  // elements of a tensor in double at once

std::vector<double> cosines_of(const at::Tensor& products_EE) {
  const at::Tensor length_E = products_EE.diagonal().sqrt();
  const at::Tensor scale_EE = at::outer(length_E, length_E);
  const at::Tensor cosine_EE = at::where(scale_EE > 0, products_EE / scale_EE, 0.0).contiguous();
  const double* first = cosine_EE.const_data_ptr<double>();
  return {first, first + cosine_EE.numel()};
}

}  // namespace

Parts::Parts(std::span<const std::filesystem::path> files) : paths_(files.begin(), files.end()) {
  for (const auto& path : paths_) files_.emplace_back(path);
}

std::vector<at::Tensor> Parts::tensors(const std::string& name, at::IntArrayRef shape) const {
  std::vector<at::Tensor> tensors;
  for (size_t k = 0; k < files_.size(); ++k)
    tensors.push_back(model::tensor_of(files_[k], paths_[k], name, shape));
  return tensors;
}

WeightedSum::WeightedSum(const std::vector<double>& weights)
    : weights_1E_(at::tensor(weights, at::kDouble).unsqueeze(0)),
      products_(at::zeros({weights_1E_.size(1), weights_1E_.size(1)}, at::kDouble)),
      update_products_(at::zeros_like(products_)) {}

void WeightedSum::add(const std::vector<at::Tensor>& parts, at::Tensor value, Into into) {
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
    if (into == Into::value) chunk.copy_(at::mm(weights_1E_, rows_EC).squeeze(0));
  }
}

Cosines WeightedSum::cosines() const {
  return {cosines_of(products_), cosines_of(update_products_)};
}

}  // namespace repro::methods
