#pragma once
// Sums of whole models, tensor by tensor: what a merge makes of several runs' weights.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/safetensors.hpp"

namespace repro::methods {

// Cosines between models, over all tensors that were given: n x n, row by row.
struct Cosines {
  std::vector<double> parameters;
  std::vector<double> updates;  // of what each moved since its start; 0 where one did not move
};

// Weights of finished runs, mapped, not read.
class Parts {
 public:
  explicit Parts(std::span<const std::filesystem::path> files);

  size_t count() const { return files_.size(); }
  // The tensor of each part, over the mapped bytes: valid while this lives, not to be written to.
  std::vector<at::Tensor> tensors(const std::string& name, at::IntArrayRef shape) const;

 private:
  std::vector<std::filesystem::path> paths_;
  std::vector<SafetensorsView> files_;
};

// sum_k weight_k part_k, accumulated in double, and the parts' inner products on the way.
class WeightedSum {
 public:
  explicit WeightedSum(const std::vector<double>& weights);

  // `value` comes in as the parts' common start; goes out as their sum, or as it was.
  enum class Into { value, nothing };
  void add(const std::vector<at::Tensor>& parts, at::Tensor value, Into into = Into::value);
  Cosines cosines() const;

 private:
  at::Tensor weights_1E_;
  at::Tensor products_;
  at::Tensor update_products_;
};

}  // namespace repro::methods
