#include "model/transformer.hpp"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>

#include <catch2/catch.hpp>

#include <cmath>

#include "model/tiny_models.hpp"
#include "published_models.hpp"

namespace repro::model {
namespace {

at::Tensor batch(int64_t vocabulary) {
  at::manual_seed(1);
  return at::randint(vocabulary, {3, 9}, at::kLong);
}

// The formulas of the published architectures with d = width, f = expert width, V = vocabulary.
int64_t qwen_formula(const config::ModelConfig& m) {
  const int64_t d = m.width, attention = 4 * d * d + 3 * d;
  const int64_t shared = 3 * d * m.shared_width + d, expert = 3 * d * m.expert_width;
  const int64_t router = m.experts > 1 ? m.experts * d : 0;
  const int64_t layer = attention + shared + m.experts * expert + router + 2 * d;
  return m.layers * layer + 2 * m.vocabulary * d + d;
}

int64_t llama_formula(const config::ModelConfig& m) {
  const int64_t d = m.width, e = m.experts;
  const int64_t gate = e > 1 ? d * e + e * e + d * e : 0;
  const int64_t layer = 4 * d * d + e * 3 * d * m.expert_width + gate + 2 * d;
  return m.layers * layer + 2 * m.vocabulary * d + d;
}

TEST_CASE("the built model has as many parameters as the published formula", "[model]") {
  for (const int64_t experts : {1, 4}) {
    config::ModelConfig qwen = tiny_model("qwen2_moe"), llama = tiny_model("llama_moe");
    if (experts == 1) {
      qwen = config::one_expert(qwen);
      llama = config::one_expert(llama);
    }
    CHECK(Transformer(qwen, {}).parameter_count() == qwen_formula(qwen));
    CHECK(Transformer(llama, {}).parameter_count() == llama_formula(llama));
  }
}

TEST_CASE("one expert's model starts from its slice of the full model", "[model]") {
  for (const char* architecture : {"qwen2_moe", "llama_moe"}) {
    const config::ModelConfig config = tiny_model(architecture);
    Transformer full(config, {}), part(config::one_expert(config), {});
    full.initialise(7);
    for (const int64_t k : {0, 3}) {
      part.initialise(7, k);
      for (const Parameter& p : part.parameters()) {
        const auto same = std::find_if(full.parameters().begin(), full.parameters().end(),
                                       [&](const Parameter& q) { return q.name == p.name; });
        REQUIRE(same != full.parameters().end());
        const bool expert = p.tensor_class == TensorClass::expert;
        CHECK(p.value.equal(expert ? same->value.narrow(0, k, 1) : same->value));
      }
    }
  }
}

TEST_CASE("router rows are distinct after initialisation", "[model]") {
  for (const char* architecture : {"qwen2_moe", "llama_moe"}) {
    Transformer model(tiny_model(architecture), {});
    model.initialise(0);
    for (const Parameter& p : model.parameters()) {
      if (p.tensor_class != TensorClass::router) continue;
      for (int64_t i = 1; i < p.value.size(0); ++i) CHECK(!p.value[0].equal(p.value[i]));
    }
  }
}

TEST_CASE("an untrained model predicts about uniformly in every precision", "[model]") {
  for (const char* architecture : {"qwen2_moe", "llama_moe"}) {
    for (const Precision precision :
         {Precision::fp32, Precision::bf16_mixed, Precision::bf16_pure}) {
      const config::ModelConfig config = tiny_model(architecture);
      Transformer model(config, {.precision = precision});
      model.initialise(3);
      const Loss loss = model.forward(batch(config.vocabulary), true, {5, 6});
      loss.total.backward();
      CHECK(loss.lm == Approx(std::log(50.0)).epsilon(0.02));
      CHECK(model.flat_gradients().to(at::kFloat).norm().item<double>() > 0.01);
      CHECK(model.expert_load().sum().item<double>() == Approx(2.0));
    }
  }
}

TEST_CASE("the share of active experts is k of E", "[model]") {
  for (const int64_t top_k : {1, 2, 4}) {
    config::ModelConfig config = tiny_model("qwen2_moe");
    config.top_k = top_k;
    Transformer model(config, {});
    model.initialise(3);
    model.negative_log_likelihood(batch(config.vocabulary));
    CHECK(model.active_share() == static_cast<double>(top_k) / 4);
  }
  Transformer dense(config::one_expert(tiny_model("qwen2_moe")), {});
  dense.logits(batch(50));
  CHECK(dense.active_share() == 1);
}

TEST_CASE("log-likelihood, logits and loss agree", "[model]") {
  const config::ModelConfig config = tiny_model("llama_moe");
  Transformer model(config, {});
  model.initialise(3);
  const at::Tensor tokens = batch(config.vocabulary);
  const at::Tensor log_p = at::log_softmax(model.logits(tokens.narrow(1, 0, 8)), -1);
  const at::Tensor nll = -log_p.gather(-1, tokens.narrow(1, 1, 8).unsqueeze(-1)).squeeze(-1);
  CHECK(model.negative_log_likelihood(tokens) == Approx(nll.sum().item<double>()));
  CHECK(model.negative_log_likelihood(tokens, 5) ==
        Approx(nll.narrow(1, 5, 3).sum().item<double>()));
  CHECK(model.forward(tokens, false).lm == Approx(nll.mean().item<double>()));
}

TEST_CASE("gate noise is a pure function of its seed and step", "[model]") {
  const config::ModelConfig config = tiny_model("llama_moe");
  Transformer model(config, {});
  model.initialise(3);
  const at::Tensor tokens = batch(config.vocabulary);
  const double once = model.forward(tokens, true, {5, 6}).lm;
  CHECK(model.forward(tokens, true, {5, 6}).lm == once);
  CHECK(model.forward(tokens, true, {5, 7}).lm != once);
  CHECK(model.forward(tokens, true, {4, 6}).lm != once);
  CHECK(model.forward(tokens, false).lm != once);
}

TEST_CASE("micro-batches of one batch draw the noise that the whole batch draws", "[model]") {
  for (const bool fused : {true, false}) {
    Transformer model(tiny_model("llama_moe"), {.fused = fused});
    model.initialise(3);
    at::manual_seed(1);
    const at::Tensor tokens = at::randint(50, {4, 9}, at::kLong);
    const auto lm = [&](int64_t first, int64_t count, int64_t first_row) {
      return model.forward(tokens.narrow(0, first, count), true, {5, 6, first_row}).lm;
    };
    const double whole = lm(0, 4, 0);
    CHECK((lm(0, 2, 0) + lm(2, 2, 16)) / 2 == Approx(whole).epsilon(1e-6));  // the order of sums
    CHECK((lm(0, 2, 0) + lm(2, 2, 0)) / 2 != Approx(whole).epsilon(1e-6));
  }
}

TEST_CASE("a single prediction scores what the logits say, fused and plain", "[model]") {
  for (const char* architecture : {"qwen2_moe", "llama_moe"}) {
    const config::ModelConfig config = tiny_model(architecture);
    const at::Tensor tokens = batch(config.vocabulary).narrow(1, 0, 8);
    const at::Tensor places = at::tensor({0, 7, 8, 20}, at::kLong);
    for (const bool fused : {true, false}) {
      Transformer model(config, {.fused = fused});
      model.initialise(3);
      model.values_changed();
      const at::Tensor logits = model.logits(tokens).reshape({-1, config.vocabulary});
      const at::Tensor best = logits.argmax(-1).index_select(0, places);
      at::Tensor targets = best.clone();
      targets[1] = (best[1] + 1) % config.vocabulary;
      const int64_t T = tokens.size(1);
      std::vector<Segment> rows;
      for (int64_t row = 0; row < tokens.size(0); ++row)
        rows.push_back({.first = row * T, .count = T});
      const at::Tensor scores = model.score(tokens.reshape({-1}), rows, places, targets);
      const at::Tensor log_p = at::log_softmax(logits, -1).index_select(0, places);
      for (int64_t i = 0; i < 4; ++i) {
        const double expected = -log_p[i][targets[i].item<int64_t>()].item<double>();
        CHECK(scores[i][0].item<double>() == Approx(expected).epsilon(1e-5));
        CHECK(scores[i][1].item<double>() == (i == 1 ? 0 : 1));
      }
    }
  }
}

}  // namespace
}  // namespace repro::model
