// What a backward pass has finished, stage by stage.
#include "model/backward_stages.hpp"

#include <ATen/ops/equal.h>
#include <ATen/ops/randint.h>

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>

#include "model/tiny_models.hpp"
#include "model/transformer.hpp"

namespace repro::model {
namespace {

std::map<std::string, config::ModelConfig> models() {
  const config::ModelConfig qwen = tiny_model("qwen2_moe");
  config::ModelConfig heads = qwen;
  heads.attention_router.experts = 2;
  return {{"qwen", qwen},
          {"llama", tiny_model("llama_moe")},
          {"dense", config::one_expert(qwen)},
          {"routed heads", heads}};
}

// Gradients of a stage when it is said to be done, and when the pass has ended.
void check_stages(const config::ModelConfig& config, const Options& options) {
  Transformer model(config, options);
  model.initialise(3);
  model.values_changed();
  const auto stages = model.stages();
  REQUIRE(stages.size() == static_cast<size_t>(config.layers) + 2);
  std::multiset<size_t> of_any;
  for (const auto& stage : stages) of_any.insert(stage.begin(), stage.end());
  CHECK(of_any.size() == model.parameters().size());
  CHECK(std::set(of_any.begin(), of_any.end()).size() == of_any.size());

  std::vector<size_t> told;
  std::vector<at::Tensor> then(model.parameters().size());
  const auto keep = [&](size_t stage) {
    told.push_back(stage);
    for (const size_t i : stages[stage]) then[i] = model.parameters()[i].gradient.clone();
  };
  at::manual_seed(1);
  const at::Tensor tokens = at::randint(config.vocabulary, {3, 17}, at::kLong);
  model.zero_gradients();
  model.forward(tokens, /*training=*/true, {.seed = 1}, keep).total.backward();
  std::vector<size_t> expected(stages.size() - 1);
  for (size_t stage = 0; stage < expected.size(); ++stage) expected[stage] = stage;
  CHECK(told == expected);
  for (size_t i = 0; i < then.size(); ++i) {
    const Parameter& parameter = model.parameters()[i];
    INFO(parameter.name);
    CHECK(then[i].defined() == (parameter.name != "model.embed_tokens.weight"));
    if (then[i].defined()) CHECK(at::equal(then[i], parameter.gradient));
  }
  const at::Tensor watched = model.flat_gradients().clone();
  model.zero_gradients();
  model.forward(tokens, /*training=*/true, {.seed = 1}).total.backward();
  CHECK(at::equal(watched, model.flat_gradients()));
}

TEST_CASE("a stage that is done changes no more, and to be told of it changes no bit", "[model]") {
  for (const auto& [name, config] : models())
    for (const auto precision : {Precision::fp32, Precision::bf16_mixed, Precision::bf16_pure})
      for (const bool fused : {true, false}) {
        INFO(name << ", precision " << static_cast<int>(precision) << ", fused " << fused);
        check_stages(config, {.precision = precision, .fused = fused});
      }
}

}  // namespace
}  // namespace repro::model
