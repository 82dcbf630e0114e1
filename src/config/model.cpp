#include "config/model.hpp"

namespace repro::config {

void describe(Fields& fields, ModelConfig& model) {
  fields.field("architecture", model.architecture, one_of({"qwen2_moe", "llama_moe"}) + required());
  fields.field("vocabulary", model.vocabulary, at_least(2));
  fields.field("width", model.width, at_least(1));
  fields.field("layers", model.layers, at_least(1));
  fields.field("heads", model.heads, at_least(1));
  fields.field("kv_heads", model.kv_heads, at_least(1));
  fields.field("head_width", model.head_width, at_least(2));
  fields.field("experts", model.experts, at_least(1));
  fields.field("top_k", model.top_k, at_least(1));
  fields.field("expert_width", model.expert_width, at_least(1));
  fields.field("shared_width", model.shared_width, at_least(0));
  fields.field("qkv_bias", model.qkv_bias);
  fields.field("norm_epsilon", model.norm_epsilon, positive());
  fields.field("rope_theta", model.rope_theta, positive());
  fields.field("init_std", model.init_std, positive());
  fields.field("normalise_top_k", model.normalise_top_k);
  fields.field("aux_loss_weight", model.aux_loss_weight, at_least(0));
  fields.field("gate_noise", model.gate_noise);
  fields.field("gate_noise_epsilon", model.gate_noise_epsilon, at_least(0));
  fields.field("balance_weight", model.balance_weight, at_least(0));
  fields.field("score_scale", model.score_scale, positive());
  fields.field("load_bug", model.load_bug);
}

void validate(const ModelConfig& model, const Source& source, Problems& problems) {
  if (model.top_k > model.experts)
    problems.add(source, "top_k = {} is more than experts = {}", model.top_k, model.experts);
  if (model.heads % model.kv_heads != 0)
    problems.add(source, "heads = {} is not a multiple of kv_heads = {}", model.heads,
                 model.kv_heads);
  if (model.head_width % 2 != 0)
    problems.add(source, "head_width = {} is odd; rotary embeddings need an even width",
                 model.head_width);
  if (model.architecture == "llama_moe" && model.shared_width != 0)
    problems.add(source, "shared_width = {}: LLaMA-MoE has no shared expert; set it to 0",
                 model.shared_width);
  if (model.architecture == "qwen2_moe" && model.shared_width == 0)
    problems.add(source, "shared_width = 0: Qwen2MoE has a shared expert; set its width");
}

ModelConfig submodel_of(ModelConfig model) {
  model.experts = 1;
  model.top_k = 1;
  return model;
}

}  // namespace repro::config
