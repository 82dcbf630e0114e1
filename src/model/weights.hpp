#pragma once
// Tensors to and from safetensors files: LibTorch's names for dtypes, copies across devices.
// Weights go by name, so a file may be read into a model whose flat buffer has another order.

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/safetensors.hpp"
#include "model/parameters.hpp"

namespace repro::model {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// Atomic and synced; tensors on other devices are copied to the CPU first.
void save_tensors(const std::filesystem::path& path, const NamedTensors& tensors,
                  const std::map<std::string, std::string>& metadata = {});

// The tensor `name` over the file's mapped bytes, without a copy: valid while the view lives, not
// to be written to. Error naming `path` when it is absent, of another shape, or of a dtype other
// than F64, F32, F16, BF16, I64, I32.
at::Tensor tensor_of(const SafetensorsView& file, const std::filesystem::path& path,
                     const std::string& name, at::IntArrayRef shape);

// A model's parameters under their names. load_weights() throws Error when one is absent, of
// another shape, or when the file holds a tensor the model does not have; call values_changed()
// after it.
void save_weights(const std::filesystem::path& path, const std::vector<Parameter>& parameters,
                  const std::map<std::string, std::string>& metadata = {});
void load_weights(const std::filesystem::path& path, const std::vector<Parameter>& parameters);

}  // namespace repro::model
