// E experts of the smaller model, E2 of the larger.
#include "methods/grow.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/random.hpp"
#include "model/weights.hpp"

namespace repro::methods {
namespace {

using model::Parameter;
using model::TensorClass;

constexpr uint64_t kGrowNoise = 0x67726f77;  // streams apart from the initialisation's
constexpr uint64_t kDropped = 0x64726f70;

// The part of a larger tensor that has a smaller one's shape: its first rows, its first columns.
at::Tensor corner(at::Tensor tensor, at::IntArrayRef shape) {
  for (size_t i = 0; i < shape.size(); ++i)
    tensor = tensor.narrow(static_cast<int64_t>(i), 0, shape[i]);
  return tensor;
}

// Of the smaller model's tensor of this name.
std::vector<int64_t> smaller_shape(const Parameter& grown, const config::GrowSpec& spec) {
  std::vector<int64_t> shape = grown.value.sizes().vec();
  if (grown.tensor_class == TensorClass::shared) return shape;
  shape[0] = spec.before;
  // The second layer of a router's mlp.
  const bool square = grown.tensor_class == TensorClass::router && shape.size() == 2 &&
                      grown.name.ends_with("gate_network.2.weight");
  if (square) shape[1] = spec.before;
  return shape;
}

at::Tensor normal_noise(at::IntArrayRef shape, uint64_t seed, uint64_t stream) {
  at::Tensor noise = at::empty(shape, at::kFloat);
  float* out = noise.mutable_data_ptr<float>();
  for (int64_t i = 0; i < noise.numel(); ++i)
    out[i] = static_cast<float>(random_normal(seed, stream, static_cast<uint64_t>(i)));
  return noise;
}

// The hidden channels of new expert e that begin afresh: the same in all its tensors.
std::vector<int64_t> dropped_channels(const config::GrowSpec& spec, int64_t layer_stream,
                                      int64_t expert) {
  const int64_t width = spec.model.expert_width;
  const auto count = static_cast<int64_t>(std::llround(spec.drop * static_cast<double>(width)));
  const Permutation order(
      static_cast<uint64_t>(width), static_cast<uint64_t>(spec.seed),
      mix64(kDropped + static_cast<uint64_t>(layer_stream)) + static_cast<uint64_t>(expert));
  std::vector<int64_t> channels;
  for (int64_t i = 0; i < count; ++i)
    channels.push_back(static_cast<int64_t>(order(static_cast<uint64_t>(i))));
  return channels;
}

// A number of the layer that the name stands in: "model.layers.3.mlp...." -> 3.
int64_t layer_of(const std::string& name) {
  constexpr std::string_view kBefore = "model.layers.";
  check(name.starts_with(kBefore), "experts stand in a layer");
  return std::stoll(name.substr(kBefore.size()));
}

// Drawn with the mean and deviation of the tensor that was copied, as drop-upcycling does.
void drop(const config::GrowSpec& spec, const Parameter& tensor, int64_t expert,
          const at::Tensor& copied, uint64_t stream) {
  const int64_t width = spec.model.expert_width;
  at::Tensor slot = tensor.value[expert];
  const at::Tensor fresh = normal_noise(slot.sizes(), static_cast<uint64_t>(spec.seed), stream) *
                               copied.std().item<double>() +
                           copied.mean().item<double>();
  const bool down = tensor.name.ends_with("down_proj");
  for (const int64_t channel : dropped_channels(spec, layer_of(tensor.name), expert)) {
    if (down) {
      slot.select(1, channel).copy_(fresh.select(1, channel));
    } else {  // gate rows, then up rows
      slot[channel].copy_(fresh[channel]);
      slot[width + channel].copy_(fresh[width + channel]);
    }
  }
}

// Experts from `before` on, over the fresh draws that stand there.
void begin_experts(const config::GrowSpec& spec, const Parameter& tensor, uint64_t index) {
  if (spec.experts == "gaussian") return;
  for (int64_t e = spec.before; e < spec.model.experts; ++e) {
    const at::Tensor copied = tensor.value[e % spec.before].to(at::kCPU, at::kFloat);
    const uint64_t stream = mix64(kGrowNoise + index) + static_cast<uint64_t>(e);
    at::Tensor slot = tensor.value[e];
    slot.copy_(copied);
    if (spec.experts == "copy-noise")
      slot.add_(
          normal_noise(slot.sizes(), static_cast<uint64_t>(spec.seed), stream).to(slot.options()) *
          (spec.noise * copied.std().item<double>()));
    if (spec.experts == "drop-upcycle") drop(spec, tensor, e, copied, stream);
  }
}

void begin_router(const config::GrowSpec& spec, const Parameter& router,
                  at::IntArrayRef smaller_sizes) {
  at::Tensor value = router.value;
  const int64_t added = spec.model.experts - spec.before;
  if (value.dim() == 1) {  // the selection bias
    if (spec.bias == "reset") value.zero_();
    return;
  }
  if (smaller_sizes[1] < value.size(1))
    value.narrow(0, 0, spec.before).narrow(1, spec.before, added).zero_();
  if (spec.router != "copy") return;
  for (int64_t e = spec.before; e < spec.model.experts; ++e) value[e].copy_(value[e % spec.before]);
}

}  // namespace

void grow(const std::filesystem::path& smaller, const config::GrowSpec& spec,
          std::vector<Parameter>& grown) {
  c10::NoGradGuard no_grad;
  const SafetensorsView file(smaller);
  for (size_t i = 0; i < grown.size(); ++i) {
    const std::vector<int64_t> shape = smaller_shape(grown[i], spec);
    corner(grown[i].value, shape).copy_(model::tensor_of(file, smaller, grown[i].name, shape));
    if (grown[i].tensor_class == TensorClass::expert) begin_experts(spec, grown[i], i);
    if (grown[i].tensor_class == TensorClass::router) begin_router(spec, grown[i], shape);
  }
}

at::Tensor grow_flat(const at::Tensor& flat, const model::Layout& smaller,
                     const model::Layout& larger) {
  check(flat.numel() == smaller.total, "the buffer is the smaller model's");
  at::Tensor grown = at::zeros({larger.total}, flat.options());
  for (const model::TensorSpec& old : smaller.tensors) {
    const auto now =
        std::find_if(larger.tensors.begin(), larger.tensors.end(),
                     [&](const model::TensorSpec& one) { return one.name == old.name; });
    check(now != larger.tensors.end(), "the larger model has all tensors of the smaller");
    corner(grown.narrow(0, now->offset, now->count).view(now->shape), old.shape)
        .copy_(flat.narrow(0, old.offset, old.count).view(old.shape));
  }
  return grown;
}

}  // namespace repro::methods
