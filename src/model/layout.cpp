#include "model/layout.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string_view>

#include "base/random.hpp"

namespace repro::model {
namespace {

using config::ModelConfig;

TensorSpec weight(std::string name, std::vector<int64_t> shape) {
  return {.name = std::move(name), .shape = std::move(shape)};
}

TensorSpec norm(std::string name, int64_t width) {
  return {.name = std::move(name), .shape = {width}, .decay = false, .initial = Initial::ones};
}

TensorSpec bias(std::string name, int64_t width) {
  return {.name = std::move(name), .shape = {width}, .decay = false, .initial = Initial::zeros};
}

TensorSpec router(std::string name, int64_t rows, int64_t columns) {
  return {.name = std::move(name),
          .shape = {rows, columns},
          .tensor_class = TensorClass::router,
          .streams = rows};
}

TensorSpec experts(std::string name, std::vector<int64_t> shape, config::ExpertInit init) {
  const int64_t count = shape[0];
  return {
      .name = std::move(name),
      .shape = std::move(shape),
      .tensor_class = TensorClass::expert,
      .initial = init == config::ExpertInit::normal ? Initial::normal : Initial::kaiming_uniform,
      .streams = count};
}

using Tensors = std::vector<TensorSpec>;

void add_attention(Tensors& out, const ModelConfig& m, const std::string& at) {
  const int64_t query = m.heads * m.head_width;
  const int64_t key = m.kv_heads * m.head_width;
  out.push_back(weight(at + "q_proj.weight", {query, m.width}));
  out.push_back(weight(at + "k_proj.weight", {key, m.width}));
  out.push_back(weight(at + "v_proj.weight", {key, m.width}));
  if (m.qkv_bias) {
    out.push_back(bias(at + "q_proj.bias", query));
    out.push_back(bias(at + "k_proj.bias", key));
    out.push_back(bias(at + "v_proj.bias", key));
  }
  out.push_back(weight(at + "o_proj.weight", {m.width, query}));
  if (m.attention_router.experts > 0)
    out.push_back(weight(at + kAttentionGate, {m.attention_router.experts, m.width}));
}

void add_router(Tensors& out, const ModelConfig& m, const std::string& at) {
  if (m.router.select == config::Select::none) return;
  out.push_back(router(at + router_name(m.router), m.experts, m.width));
  if (m.router.network == config::RouterNetwork::mlp)
    out.push_back(router(at + "gate.gate_network.2.weight", m.experts, m.experts));
  if (m.router.noise) out.push_back(router(at + "gate.weight_noise.weight", m.experts, m.width));
  if (m.router.bias_rate > 0) {
    out.push_back(bias(at + kSelectionBias, m.experts));
    out.back().tensor_class = TensorClass::router;
  }
}

void add_moe(Tensors& out, const ModelConfig& m, const std::string& at) {
  add_router(out, m, at);
  const int64_t d = m.width, f = m.expert_width, fs = m.shared_width;
  out.push_back(experts(at + "experts.gate_up_proj", {m.experts, 2 * f, d}, m.expert_init));
  if (fs > 0) {
    out.push_back(weight(at + "shared_expert.gate_proj.weight", {fs, d}));
    out.push_back(weight(at + "shared_expert.up_proj.weight", {fs, d}));
  }
  out.push_back(experts(at + "experts.down_proj", {m.experts, d, f}, m.expert_init));
  if (fs > 0) {
    out.push_back(weight(at + "shared_expert.down_proj.weight", {d, fs}));
    out.push_back(weight(at + "shared_expert_gate.weight", {1, d}));
  }
}

void place(Layout& layout) {
  std::stable_partition(layout.tensors.begin(), layout.tensors.end(),
                        [](const TensorSpec& tensor) { return tensor.decay; });
  for (TensorSpec& tensor : layout.tensors) {
    tensor.count =
        std::accumulate(tensor.shape.begin(), tensor.shape.end(), int64_t{1}, std::multiplies<>());
    tensor.offset = layout.total;
    layout.total += tensor.count;
    if (tensor.decay) layout.decayed = layout.total;
  }
}

// FNV-1a: names a tensor's random stream.
uint64_t hash_name(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const unsigned char c : name) hash = (hash ^ c) * 0x100000001b3ULL;
  return hash;
}

void fill_normal(uint64_t seed, uint64_t stream, double std, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i)
    out[i] = static_cast<float>(std * random_normal(seed, stream, static_cast<uint64_t>(i)));
}

void fill_uniform(uint64_t seed, uint64_t stream, double bound, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) {
    const double u = random_uniform(seed, stream, static_cast<uint64_t>(i));
    out[i] = static_cast<float>(bound * (2.0 * u - 1.0));
  }
}

}  // namespace

std::string router_name(const config::RouterConfig& router) {
  return router.network == config::RouterNetwork::mlp ? "gate.gate_network.0.weight"
                                                      : "gate.weight";
}

Layout layout_of(const ModelConfig& m) {
  Layout layout;
  Tensors& out = layout.tensors;
  out.push_back(weight("model.embed_tokens.weight", {m.vocabulary, m.width}));
  if (m.zero_pad_row) out.back().initial = Initial::normal_pad_row_zero;
  for (int64_t layer = 0; layer < m.layers; ++layer) {
    const std::string at = "model.layers." + std::to_string(layer) + ".";
    out.push_back(norm(at + "input_layernorm.weight", m.width));
    add_attention(out, m, at + "self_attn.");
    out.push_back(norm(at + "post_attention_layernorm.weight", m.width));
    add_moe(out, m, at + "mlp.");
  }
  out.push_back(norm("model.norm.weight", m.width));
  out.push_back(weight("lm_head.weight", {m.vocabulary, m.width}));
  place(layout);
  return layout;
}

void fill_initial(const TensorSpec& tensor, double std, uint64_t seed, int64_t first_stream,
                  float* out) {
  const int64_t slice = tensor.count / tensor.streams;
  for (int64_t s = 0; s < tensor.streams; ++s, out += slice) {
    const uint64_t stream = mix64(hash_name(tensor.name) + static_cast<uint64_t>(first_stream + s));
    switch (tensor.initial) {
      case Initial::zeros:
        std::fill_n(out, slice, 0.0F);
        break;
      case Initial::ones:
        std::fill_n(out, slice, 1.0F);
        break;
      case Initial::normal:
        fill_normal(seed, stream, std, slice, out);
        break;
      case Initial::normal_pad_row_zero:
        fill_normal(seed, stream, std, slice, out);
        std::fill_n(out, tensor.shape.back(), 0.0F);
        break;
      case Initial::kaiming_uniform:
        fill_uniform(seed, stream, 1.0 / std::sqrt(static_cast<double>(tensor.shape.back())), slice,
                     out);
        break;
    }
  }
}

}  // namespace repro::model
