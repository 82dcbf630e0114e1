// Qwen2MoE (Qwen1.5-MoE, Qwen2-57B-A14B): names and keys of transformers'
// models/qwen2_moe/{configuration,modeling}_qwen2_moe.py. Its experts stand one by one in published
// files, stacked in the memory of newer versions, which may save them so.
#include <nlohmann/json.hpp>

#include "exchange/architecture.hpp"

namespace repro::exchange {
namespace {

using config::ModelConfig;
using config::RouterConfig;
using config::Score;
using config::Select;
using nlohmann::ordered_json;

bool qwen_is_routed(const ModelConfig& model) { return model.router.select != Select::none; }
bool qwen_is_dense(const ModelConfig& model) { return !qwen_is_routed(model); }
bool qwen_has_biases(const ModelConfig& model) { return model.qkv_bias; }

std::string qwen_misfit(const ModelConfig& model) {
  const RouterConfig& router = model.router;
  if (model.shared_width == 0) return "it has no shared expert";
  if (model.heads * model.head_width != model.width)
    return "its heads together are not as wide as the model";
  if (router.select == Select::threshold || router.select == Select::threshold_top_k)
    return "its router selects by a threshold";
  if (router.score == Score::sigmoid) return "its router scores by a sigmoid";
  if (router.network != config::RouterNetwork::linear) return "its router has two layers";
  if (router.noise) return "its router learnt its noise";
  return router.scale != 1 ? "its routed output is scaled" : "";
}

// The rotary base stood under rope_theta before version 5, in rope_parameters since.
double qwen_rope_theta(Keys& keys) {
  const auto range = config::positive();
  const double theta = keys.number("rope_theta", range, 1e4);
  if (!keys.has("rope_parameters")) return theta;
  Keys rope(keys.value("rope_parameters"), keys.place() + ": rope_parameters");
  rope.require("rope_type", "default");
  const double newer = rope.number("rope_theta", range, theta);
  rope.finish();
  return newer;
}

void require_full_attention(Keys& keys, int64_t layers) {
  const nlohmann::json& types = keys.value("layer_types");
  if (types.is_null()) return;
  if (!types.is_array() || types.size() != static_cast<size_t>(layers))
    keys.refuse("layer_types", fmt::format("a list of {} is needed", layers));
  for (const auto& type : types)
    if (type != "full_attention")
      keys.refuse("layer_types", "only \"full_attention\" is supported");
}

void qwen_read(Keys& keys, ModelConfig& model) {
  model.qkv_bias = keys.boolean("qkv_bias", true);
  model.rope_theta = qwen_rope_theta(keys);
  require_full_attention(keys, model.layers);
  const bool normalise = keys.boolean("norm_topk_prob", false);
  // The softmax of one logit is 1, whatever the router says.
  model.router = model.experts == 1 ? RouterConfig{.select = Select::none}
                                    : RouterConfig{.normalise = normalise};
}

void qwen_write(const ModelConfig& model, ordered_json& out) {
  const RouterConfig& router = model.router;
  out["norm_topk_prob"] = router.normalise || router.score == Score::selected_softmax;
  out["qkv_bias"] = model.qkv_bias;
  out["rope_theta"] = model.rope_theta;
  out["rope_parameters"] = {{"rope_theta", model.rope_theta}, {"rope_type", "default"}};
  out["intermediate_size"] = model.shared_width;  // of layers without experts, of which it has none
  out["output_router_logits"] = false;
}

const std::vector<IntegerKey> kQwenIntegers = {
    {"vocab_size", &ModelConfig::vocabulary, 2, 1e8},
    {"hidden_size", &ModelConfig::width, 1, 1e6},
    {"num_hidden_layers", &ModelConfig::layers, 1, 1e4},
    {"num_attention_heads", &ModelConfig::heads, 1, 1e4},
    {"num_experts", &ModelConfig::experts, 1, 1e5},
    {"num_experts_per_tok", &ModelConfig::top_k, 1, 1e5},
    {"moe_intermediate_size", &ModelConfig::expert_width, 1, 1e8},
    {"shared_expert_intermediate_size", &ModelConfig::shared_width, 1, 1e8}};

const std::vector<FixedKey> kQwenFixed = {
    {"hidden_act", "\"silu\""}, {"decoder_sparse_step", "1"},
    {"mlp_only_layers", "[]"},  {"use_sliding_window", "false"},
    {"rope_scaling", "null"},   {"tie_word_embeddings", "false"}};

const std::vector<const char*> kQwenIgnored = {"attention_dropout",    "intermediate_size",
                                               "max_window_layers",    "output_router_logits",
                                               "router_aux_loss_coef", "sliding_window"};

const std::vector<TensorRow> kQwenTensors = {
    {"model.embed_tokens.weight", "Vd"},
    {"{l}.input_layernorm.weight", "d"},
    {"{l}.self_attn.q_proj.weight", "qd"},
    {"{l}.self_attn.k_proj.weight", "kd"},
    {"{l}.self_attn.v_proj.weight", "kd"},
    {.ours = "{l}.self_attn.q_proj.bias", .shape = "q", .when = qwen_has_biases},
    {.ours = "{l}.self_attn.k_proj.bias", .shape = "k", .when = qwen_has_biases},
    {.ours = "{l}.self_attn.v_proj.bias", .shape = "k", .when = qwen_has_biases},
    {"{l}.self_attn.o_proj.weight", "dq"},
    {"{l}.post_attention_layernorm.weight", "d"},
    {.ours = "{l}.mlp.gate.weight", .shape = "Ed", .when = qwen_is_routed},
    {"", "Ed", {"{l}.mlp.gate.weight"}, "Ed", qwen_is_dense},
    {.ours = "{l}.mlp.experts.gate_up_proj",
     .shape = "Egd",
     .theirs = {"{l}.mlp.experts.{e}.gate_proj.weight", "{l}.mlp.experts.{e}.up_proj.weight"},
     .each = "fd",
     .whole_too = true},
    {.ours = "{l}.mlp.experts.down_proj",
     .shape = "Edf",
     .theirs = {"{l}.mlp.experts.{e}.down_proj.weight"},
     .each = "df",
     .whole_too = true},
    {"{l}.mlp.shared_expert.gate_proj.weight", "sd"},
    {"{l}.mlp.shared_expert.up_proj.weight", "sd"},
    {"{l}.mlp.shared_expert.down_proj.weight", "ds"},
    {"{l}.mlp.shared_expert_gate.weight", "1d"},
    {"model.norm.weight", "d"},
    {"lm_head.weight", "Vd"}};

}  // namespace

const Architecture& qwen2_moe() {
  static const Architecture architecture = {.type = "qwen2_moe",
                                            .class_name = "Qwen2MoeForCausalLM",
                                            .integers = kQwenIntegers,
                                            .fixed = kQwenFixed,
                                            .ignored = kQwenIgnored,
                                            .tensors = kQwenTensors,
                                            .misfit = qwen_misfit,
                                            .read = qwen_read,
                                            .write = qwen_write};
  return architecture;
}

}  // namespace repro::exchange
