#include "config/model.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "published_models.hpp"
#include "temporary_directory.hpp"

namespace repro::config {
namespace {

using Catch::Contains;

std::string problems_of(const ModelConfig& model) {
  Problems problems;
  validate(model, {"x.toml", 7}, problems);
  try {
    problems.throw_if_any();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

ModelConfig read(const std::string& text, Problems& problems) {
  const TemporaryDirectory folder;
  write_file_atomically(folder.path() / "x.toml", text);
  return from_node<ModelConfig>(read_toml(folder.path() / "x.toml", "x.toml"), problems);
}

}  // namespace

TEST_CASE("a published model read from TOML is the one that is built in code", "[config]") {
  Problems problems;
  const ModelConfig read_model = read(R"(
shared_width = 0
qkv_bias = false
expert_init = "kaiming-uniform"
zero_pad_row = true
router = { score = "selected-softmax", network = "mlp", noise = true }
losses = [{ kind = "cv2-balance", weight = 1e-2 }]
)",
                                      problems);
  CHECK_NOTHROW(problems.throw_if_any());
  CHECK(read_model == as_llama_moe({}));
  CHECK(problems_of(read_model).empty());
}

TEST_CASE("every size of the models in experiments/ is read without a problem", "[config]") {
  const auto folder = std::filesystem::path(REPRO_SOURCE_ROOT) / "experiments/models";
  Problems problems;
  int sizes = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const Node root = read_toml(file.path(), file.path().filename().string());
    for (const auto& [size, node] : *root.find("sizes")->table()) {
      validate(from_node<ModelConfig>(node, problems), node.source, problems);
      ++sizes;
    }
  }
  CHECK_NOTHROW(problems.throw_if_any());
  CHECK(sizes >= 8);
}

TEST_CASE("a model's JSON holds what differs from the defaults and reads back the same",
          "[config]") {
  CHECK(to_json(ModelConfig{}).dump() == "{}");
  for (const ModelConfig& model : {as_llama_moe({}), one_expert({}), one_expert(as_llama_moe({}))})
    CHECK(from_json<ModelConfig>(to_json(model), "job.json") == model);
  CHECK(to_json(one_expert({})).dump() == R"({"experts":1,"router":{"select":"none"},"top_k":1})");
}

TEST_CASE("a name that no version of a choice has is an error with its line", "[config]") {
  Problems problems;
  read("width = 64\nrouter = { score = \"softmux\" }\n", problems);
  CHECK_THROWS_WITH(problems.throw_if_any(), Contains("x.toml:2") && Contains("softmux"));
  const auto written = nlohmann::json::parse(R"({"router": {"select": "top-p"}})");
  CHECK_THROWS_WITH(from_json<ModelConfig>(written, "job.json"),
                    Contains("job.json") && Contains("'top-p'") && Contains("top-k"));
}

TEST_CASE("what a router's fields cannot mean together is an error that says the way out",
          "[config]") {
  ModelConfig model;
  CHECK(problems_of(model).empty());
  model.experts = model.top_k = 1;
  CHECK_THAT(problems_of(model), Contains("set router.select = \"none\""));
  model = {};
  model.router.select = Select::none;
  CHECK_THAT(problems_of(model), Contains("set experts = 1"));
  model = one_expert({});
  CHECK(problems_of(model).empty());
  model.router.normalise = true;
  CHECK_THAT(problems_of(model), Contains("mean nothing"));
  model = one_expert({});
  model.losses = {{LossKind::switch_balance, 0.1}};
  CHECK_THAT(problems_of(model), Contains("losses without a router"));
  model = {};
  model.top_k = 2;
  model.router.select = Select::all;
  CHECK_THAT(problems_of(model), Contains("set top_k = 4"));
  model = {};
  model.router.noise = true;
  CHECK_THAT(problems_of(model), Contains("selected-softmax"));
  model = {};
  model.losses = {{LossKind::switch_balance, 0.1}, {LossKind::switch_balance, 0.2}};
  CHECK_THAT(problems_of(model), Contains("'switch-balance' is given twice"));
  model = {};
  model.router.select = Select::threshold;
  CHECK_THAT(problems_of(model), Contains("set a threshold above 0"));
  model.router.threshold = 0.5;
  CHECK(problems_of(model).empty());
  model.top_k = 2;
  CHECK_THAT(problems_of(model), Contains("set top_k = 4"));
  model = {};
  model.router.threshold = 0.5;
  CHECK_THAT(problems_of(model), Contains("leave it out"));
  model = as_llama_moe({});
  model.losses = {{LossKind::mutual_information, 0.1}};
  CHECK_THAT(problems_of(model), Contains("set router.score = \"softmax\""));
  model = as_llama_moe({});
  model.router.normalise = true;
  CHECK_THAT(problems_of(model), Contains("sum to 1"));
}

TEST_CASE("a shape that no model can have is an error that names both of its numbers", "[config]") {
  ModelConfig model;
  model.top_k = 5;
  CHECK(problems_of(model) == "x.toml:7: top_k = 5 is more than experts = 4");
  model = {};
  model.heads = 6;
  model.kv_heads = 4;
  CHECK(problems_of(model) == "x.toml:7: heads = 6 is not a multiple of kv_heads = 4");
  model.kv_heads = 3;
  CHECK(problems_of(model).empty());
  model.head_width = 31;
  CHECK(problems_of(model) ==
        "x.toml:7: head_width = 31 is odd; rotary embeddings need an even width");
  model = {};
  model.router.select = Select::threshold_top_k;
  model.router.threshold = 0.5;
  CHECK(problems_of(model).empty());
  model.router.normalise = true;
  CHECK_THAT(problems_of(model), Contains("a threshold may keep no expert"));
  model.router.normalise = false;
  model.router.score = Score::sigmoid;
  CHECK_THAT(problems_of(model), Contains("router.threshold compares probabilities"));
}

TEST_CASE("a dense model has all experts in one, as wide as they are together", "[config]") {
  const ModelConfig whole = as_llama_moe({}), one = dense(whole);
  CHECK(one.experts == 1);
  CHECK(one.expert_width == whole.experts * whole.expert_width);
  CHECK(one.router == RouterConfig{.select = Select::none});
  CHECK(one.losses.empty());
  CHECK(one.width == whole.width);
}

TEST_CASE("one expert of a model keeps everything that has nothing to do with choosing",
          "[config]") {
  const ModelConfig whole = as_llama_moe({}), one = one_expert(whole);
  CHECK(one.experts == 1);
  CHECK(one.router == RouterConfig{.select = Select::none});
  CHECK(one.losses.empty());
  CHECK(one.expert_init == whole.expert_init);
  CHECK(one.zero_pad_row == whole.zero_pad_row);
  CHECK(one.expert_width == whole.expert_width);
}

}  // namespace repro::config
