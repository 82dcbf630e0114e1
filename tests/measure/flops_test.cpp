#include "measure/flops.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "measure/parameters.hpp"
#include "models.hpp"

namespace repro::measure {
namespace {

constexpr int64_t kSequence = 1024;

int64_t count(Convention convention, const config::ModelConfig& model) {
  return flops_per_token(convention, model, kSequence);
}

}  // namespace

TEST_CASE("PaLM and Megatron FLOPs equal the reference vectors", "[measure]") {
  struct Vector {
    config::ModelConfig model;
    int64_t matmul, palm, megatron;
  };
  const std::vector<Vector> vectors = {
      {qwen(), 2'374'762'496, 14'852'554'752, 14'550'564'864},
      {config::one_expert(qwen()), 1'751'908'352, 11'115'429'888, 10'813'440'000},
      {llama(688, 4), 3'360'686'080, 21'774'729'216, 20'969'422'848},
      {config::one_expert(llama(688, 4)), 2'549'088'256, 16'905'142'272, 16'099'835'904},
      {llama(1376, 2), 3'360'686'080, 21'774'729'216, 20'969'422'848},
      {config::one_expert(llama(1376, 2)), 2'819'620'864, 18'528'337'920, 17'723'031'552},
      {llama(2752, 2), 4'442'816'512, 28'267'511'808, 27'462'205'440},
      {config::one_expert(llama(2752, 2)), 3'360'686'080, 21'774'729'216, 20'969'422'848},
  };
  for (const Vector& vector : vectors) {
    CAPTURE(vector.model.expert_width, vector.model.experts);
    CHECK(count_parameters(vector.model).active_matmul() == vector.matmul);
    CHECK(count(Convention::palm, vector.model) == vector.palm);
    CHECK(count(Convention::megatron, vector.model) == vector.megatron);
  }
}

TEST_CASE("the other conventions differ from PaLM by exactly what they count", "[measure]") {
  const auto model = qwen(60, 4);
  const Parameters n = count_parameters(model);
  const int64_t palm = count(Convention::palm, model);
  const int64_t inactive = n.experts - n.active_experts;
  CHECK(count(Convention::nanogpt, model) - palm == 6 * (n.full() - n.active_matmul()));
  CHECK(count(Convention::foundry, model) == count(Convention::nanogpt, model));
  CHECK(count(Convention::torchtitan, model) - palm ==
        6 * (n.non_embedding() - inactive - n.active_matmul()));
  CHECK(count(Convention::olmo, model) - palm ==
        6 * (n.attention_bias + n.router + n.shared_gate + model.width));
  CHECK(count(Convention::nanochat, model) - palm == 6 * (n.router + n.shared_gate));
}

TEST_CASE("a sparse model's FLOPs grow with k, not with E, except where all parameters count",
          "[measure]") {
  for (const Convention convention : all_conventions()) {
    CAPTURE(name(convention));
    const int64_t few = count(convention, qwen(8, 4));
    const int64_t many = count(convention, qwen(64, 4));
    const bool counts_all = convention == Convention::nanogpt || convention == Convention::foundry;
    const int64_t router = 6 * 24 * 2048 * (64 - 8);
    if (counts_all)
      CHECK(many > 3 * few);
    else
      CHECK(many - few <= router);
    CHECK(count(convention, qwen(8, 8)) >= few);
  }
}

TEST_CASE("head width, not width over heads, decides attention", "[measure]") {
  auto model = qwen();
  const int64_t wide = count(Convention::palm, model) - 6 * count_parameters(model).active_matmul();
  model.head_width = 64;
  const int64_t narrow =
      count(Convention::palm, model) - 6 * count_parameters(model).active_matmul();
  CHECK(wide == 2 * narrow);
  // llm-foundry takes the model's width whatever the heads are.
  CHECK(count(Convention::foundry, model) - 6 * count_parameters(model).full() == wide);
}

TEST_CASE("utilisation without a known peak is empty and says why", "[measure]") {
  const Utilisation unknown =
      mfu(Convention::palm, qwen(), kSequence, 1000, std::nullopt, "no bf16 peak for 'abacus'");
  CHECK_FALSE(unknown.value);
  CHECK(unknown.reason == "no bf16 peak for 'abacus'");
  const Utilisation idle = mfu(Convention::palm, qwen(), kSequence, 0, 1e12);
  CHECK_FALSE(idle.value);
  CHECK_FALSE(idle.reason.empty());
}

TEST_CASE("utilisation is FLOPs per second over the peak", "[measure]") {
  // Table 3 of the paper, Qwen on C4: 21150 steps of 16384 tokens in 9.87 h on 312 TFLOP/s.
  const double tokens_per_second = 21150 * 16384.0 / (9.87 * 3600);
  CHECK(*mfu(Convention::megatron, qwen(), kSequence, tokens_per_second, 312e12).value ==
        Approx(0.455).margin(0.0005));
  CHECK(*mfu(Convention::palm, qwen(), kSequence, tokens_per_second, 312e12).value ==
        Approx(0.464).margin(0.0005));
}

TEST_CASE("utilisation above the peak is impossible, above three quarters suspect", "[measure]") {
  CHECK(plausibility(1.0001) == Plausibility::impossible);
  CHECK(plausibility(1.0) == Plausibility::suspect);
  CHECK(plausibility(0.751) == Plausibility::suspect);
  CHECK(plausibility(0.75) == Plausibility::plausible);
}

TEST_CASE("every convention is found by its name, and a slip is corrected", "[measure]") {
  for (const Convention convention : all_conventions())
    CHECK(parse_convention(name(convention)) == convention);
  CHECK_THROWS_WITH(parse_convention("megatrom"), Catch::Contains("did you mean 'megatron'?"));
}

}  // namespace repro::measure
