// LLaMA-MoE: names and keys of pjlab-sys4nlp/llama-moe,
// smoe/models/llama_moe/{configuration_llama_moe,modeling_llama_moe_hf}.py. Its gate is Linear,
// tanh, Linear; it is no part of transformers: published folders hold the two files beside.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "exchange/architecture.hpp"

namespace repro::exchange {
namespace {

using config::ModelConfig;
using config::RouterConfig;
using config::RouterNetwork;
using config::Score;
using config::Select;
using nlohmann::json;
using nlohmann::ordered_json;

bool llama_is_routed(const ModelConfig& model) { return model.router.select != Select::none; }
bool llama_is_dense(const ModelConfig& model) { return !llama_is_routed(model); }
bool llama_gate_is_mlp(const ModelConfig& model) {
  return llama_is_routed(model) && model.router.network == RouterNetwork::mlp;
}
bool llama_gate_is_linear(const ModelConfig& model) {
  return llama_is_routed(model) && model.router.network == RouterNetwork::linear;
}
bool llama_is_noisy(const ModelConfig& model) { return model.router.noise; }

// Over the selected logits alone, as all ways to say so come to.
bool is_softmax_of_selected(const ModelConfig& model) {
  const RouterConfig& router = model.router;
  return router.score == Score::selected_softmax ||
         (router.score == Score::softmax && (router.normalise || model.top_k == model.experts));
}

std::string llama_misfit(const ModelConfig& model) {
  const RouterConfig& router = model.router;
  if (model.shared_width != 0) return "it has a shared expert";
  if (model.qkv_bias) return "its attention has biases";
  if (model.heads * model.head_width != model.width)
    return "its heads together are not as wide as the model";
  if (model.rope_theta != 1e4) return "its rotary base is not 10000";
  if (router.select == Select::none) return "";
  if (router.select == Select::threshold || router.select == Select::threshold_top_k)
    return "its router selects by a threshold";
  return is_softmax_of_selected(model) ? "" : "its scores are no softmax of the selected logits";
}

// A number, or a list of it: one a layer.
double score_scale(Keys& keys) {
  const json& value = keys.value("score_scale_factor");
  if (!value.is_array()) return keys.number("score_scale_factor", config::positive(), 1.0);
  for (const json& each : value)
    if (!each.is_number() || each != value.front())
      keys.refuse("score_scale_factor", "only one and the same number for all layers is supported");
  json first = {{"score_scale_factor", value.empty() ? json(1.0) : value.front()}};
  return Keys(first, keys.place()).number("score_scale_factor", config::positive());
}

// All experts of all layers are of one width.
int64_t expert_width(Keys& keys, const ModelConfig& model) {
  const int64_t all = keys.integer("intermediate_size", config::between(1, 1e9));
  const json& sizes = keys.value("size_experts");
  const int64_t width = all / model.experts;
  if (width * model.experts != all)
    keys.refuse("intermediate_size", fmt::format("not a multiple of {} experts", model.experts));
  const auto is_even = [&](const json& layer) {
    return layer.is_array() && layer.size() == static_cast<size_t>(model.experts) &&
           std::all_of(layer.begin(), layer.end(), [&](const json& size) { return size == width; });
  };
  if (!sizes.is_null() && !(sizes.is_array() && sizes.size() == static_cast<size_t>(model.layers) &&
                            std::all_of(sizes.begin(), sizes.end(), is_even)))
    keys.refuse("size_experts", fmt::format("only {} for each of {} experts in each of {} layers "
                                            "is supported",
                                            width, model.experts, model.layers));
  return width;
}

void llama_read(Keys& keys, ModelConfig& model) {
  model.expert_width = expert_width(keys, model);
  model.shared_width = 0;
  model.qkv_bias = false;
  const double scale = score_scale(keys);
  const bool noise = keys.boolean("gate_add_noise", true);
  const std::string network = keys.text("gate_network", "mlp");
  if (network != "mlp" && network != "linear")
    keys.refuse("gate_network", "only \"mlp\" and \"linear\" are supported");
  const double epsilon = keys.number("gate_noise_epsilon", config::at_least(0), 1e-2);
  model.router = {.score = Score::selected_softmax,
                  .network = network == "mlp" ? RouterNetwork::mlp : RouterNetwork::linear,
                  .scale = scale,
                  .noise = noise,
                  .noise_epsilon = epsilon};
  if (model.experts > 1) return;
  if (network != "linear" || noise || scale != 1)
    keys.refuse("num_experts",
                "one expert is supported with \"linear\" as gate_network, without "
                "noise and scale");
  model.router = {.select = Select::none};
}

void llama_write(const ModelConfig& model, ordered_json& out) {
  const RouterConfig& router = model.router;
  const std::vector<int64_t> sizes(static_cast<size_t>(model.experts), model.expert_width);
  out["auto_map"] = {{"AutoConfig", "configuration_llama_moe.LlamaMoEConfig"},
                     {"AutoModel", "modeling_llama_moe_hf.LlamaMoEModel"},
                     {"AutoModelForCausalLM", "modeling_llama_moe_hf.LlamaMoEForCausalLM"}};
  out["intermediate_size"] = model.experts * model.expert_width;
  out["size_experts"] = std::vector<std::vector<int64_t>>(static_cast<size_t>(model.layers), sizes);
  out["gate_network"] = router.network == RouterNetwork::mlp ? "mlp" : "linear";
  out["gate_add_noise"] = router.noise;
  out["gate_noise_epsilon"] = router.noise_epsilon;
  out["gate_use_balance"] = true;
  out["gate_balance_loss_weight"] = 1e-2;
  out["score_scale_factor"] = router.scale;
  if (model.zero_pad_row) out["pad_token_id"] = 0;
}

const std::vector<IntegerKey> kLlamaIntegers = {
    {"vocab_size", &ModelConfig::vocabulary, 2, 1e8},
    {"hidden_size", &ModelConfig::width, 1, 1e6},
    {"num_hidden_layers", &ModelConfig::layers, 1, 1e4},
    {"num_attention_heads", &ModelConfig::heads, 1, 1e4},
    {"num_experts", &ModelConfig::experts, 1, 1e5},
    {"num_selects", &ModelConfig::top_k, 1, 1e5}};

const std::vector<FixedKey> kLlamaFixed = {
    {"hidden_act", "\"silu\""},
    {"gate_type", "\"TopKBalancedNoisyGate\""},
    {"gate_use_softmax", "true"},
    {"calculator_type", "\"UniversalCalculator\""},
    {"multiply_gate_scores", "true"},
    {"add_weight_norm", "false"},
    {"rope_scaling", "null"},
    {"rope_theta", "10000.0"},  // the published code reads no other
    {"tie_word_embeddings", "false"}};

const std::vector<const char*> kLlamaIgnored = {
    "auto_map",        "capacity_factor",          "drop_tokens",
    "dropped_padding", "gate_balance_loss_weight", "gate_use_balance",
    "pretraining_tp"};

const std::vector<TensorRow> kLlamaTensors = {
    {"model.embed_tokens.weight", "Vd"},
    {"{l}.input_layernorm.weight", "d"},
    {"{l}.self_attn.q_proj.weight", "qd"},
    {"{l}.self_attn.k_proj.weight", "kd"},
    {"{l}.self_attn.v_proj.weight", "kd"},
    {"{l}.self_attn.o_proj.weight", "dq"},
    {.ours = "",
     .shape = "h",
     .theirs = {"{l}.self_attn.rotary_emb.inv_freq"},
     .each = "h",
     .optional = true},
    {"{l}.post_attention_layernorm.weight", "d"},
    {"{l}.mlp.gate.weight", "Ed", {"{l}.mlp.gate.gate_network.weight"}, "Ed", llama_gate_is_linear},
    {"", "Ed", {"{l}.mlp.gate.gate_network.weight"}, "Ed", llama_is_dense},
    {.ours = "{l}.mlp.gate.gate_network.0.weight", .shape = "Ed", .when = llama_gate_is_mlp},
    {.ours = "{l}.mlp.gate.gate_network.2.weight", .shape = "EE", .when = llama_gate_is_mlp},
    {.ours = "{l}.mlp.gate.weight_noise.weight", .shape = "Ed", .when = llama_is_noisy},
    {"{l}.mlp.experts.gate_up_proj",
     "Egd",
     {"{l}.mlp.calculator.experts.weight_gate.{e}", "{l}.mlp.calculator.experts.weight_up.{e}"},
     "fd"},
    {"{l}.mlp.experts.down_proj", "Edf", {"{l}.mlp.calculator.experts.weight_down.{e}"}, "df"},
    {"model.norm.weight", "d"},
    {"lm_head.weight", "Vd"}};

}  // namespace

const Architecture& llama_moe() {
  static const Architecture architecture = {.type = "llama_moe",
                                            .class_name = "LlamaMoEForCausalLM",
                                            .integers = kLlamaIntegers,
                                            .fixed = kLlamaFixed,
                                            .ignored = kLlamaIgnored,
                                            .tensors = kLlamaTensors,
                                            .misfit = llama_misfit,
                                            .read = llama_read,
                                            .write = llama_write};
  return architecture;
}

}  // namespace repro::exchange
