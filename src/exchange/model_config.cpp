#include "exchange/model_config.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace repro::exchange {
namespace {

using config::ModelConfig;
using nlohmann::json;
using nlohmann::ordered_json;

// What every architecture's files hold and nothing is computed from.
constexpr const char* kIgnoredEverywhere[] = {
    "architectures", "chunk_size_feed_forward", "dtype",     "pad_token_id",
    "torch_dtype",   "transformers_version",    "use_cache", "_attn_implementation_autoset",
    "_name_or_path"};

constexpr double kMostTokens = 1e8;

const Architecture& architecture_named(Keys& keys) {
  const std::string type = keys.text("model_type");
  std::vector<std::string> known;
  for (const Architecture* each : architectures()) {
    if (type == each->type) return *each;
    known.emplace_back(each->type);
  }
  keys.refuse("model_type",
              fmt::format("known: {}{}", join(known, ", "), did_you_mean(type, known)));
}

void read_shape(Keys& keys, const Architecture& architecture, ModelConfig& model) {
  for (const IntegerKey& each : architecture.integers)
    model.*each.field = keys.integer(each.key, {each.least, each.most});
  model.kv_heads = keys.integer("num_key_value_heads", {1, 1e4}, model.heads);
  if (!keys.has("head_dim") && model.width % model.heads != 0)
    keys.refuse("hidden_size", fmt::format("not a multiple of {} heads", model.heads));
  model.head_width = keys.integer("head_dim", {2, 1e4}, model.width / model.heads);
  model.norm_epsilon = keys.number("rms_norm_eps", config::positive(), 1e-6);
  model.init_std = keys.number("initializer_range", config::positive(), 0.02);
  for (const FixedKey& each : architecture.fixed) keys.require(each.key, parse_json(each.value));
}

void read_tokens(Keys& keys, PublishedConfig& config) {
  const config::Range range(0, kMostTokens);
  if (keys.has("bos_token_id")) config.begin_of_text = keys.integer("bos_token_id", range);
  const json& end = keys.value("eos_token_id");
  if (!end.is_array()) {
    if (!end.is_null()) config.end_of_text.push_back(keys.integer("eos_token_id", range));
    return;
  }
  for (const json& each : end) {
    const json one = {{"eos_token_id", each}};
    config.end_of_text.push_back(Keys(one, keys.place()).integer("eos_token_id", range));
  }
}

ordered_json end_of_text_json(const PublishedConfig& config) {
  const std::vector<int64_t>& tokens = config.end_of_text;
  if (tokens.size() > 1) return tokens;
  return tokens.empty() ? ordered_json() : ordered_json(tokens.front());
}

const char* name_in_torch(const std::string& dtype) {
  if (dtype == "F32") return "float32";
  return dtype == "F16" ? "float16" : "bfloat16";
}

}  // namespace

PublishedConfig read_config(const std::filesystem::path& path) {
  const json object = read_object(path);
  Keys keys(object, path.string());
  PublishedConfig config;
  config.architecture = &architecture_named(keys);
  read_shape(keys, *config.architecture, config.model);
  config.positions = keys.integer("max_position_embeddings", {2, 1e7}, 2048);
  read_tokens(keys, config);
  config.architecture->read(keys, config.model);
  for (const char* key : kIgnoredEverywhere) keys.ignore(key);
  for (const char* key : config.architecture->ignored) keys.ignore(key);
  keys.finish();
  config::Problems problems;
  validate(config.model, {.file = path.string()}, problems);
  problems.throw_if_any();
  return config;
}

ordered_json write_config(const PublishedConfig& config, const std::string& dtype) {
  const Architecture& architecture = *config.architecture;
  const ModelConfig& model = config.model;
  ordered_json out = {{"architectures", {architecture.class_name}},
                      {"model_type", architecture.type},
                      {"dtype", name_in_torch(dtype)}};
  for (const IntegerKey& each : architecture.integers) out[each.key] = model.*each.field;
  out["num_key_value_heads"] = model.kv_heads;
  out["max_position_embeddings"] = config.positions;
  out["rms_norm_eps"] = model.norm_epsilon;
  out["initializer_range"] = model.init_std;
  out["bos_token_id"] = config.begin_of_text ? ordered_json(*config.begin_of_text) : ordered_json();
  out["eos_token_id"] = end_of_text_json(config);
  out["pad_token_id"] = nullptr;
  for (const FixedKey& each : architecture.fixed)
    if (const auto value = parse_ordered_json(each.value); !value.is_null()) out[each.key] = value;
  architecture.write(model, out);
  out["use_cache"] = true;
  return out;
}

}  // namespace repro::exchange
