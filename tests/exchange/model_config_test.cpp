#include "exchange/model_config.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "published_models.hpp"
#include "temporary_directory.hpp"

using namespace repro;
using config::ModelConfig;
using config::RouterConfig;
using config::Score;
using config::Select;
using exchange::architecture_of;

namespace {

ModelConfig qwen() {
  ModelConfig model;
  model.experts = 6;
  model.top_k = 2;
  model.kv_heads = 1;
  model.norm_epsilon = 1e-5;
  model.rope_theta = 5e5;
  return model;
}

ModelConfig llama() {
  ModelConfig model = config::as_llama_moe(qwen());
  model.rope_theta = 1e4;
  model.router.scale = 3;
  return model;
}

exchange::PublishedConfig there_and_back(const ModelConfig& model) {
  TemporaryDirectory folder;
  const exchange::PublishedConfig config{.architecture = &architecture_of(model, "run"),
                                         .model = model,
                                         .positions = 77,
                                         .begin_of_text = 3,
                                         .end_of_text = {4, 5}};
  write_file_atomically(folder.path() / "config.json",
                        exchange::write_config(config, "BF16").dump());
  return exchange::read_config(folder.path() / "config.json");
}

// Without what only training reads.
ModelConfig as_read(ModelConfig model) {
  model.losses.clear();
  model.expert_init = config::ExpertInit::normal;
  model.zero_pad_row = false;
  return model;
}

std::string misfit(const ModelConfig& model) {
  try {
    return architecture_of(model, "run").type;
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("a model that is written to config.json is read as itself", "[exchange]") {
  for (const ModelConfig& model :
       {qwen(), llama(), config::one_expert(qwen()), config::one_expert(config::dense(llama()))}) {
    const exchange::PublishedConfig found = there_and_back(model);
    CHECK(found.model == as_read(model));
    CHECK(found.architecture == &architecture_of(model, "run"));
    CHECK(found.positions == 77);
    CHECK(found.begin_of_text == 3);
    CHECK(found.end_of_text == std::vector<int64_t>{4, 5});
  }
}

TEST_CASE("ways to say the same routing are one in config.json", "[exchange]") {
  ModelConfig all = qwen();
  all.router.select = Select::all;
  all.top_k = all.experts;
  ModelConfig top = all;
  top.router.select = Select::top_k;
  CHECK(there_and_back(all).model == top);
  ModelConfig selected = qwen();
  selected.router.score = Score::selected_softmax;
  ModelConfig normalised = qwen();
  normalised.router.normalise = true;
  CHECK(there_and_back(selected).model == normalised);
  CHECK(there_and_back(normalised).model == normalised);
}

TEST_CASE("a model of no published architecture is refused with the reasons", "[exchange]") {
  CHECK(misfit(qwen()) == "qwen2_moe");
  CHECK(misfit(llama()) == "llama_moe");
  ModelConfig model = qwen();
  model.router = {.select = Select::threshold, .threshold = 1};
  model.top_k = model.experts;
  CHECK(misfit(model) ==
        "run: its model is of no published architecture (no Qwen2MoeForCausalLM: its router "
        "selects by a threshold; no LlamaMoEForCausalLM: it has a shared expert)");
  model = qwen();
  model.router.score = Score::sigmoid;
  CHECK_THAT(misfit(model), Catch::Contains("its router scores by a sigmoid"));
  model = qwen();
  model.head_width = 32;
  CHECK_THAT(misfit(model), Catch::Contains("its heads together are not as wide as the model"));
  model = llama();
  model.rope_theta = 5e5;
  CHECK_THAT(misfit(model), Catch::Contains("its rotary base is not 10000"));
  model = llama();
  model.router = RouterConfig{};
  CHECK_THAT(misfit(model), Catch::Contains("no softmax of the selected logits"));
}

TEST_CASE("the keys of older and of newer versions say the same", "[exchange]") {
  TemporaryDirectory folder;
  const auto read = [&](const std::string& keys) {
    const std::string common =
        R"({"model_type": "qwen2_moe", "vocab_size": 300, "hidden_size": 8, "num_hidden_layers": 2,
            "num_attention_heads": 2, "num_experts": 3, "num_experts_per_tok": 2,
            "moe_intermediate_size": 5, "shared_expert_intermediate_size": 6, )";
    write_file_atomically(folder.path() / "config.json", common + keys + "}");
    return exchange::read_config(folder.path() / "config.json");
  };
  const auto older =
      read(R"("rope_theta": 12345.0, "torch_dtype": "float32", "rope_scaling": null)");
  const auto newer = read(
      R"("rope_parameters": {"rope_theta": 12345.0, "rope_type": "default"}, "dtype": "float32",
         "layer_types": ["full_attention", "full_attention"], "mlp_only_layers": [])");
  CHECK(older.model == newer.model);
  CHECK(older.model.rope_theta == 12345);
  // What a class of transformers takes where the file says nothing.
  CHECK(older.model.qkv_bias);
  CHECK(older.model.kv_heads == 2);
  CHECK(older.model.norm_epsilon == 1e-6);
  CHECK_FALSE(older.model.router.normalise);
  CHECK_FALSE(read(R"("qkv_bias": false)").model.qkv_bias);
}
