#include "model/weights.hpp"

#include <ATen/ops/from_blob.h>
#include <c10/core/GradMode.h>
#include <fmt/ranges.h>

#include <array>

#include "base/error.hpp"

namespace repro::model {
namespace {

struct Dtype {
  const char* name;
  at::ScalarType type;
};
constexpr std::array<Dtype, 6> kDtypes = {{{"F64", at::kDouble},
                                           {"F32", at::kFloat},
                                           {"F16", at::kHalf},
                                           {"BF16", at::kBFloat16},
                                           {"I64", at::kLong},
                                           {"I32", at::kInt}}};

const char* dtype_name(at::ScalarType type) {
  for (const Dtype& dtype : kDtypes)
    if (dtype.type == type) return dtype.name;
  throw Error("tensors of type {} cannot be saved", at::toString(type));
}

at::ScalarType scalar_type(const std::filesystem::path& path, const SafetensorsTensor& stored) {
  for (const Dtype& dtype : kDtypes)
    if (stored.dtype == dtype.name) return dtype.type;
  throw Error("{}: tensor '{}': dtype '{}' is not supported", path.string(), stored.name,
              stored.dtype);
}

std::string shape_text(at::IntArrayRef shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace

void save_tensors(const std::filesystem::path& path, const NamedTensors& tensors,
                  const std::map<std::string, std::string>& metadata) {
  std::vector<at::Tensor> kept;  // holds the bytes until they are written
  std::vector<SafetensorsTensor> stored;
  for (const auto& [name, tensor] : tensors) {
    kept.push_back(tensor.detach().to(at::kCPU).contiguous());
    const at::Tensor& bytes = kept.back();
    stored.push_back({name,
                      dtype_name(bytes.scalar_type()),
                      bytes.sizes().vec(),
                      {static_cast<const std::byte*>(bytes.const_data_ptr()), bytes.nbytes()}});
  }
  write_safetensors(path, stored, metadata);
}

at::Tensor tensor_of(const SafetensorsView& file, const std::filesystem::path& path,
                     const std::string& name, at::IntArrayRef shape) {
  const SafetensorsTensor& stored = file[name];
  if (shape != at::IntArrayRef(stored.shape))
    throw Error("{}: tensor '{}' has shape {}, expected {}", path.string(), name,
                shape_text(stored.shape), shape_text(shape));
  // from_blob wants a mutable pointer; the contract forbids writing.
  auto* bytes = const_cast<std::byte*>(stored.data.data());
  return at::from_blob(bytes, stored.shape, at::TensorOptions().dtype(scalar_type(path, stored)));
}

void save_weights(const std::filesystem::path& path, const std::vector<Parameter>& parameters,
                  const std::map<std::string, std::string>& metadata) {
  NamedTensors tensors;
  for (const Parameter& parameter : parameters)
    tensors.emplace_back(parameter.name, parameter.value);
  save_tensors(path, tensors, metadata);
}

void load_weights(const std::filesystem::path& path, const std::vector<Parameter>& parameters) {
  const SafetensorsView file(path);
  c10::NoGradGuard no_grad;
  for (const Parameter& parameter : parameters) {
    at::Tensor value = parameter.value;
    value.copy_(tensor_of(file, path, parameter.name, value.sizes()));
  }
  if (file.tensors().size() == parameters.size()) return;
  for (const auto& [name, tensor] : file.tensors()) {
    bool known = false;
    for (const Parameter& parameter : parameters) known = known || parameter.name == name;
    if (!known) throw Error("{}: tensor '{}' does not belong to this model", path.string(), name);
  }
}

}  // namespace repro::model
