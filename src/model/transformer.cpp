// B sequences, T tokens, N = B * T, d width, E experts, L layers, V vocabulary.
#include "model/transformer.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/sign.h>
#include <ATen/ops/stack.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/random.hpp"
#include "model/kernels/blocks.hpp"
#include "model/kernels/plain.hpp"
#include "model/losses.hpp"
#include "model/memory.hpp"

namespace repro::model {

struct LayerWeights {
  AttentionWeights attention;
  MoeWeights moe;
};

namespace {

at::ScalarType value_type(Precision precision) {
  return precision == Precision::bf16_pure ? at::kBFloat16 : at::kFloat;
}

at::ScalarType compute_type(Precision precision) {
  return precision == Precision::fp32 ? at::kFloat : at::kBFloat16;
}

LayerWeights layer_weights(const ParameterStore& store, const config::ModelConfig& m,
                           int64_t layer) {
  const std::string at = "model.layers." + std::to_string(layer) + ".";
  const std::string attention = at + "self_attn.", mlp = at + "mlp.";
  const int64_t d = m.width, e = m.experts, f = m.expert_width, fs = m.shared_width;
  const int64_t qkv = (m.heads + 2 * m.kv_heads) * m.head_width;
  LayerWeights w;
  w.attention.norm = store.weight(at + "input_layernorm.weight", {d});
  w.attention.qkv = store.weight(attention + "q_proj.weight", {qkv, d});
  w.attention.qkv_bias = store.weight(attention + "q_proj.bias", {qkv});
  w.attention.router = store.weight(attention + kAttentionGate, {m.attention_router.experts, d});
  w.attention.output = store.weight(attention + "o_proj.weight", {d, m.heads * m.head_width});
  w.moe.norm = store.weight(at + "post_attention_layernorm.weight", {d});
  w.moe.router = store.weight(mlp + router_name(m.router), {e, d});
  w.moe.router_out = store.weight(mlp + "gate.gate_network.2.weight", {e, e});
  w.moe.router_noise = store.weight(mlp + "gate.weight_noise.weight", {e, d});
  w.moe.router_bias = store.weight(mlp + kSelectionBias, {e});
  w.moe.gate_up = store.weight(mlp + "experts.gate_up_proj", {e, 2 * f, d});
  w.moe.down = store.weight(mlp + "experts.down_proj", {e, d, f});
  w.moe.shared_gate_up = store.weight(mlp + "shared_expert.gate_proj.weight", {2 * fs, d});
  w.moe.shared_down = store.weight(mlp + "shared_expert.down_proj.weight", {d, fs});
  w.moe.shared_gate = store.weight(mlp + "shared_expert_gate.weight", {1, d});
  return w;
}

MoeShape moe_shape(const config::ModelConfig& m, at::ScalarType compute) {
  return {.router = m.router,
          .experts = m.experts,
          .top_k = m.top_k,
          .epsilon = m.norm_epsilon,
          .compute = compute};
}

}  // namespace

Precision parse_precision(const std::string& name) {
  if (name == "fp32") return Precision::fp32;
  if (name == "bf16-mixed") return Precision::bf16_mixed;
  if (name == "bf16-pure") return Precision::bf16_pure;
  throw Error("precision: unknown value '{}'; one of fp32, bf16-mixed, bf16-pure", name);
}

struct Transformer::Impl {
  Impl(const config::ModelConfig& model, const Options& wanted)
      : config(model),
        options(wanted),
        store(model, wanted.device, value_type(wanted.precision), compute_type(wanted.precision)),
        blocks(blocks_for(wanted.device, value_type(wanted.precision), wanted.fused)),
        attending(model.attention_router.experts > 0 ? plain_blocks() : blocks),
        embedding(store.weight("model.embed_tokens.weight", {model.vocabulary, model.width})) {
    check((model.router.select == config::Select::none) == (model.experts == 1),
          "a router wherever there are several experts");
    keep_freed_memory();
    for (int64_t layer = 0; layer < model.layers; ++layer)
      layers.push_back(layer_weights(store, model, layer));
    head = {store.weight("model.norm.weight", {model.width}),
            store.weight("lm_head.weight", {model.vocabulary, model.width})};
  }

  // Embedding and all layers: (B, T) token ids -> (N, d). Routers' statistics go to `routed`, what
  // they read to `read`, if it is wanted.
  at::Tensor body(const at::Tensor& tokens_BT, const NoisePlace* noise,
                  std::vector<MoeOutput>& routed, std::vector<at::Tensor>* read = nullptr,
                  const StageDone& done = {});
  // The same of tokens that already stand in rows, by any kind of attention.
  template <typename Attention>
  at::Tensor layers_over(const at::Tensor& tokens_N, const Attention& attention,
                         const NoisePlace* noise, std::vector<MoeOutput>& routed,
                         std::vector<at::Tensor>* read = nullptr, const StageDone& done = {});
  double active_heads(const at::Tensor& gates_NA) const;  // share that a threshold keeps
  at::Tensor gate_noise(int64_t rows, int64_t layer, const NoisePlace& place) const;
  AttentionShape attention_shape(int64_t batch, int64_t tokens);
  HeadShape head_shape() const {
    return {.epsilon = config.norm_epsilon, .compute = compute_type(options.precision)};
  }

  config::ModelConfig config;
  Options options;
  ParameterStore store;
  const Blocks& blocks;
  const Blocks& attending;  // for attention: the plain ones where heads are routed
  Weight embedding;
  std::vector<LayerWeights> layers;
  HeadWeights head;
  at::Tensor cos_TD, sin_TD;         // rotary angles of the longest sequence seen
  std::vector<at::Tensor> counts_E;  // tokens per expert in the last forward, one tensor a layer
  int64_t last_rows = 0;             // of it
  double attention_share = 1;        // of it
};

AttentionShape Transformer::Impl::attention_shape(int64_t batch, int64_t tokens) {
  if (!cos_TD.defined() || cos_TD.size(0) < tokens) {
    const auto wide = at::TensorOptions().dtype(at::kDouble);
    const at::Tensor power = at::arange(0, config.head_width, 2, wide) / config.head_width;
    const at::Tensor angles =
        at::outer(at::arange(tokens, wide), at::pow(config.rope_theta, -power));
    cos_TD = angles.cos().to(options.device, at::kFloat);
    sin_TD = angles.sin().to(options.device, at::kFloat);
  }
  return {.batch = batch,
          .tokens = tokens,
          .heads = config.heads,
          .kv_heads = config.kv_heads,
          .head_width = config.head_width,
          .epsilon = config.norm_epsilon,
          .compute = compute_type(options.precision),
          .cos_TD = cos_TD.narrow(0, 0, tokens),
          .sin_TD = sin_TD.narrow(0, 0, tokens),
          .threshold = config.attention_router.threshold};
}

at::Tensor Transformer::Impl::gate_noise(int64_t rows, int64_t layer,
                                         const NoisePlace& place) const {
  constexpr uint64_t kGateNoise = 0x67617465;  // keeps these streams apart from other uses
  const uint64_t stream = mix64(kGateNoise) + static_cast<uint64_t>(layer);
  at::Tensor noise = at::empty({rows, config.experts}, at::kFloat);
  float* out = noise.data_ptr<float>();
  const uint64_t first =
      (place.step << 32) + static_cast<uint64_t>(place.first_row * config.experts);
  for (int64_t i = 0; i < noise.numel(); ++i)
    out[i] =
        static_cast<float>(random_normal(place.seed, stream, first + static_cast<uint64_t>(i)));
  return noise.to(options.device);
}

double Transformer::Impl::active_heads(const at::Tensor& gates_NA) const {
  const double threshold = config.attention_router.threshold;
  if (threshold == 0) return 1;
  return (gates_NA * static_cast<double>(gates_NA.size(1)) > threshold)
      .to(at::kDouble)
      .mean()
      .item<double>();
}

at::Tensor Transformer::Impl::body(const at::Tensor& tokens_BT, const NoisePlace* noise,
                                   std::vector<MoeOutput>& routed, std::vector<at::Tensor>* read,
                                   const StageDone& done) {
  check(tokens_BT.dim() == 2 && tokens_BT.scalar_type() == at::kLong, "tokens are (B, T) int64");
  const AttentionShape shape = attention_shape(tokens_BT.size(0), tokens_BT.size(1));
  const auto attention = [&](const at::Tensor& x, const AttentionWeights& weights) {
    return attending.attention(x, weights, shape);
  };
  return layers_over(tokens_BT.reshape({-1}), attention, noise, routed, read, done);
}

template <typename Attention>
at::Tensor Transformer::Impl::layers_over(const at::Tensor& tokens_N, const Attention& attention,
                                          const NoisePlace* noise, std::vector<MoeOutput>& routed,
                                          std::vector<at::Tensor>* read, const StageDone& done) {
  const int64_t rows = last_rows = tokens_N.numel();
  const MoeShape moe = moe_shape(config, compute_type(options.precision));
  at::Tensor x = blocks.embed(tokens_N, embedding);
  counts_E.clear();
  double heads_active = 0;
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    const LayerWeights& weights = layers[layer];
    x = watched(x, done, static_cast<size_t>(config.layers - layer));
    const AttentionOutput attended = attention(x, weights.attention);
    x = attended.x_ND;
    if (attended.gates_NA.defined()) heads_active += active_heads(attended.gates_NA);
    if (read != nullptr)
      read->push_back(wide(rms_norm(x, weights.moe.norm.leaf, moe.epsilon, moe.compute)));
    const at::Tensor noise_NE =
        noise != nullptr && config.router.noise ? gate_noise(rows, layer, *noise) : at::Tensor();
    routed.push_back(blocks.moe(x, weights.moe, moe, noise_NE));
    x = std::exchange(routed.back().x_ND, {});
    routed.back().attention_gates_NA = attended.gates_NA;
    counts_E.push_back(routed.back().counts_E);
  }
  if (config.attention_router.experts > 0 && routed.back().attention_gates_NA.defined())
    attention_share = heads_active / static_cast<double>(config.layers);
  return watched(x, done, 0);
}

Transformer::Transformer(const config::ModelConfig& config, const Options& options)
    : impl_(std::make_unique<Impl>(config, options)) {}
Transformer::~Transformer() = default;
Transformer::Transformer(Transformer&&) noexcept = default;

const config::ModelConfig& Transformer::config() const { return impl_->config; }
const Options& Transformer::options() const { return impl_->options; }
std::vector<Parameter>& Transformer::parameters() { return impl_->store.parameters; }
at::Tensor Transformer::flat_values() { return impl_->store.flat_values; }
at::Tensor Transformer::flat_gradients() { return impl_->store.flat_gradients; }
int64_t Transformer::decayed_count() const { return impl_->store.layout.decayed; }
int64_t Transformer::parameter_count() const { return impl_->store.layout.total; }
std::vector<std::vector<size_t>> Transformer::stages() const {
  return stages_of(impl_->store.parameters, impl_->config.layers);
}
void Transformer::zero_gradients() { impl_->store.flat_gradients.zero_(); }
void Transformer::values_changed() { impl_->store.values_changed(); }

void Transformer::initialise(uint64_t seed, int64_t expert_offset) {
  impl_->store.initialise(impl_->config.init_std, seed, expert_offset);
}

Loss Transformer::forward(const at::Tensor& tokens_BS, bool training, const NoisePlace& noise,
                          const StageDone& done) {
  const int64_t tokens = tokens_BS.size(1) - 1;
  const at::Tensor inputs_BT = tokens_BS.narrow(1, 0, tokens);
  const at::Tensor targets_N = tokens_BS.narrow(1, 1, tokens).reshape({-1});
  std::vector<MoeOutput> routed;
  const at::Tensor x_ND =
      impl_->body(inputs_BT, training ? &noise : nullptr, routed, nullptr, done);
  const at::Tensor sum = impl_->blocks.head(x_ND, impl_->head, impl_->head_shape(), targets_N);
  Loss loss;
  loss.total = (sum / static_cast<double>(targets_N.numel())).to(at::kFloat);
  loss.lm = sum.item<double>() / static_cast<double>(targets_N.numel());
  for (const AuxiliaryLoss& each : auxiliary_losses(impl_->config, routed)) {
    loss.total = loss.total + each.value;
    const auto value = each.value.item<double>();
    loss.aux += value;
    loss.auxiliary.emplace_back(config::name(each.kind), value);
  }
  return loss;
}

double Transformer::negative_log_likelihood(const at::Tensor& tokens_BS, int64_t first) {
  const at::NoGradGuard no_graph;
  const int64_t tokens = tokens_BS.size(1) - 1;
  check(first >= 0 && first < tokens, "at least one token is predicted");
  std::vector<MoeOutput> routed;
  at::Tensor x_ND = impl_->body(tokens_BS.narrow(1, 0, tokens), nullptr, routed);
  const at::Tensor x_BTD = x_ND.view({tokens_BS.size(0), tokens, -1});
  x_ND = x_BTD.narrow(1, first, tokens - first).reshape({-1, x_ND.size(1)});
  const at::Tensor targets_N = tokens_BS.narrow(1, first + 1, tokens - first).reshape({-1});
  return impl_->blocks.head(x_ND, impl_->head, impl_->head_shape(), targets_N).item<double>();
}

at::Tensor Transformer::score(const at::Tensor& tokens_N, const std::vector<Segment>& segments,
                              const at::Tensor& places_P, const at::Tensor& targets_P) {
  const at::NoGradGuard no_graph;
  check_segments(segments, tokens_N.numel());
  int64_t longest = 0;
  for (const Segment& segment : segments) longest = std::max(longest, segment.end());
  const AttentionShape shape = impl_->attention_shape(1, longest);
  const auto attention = [&](const at::Tensor& x, const AttentionWeights& weights) {
    return AttentionOutput{impl_->attending.read_segments(x, weights, shape, segments), {}};
  };
  std::vector<MoeOutput> routed;
  const at::Tensor x_PD =
      impl_->layers_over(tokens_N, attention, nullptr, routed).index_select(0, places_P);
  return impl_->blocks.score(x_PD, impl_->head, impl_->head_shape(), targets_P).to(at::kCPU);
}

at::Tensor Transformer::logits(const at::Tensor& tokens_BT) {
  const at::NoGradGuard no_graph;
  std::vector<MoeOutput> routed;
  const at::Tensor x_ND = impl_->body(tokens_BT, nullptr, routed);
  const HeadShape shape = impl_->head_shape();
  const at::Tensor normed = rms_norm(x_ND, impl_->head.norm.leaf, shape.epsilon, shape.compute);
  return at::linear(normed, impl_->head.output.compute)
      .to(at::kFloat)
      .view({tokens_BT.size(0), tokens_BT.size(1), -1});
}

std::vector<at::Tensor> Transformer::router_inputs(const at::Tensor& tokens_BT) {
  const at::NoGradGuard no_graph;
  std::vector<MoeOutput> routed;
  std::vector<at::Tensor> read;
  impl_->body(tokens_BT, nullptr, routed, &read);
  return read;
}

at::Tensor Transformer::expert_counts() const {
  const bool routed = impl_->config.router.select != config::Select::none;
  return routed && !impl_->counts_E.empty() ? at::stack(impl_->counts_E) : at::Tensor();
}

void Transformer::balance_routers(const at::Tensor& counts_LE) {
  const double rate = impl_->config.router.bias_rate;
  if (rate == 0) return;
  const at::NoGradGuard no_graph;
  const at::Tensor counts = counts_LE.to(at::kFloat);
  const at::Tensor moves_LE = at::sign(counts.mean(1, /*keepdim=*/true) - counts) * rate;
  for (int64_t layer = 0; layer < impl_->config.layers; ++layer)
    impl_->layers[static_cast<size_t>(layer)].moe.router_bias.leaf.detach().add_(moves_LE[layer]);
}

double Transformer::active_share() const {
  if (impl_->config.router.select == config::Select::none || impl_->counts_E.empty()) return 1;
  const auto active = at::stack(impl_->counts_E).sum().item<double>();
  return active /
         static_cast<double>(impl_->last_rows * impl_->config.layers * impl_->config.experts);
}

double Transformer::attention_share() const { return impl_->attention_share; }

at::Tensor Transformer::expert_load() const {
  const int64_t experts = impl_->config.experts;
  if (impl_->config.router.select == config::Select::none || impl_->counts_E.empty())
    return at::ones({impl_->config.layers, experts}, at::kFloat) / experts;
  const at::Tensor counts_LE = at::stack(impl_->counts_E).to(at::kCPU, at::kFloat);
  return counts_LE / counts_LE.sum(1, /*keepdim=*/true);
}

}  // namespace repro::model
