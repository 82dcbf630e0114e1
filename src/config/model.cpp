#include "config/model.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace repro::config {
namespace {

template <typename Value>
struct Named {
  Value value;
  std::string_view name;
};

constexpr std::array<Named<Score>, 3> kScores = {{{Score::softmax, "softmax"},
                                                  {Score::sigmoid, "sigmoid"},
                                                  {Score::selected_softmax, "selected-softmax"}}};
constexpr std::array<Named<RouterNetwork>, 2> kNetworks = {
    {{RouterNetwork::linear, "linear"}, {RouterNetwork::mlp, "mlp"}}};
constexpr std::array<Named<Select>, 5> kSelections = {
    {{Select::none, "none"},
     {Select::all, "all"},
     {Select::top_k, "top-k"},
     {Select::threshold, "threshold"},
     {Select::threshold_top_k, "threshold-top-k"}}};
constexpr std::array<Named<LossKind>, 4> kLosses = {
    {{LossKind::switch_balance, "switch-balance"},
     {LossKind::cv2_balance, "cv2-balance"},
     {LossKind::mutual_information, "mutual-information"},
     {LossKind::attention_mutual_information, "attention-mutual-information"}}};
constexpr std::array<Named<ExpertInit>, 2> kInits = {
    {{ExpertInit::normal, "normal"}, {ExpertInit::kaiming_uniform, "kaiming-uniform"}}};

template <typename Names, typename Value>
std::string_view name_in(const Names& names, Value value) {
  return std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.value == value; })
      ->name;
}

// A field whose value is one of the names. Whoever reads reports a name that is none of them.
template <typename Names, typename Value>
void choice(Fields& fields, std::string_view key, Value& value, const Names& names,
            const Rule& rule = {}) {
  std::string text(name_in(names, value));
  std::vector<std::string> allowed;
  for (const auto& each : names) allowed.emplace_back(each.name);
  fields.field(key, text, one_of(std::move(allowed)) + rule);
  for (const auto& each : names)
    if (each.name == text) value = each.value;
}

void validate_router(const ModelConfig& model, const Source& source, Problems& problems) {
  const RouterConfig& router = model.router;
  if (router.select != Select::top_k && model.top_k != model.experts)
    problems.add(source,
                 "router.select = \"{}\" with top_k = {}: all {} experts may work; set top_k = {}",
                 name_in(kSelections, router.select), model.top_k, model.experts, model.experts);
  const bool by_threshold =
      router.select == Select::threshold || router.select == Select::threshold_top_k;
  if (by_threshold != (router.threshold > 0))
    problems.add(source, "router.threshold = {} with router.select = \"{}\": {}", router.threshold,
                 name_in(kSelections, router.select),
                 by_threshold ? "set a threshold above 0" : "it is not used; leave it out");
  if (by_threshold && router.threshold >= static_cast<double>(model.experts))
    problems.add(source,
                 "router.threshold = {}: no score is above {} / experts = 1, so no expert would "
                 "work; set it below experts = {}",
                 router.threshold, router.threshold, model.experts);
  if (by_threshold && router.normalise)
    problems.add(source,
                 "router.normalise: a threshold may keep no expert of a token; leave it out");
  if (by_threshold && router.score != Score::softmax)
    problems.add(source, "router.threshold compares probabilities; set router.score = \"softmax\"");
  if (router.normalise && router.score == Score::selected_softmax)
    problems.add(source, "router.normalise: \"selected-softmax\" scores sum to 1; leave it out");
  if (router.noise && router.score != Score::selected_softmax)
    problems.add(source, "router.noise needs router.score = \"selected-softmax\"");
  if (router.bias_rate > 0 && (router.select != Select::top_k || router.noise))
    problems.add(source,
                 "router.bias_rate moves a selection by top-k without noise; set router.select = "
                 "\"top-k\" and router.noise = false, or leave it out");
}

void validate_attention_router(const ModelConfig& model, const Source& source, Problems& problems) {
  const AttentionRouterConfig& router = model.attention_router;
  if (router.experts > 0 && model.heads % router.experts != 0)
    problems.add(source, "attention_router.experts = {} does not divide heads = {}", router.experts,
                 model.heads);
  if (router.threshold > 0 && router.threshold >= static_cast<double>(router.experts))
    problems.add(source,
                 "attention_router.threshold = {}: no score of {} experts is so far above their "
                 "mean; set it below their number",
                 router.threshold, router.experts);
  const bool lost = std::any_of(model.losses.begin(), model.losses.end(), [](const auto& loss) {
    return loss.kind == LossKind::attention_mutual_information;
  });
  if (lost && router.experts == 0)
    problems.add(source, "losses: '{}' without a router of attention; set attention_router.experts",
                 name(LossKind::attention_mutual_information));
}

void validate_losses(const ModelConfig& model, const Source& source, Problems& problems) {
  for (auto loss = model.losses.begin(); loss != model.losses.end(); ++loss) {
    if (std::any_of(model.losses.begin(), loss,
                    [&](const auto& l) { return l.kind == loss->kind; }))
      problems.add(source, "losses: '{}' is given twice; add the weights", name(loss->kind));
    if (loss->kind == LossKind::mutual_information && model.router.score != Score::softmax)
      problems.add(source, "losses: '{}' is of probabilities; set router.score = \"softmax\"",
                   name(loss->kind));
  }
}

void validate_dense(const ModelConfig& model, const Source& source, Problems& problems) {
  if (model.experts != 1)
    problems.add(source,
                 "router.select = \"none\" with experts = {}: set experts = 1, or choose "
                 "how tokens find their experts",
                 model.experts);
  if (model.router != RouterConfig{.select = Select::none})
    problems.add(source, "router.select = \"none\": its other fields mean nothing; leave them out");
  if (!model.losses.empty())
    problems.add(source, "losses without a router: they measure its decisions; leave them out");
}

}  // namespace

std::string_view name(LossKind kind) { return name_in(kLosses, kind); }

void describe(Fields& fields, RouterConfig& router) {
  choice(fields, "score", router.score, kScores);
  choice(fields, "network", router.network, kNetworks);
  choice(fields, "select", router.select, kSelections);
  fields.field("threshold", router.threshold, at_least(0));
  fields.field("normalise", router.normalise);
  fields.field("scale", router.scale, positive());
  fields.field("noise", router.noise);
  fields.field("noise_epsilon", router.noise_epsilon, at_least(0));
  fields.field("load_bug", router.load_bug);
  fields.field("bias_rate", router.bias_rate, between(0, 1));
}

void describe(Fields& fields, AttentionRouterConfig& router) {
  fields.field("experts", router.experts, between(0, 1e4));
  fields.field("threshold", router.threshold, at_least(0));
}

void describe(Fields& fields, LossConfig& loss) {
  choice(fields, "kind", loss.kind, kLosses, required());
  fields.field("weight", loss.weight, positive() + required());
}

void describe(Fields& fields, ModelConfig& model) {
  fields.field("vocabulary", model.vocabulary, between(2, 1e8));
  fields.field("width", model.width, between(1, 1e6));
  fields.field("layers", model.layers, between(1, 1e4));
  fields.field("heads", model.heads, between(1, 1e4));
  fields.field("kv_heads", model.kv_heads, between(1, 1e4));
  fields.field("head_width", model.head_width, between(2, 1e4));
  fields.field("experts", model.experts, between(1, 1e5));
  fields.field("top_k", model.top_k, between(1, 1e5));
  fields.field("expert_width", model.expert_width, between(1, 1e8));
  fields.field("shared_width", model.shared_width, between(0, 1e8));
  fields.field("qkv_bias", model.qkv_bias);
  fields.field("norm_epsilon", model.norm_epsilon, positive());
  fields.field("rope_theta", model.rope_theta, positive());
  fields.field("init_std", model.init_std, positive());
  choice(fields, "expert_init", model.expert_init, kInits);
  fields.field("zero_pad_row", model.zero_pad_row);
  fields.table("router", model.router);
  fields.table("attention_router", model.attention_router);
  fields.list("losses", model.losses);
}

namespace {

// What is counted of a model (parameters, FLOPs of a token) is counted in 64 bits.
void validate_size(const ModelConfig& model, const Source& source, Problems& problems) {
  const double width = static_cast<double>(model.width);
  const double attention = static_cast<double>(model.heads) * static_cast<double>(model.head_width);
  const double experts =
      static_cast<double>(model.experts) * static_cast<double>(model.expert_width);
  const double a_layer =
      width * (4 * attention + 3 * (experts + static_cast<double>(model.shared_width)));
  const double all = static_cast<double>(model.layers) * a_layer +
                     2 * static_cast<double>(model.vocabulary) * width;
  if (all > kMostCounted)
    problems.add(source,
                 "the model would have about {:.0e} parameters, more than {:.0e}; make it smaller",
                 all, kMostCounted);
}

}  // namespace

void validate(const ModelConfig& model, const Source& source, Problems& problems) {
  validate_size(model, source, problems);
  if (model.top_k > model.experts)
    problems.add(source, "top_k = {} is more than experts = {}", model.top_k, model.experts);
  if (model.heads % model.kv_heads != 0)
    problems.add(source, "heads = {} is not a multiple of kv_heads = {}", model.heads,
                 model.kv_heads);
  if (model.head_width % 2 != 0)
    problems.add(source, "head_width = {} is odd; rotary embeddings need an even width",
                 model.head_width);
  validate_attention_router(model, source, problems);
  if (model.router.select == Select::none) return validate_dense(model, source, problems);
  if (model.experts == 1)
    problems.add(source, "experts = 1 with a router: set router.select = \"none\"");
  validate_router(model, source, problems);
  validate_losses(model, source, problems);
}

ModelConfig one_expert(ModelConfig model) {
  model.experts = 1;
  model.top_k = 1;
  model.router = {.select = Select::none};
  model.losses.clear();
  return model;
}

ModelConfig dense(ModelConfig model) {
  model.expert_width *= model.experts;
  return one_expert(std::move(model));
}

}  // namespace repro::config
