// Query heads as experts (DS-MoE, arXiv 2404.05567, eq. 7-8) against their equations.
#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros_like.h>

#include "block_fixture.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "model/kernels/plain.hpp"
#include "model/layout.hpp"
#include "model/losses.hpp"
#include "model/transformer.hpp"

namespace repro::model {
namespace {

Sizes four_heads() {
  Sizes s;
  s.heads = 4;
  return s;
}

config::ModelConfig routed_heads() {
  config::ModelConfig m;
  m.vocabulary = 60;
  m.width = 16;
  m.heads = 4;
  m.kv_heads = 2;
  m.head_width = 8;
  m.experts = m.top_k = 4;
  m.expert_width = 12;
  m.shared_width = 0;
  m.router.select = config::Select::all;
  m.attention_router.experts = 2;
  m.losses = {{config::LossKind::mutual_information, 0.5},
              {config::LossKind::attention_mutual_information, 0.25}};
  return m;
}

// What one group of heads gives to the output alone.
at::Tensor of_group(const AttentionWeights& w, const AttentionShape& shape, const Sizes& s,
                    const at::Tensor& x, int64_t group, int64_t groups) {
  AttentionWeights alone = w;
  alone.router = {};
  const at::Tensor kept = at::zeros_like(w.output.leaf.detach());
  for (int64_t head = group; head < s.heads; head += groups)
    kept.narrow(1, head * s.head_width, s.head_width)
        .copy_(w.output.leaf.detach().narrow(1, head * s.head_width, s.head_width));
  alone.output.leaf = kept;
  return plain_attention(x, alone, shape).x_ND - x;
}

}  // namespace

TEST_CASE("routed heads are the groups' outputs weighed by their scores", "[model]") {
  for (const int64_t groups : {1, 2, 4}) {
    Draw draw(51, at::kDouble);
    const Sizes s = four_heads();
    AttentionWeights w = attention_weights(draw, s);
    w.router = draw.weight({groups, s.width});
    const AttentionShape shape = attention_shape(s, at::kDouble);
    const at::Tensor x = draw.tensor({s.batch * s.tokens, s.width});
    const AttentionOutput out = plain_attention(x, w, shape);
    const at::Tensor normed = rms_norm(x, w.norm.leaf, 1e-6, at::kDouble);
    const at::Tensor score_NA = at::softmax(at::linear(normed, w.router.leaf), -1);
    CHECK(at::allclose(out.gates_NA, score_NA, 1e-12, 1e-12));
    at::Tensor expected = x;
    for (int64_t group = 0; group < groups; ++group)
      expected = expected + score_NA.narrow(1, group, 1) * of_group(w, shape, s, x, group, groups);
    CHECK(at::allclose(out.x_ND, expected, 1e-10, 1e-10));
  }
}

TEST_CASE("groups with a head for each of the keys and values share all of them", "[model]") {
  Draw draw(54, at::kDouble);
  const Sizes s = four_heads();  // of two keys and values
  const AttentionWeights w = attention_weights(draw, s);
  const AttentionShape shape = attention_shape(s, at::kDouble);
  const at::Tensor x = draw.tensor({s.batch * s.tokens, s.width});
  for (int64_t kv = 0; kv < s.kv_heads; ++kv) {
    AttentionWeights silenced = w;
    silenced.qkv.leaf = w.qkv.leaf.detach().clone();
    silenced.qkv.leaf.narrow(0, (s.heads + s.kv_heads + kv) * s.head_width, s.head_width).zero_();
    for (int64_t group = 0; group < 2; ++group)
      CHECK_FALSE(at::allclose(of_group(w, shape, s, x, group, 2),
                               of_group(silenced, shape, s, x, group, 2)));
  }
}

TEST_CASE("gradients of routed heads match central differences", "[model]") {
  Draw draw(52, at::kDouble);
  const Sizes s = four_heads();
  AttentionWeights w = attention_weights(draw, s);
  w.router = draw.weight({2, s.width});
  const AttentionShape shape = attention_shape(s, at::kDouble);
  const at::Tensor projection = draw.tensor({10, 8});
  CHECK(worst_gradient_error(draw, draw.tensor({10, 8}), [&](const at::Tensor& in) {
          return (plain_attention(in, w, shape).x_ND * projection).sum();
        }) < 2e-6);
}

TEST_CASE("a threshold silences the groups whose score is not above its share of the mean",
          "[model]") {
  Draw draw(53, at::kDouble);
  const Sizes s = four_heads();
  AttentionWeights w = attention_weights(draw, s);
  w.router = draw.weight({4, s.width});
  AttentionShape shape = attention_shape(s, at::kDouble);
  shape.threshold = 0.9;
  const at::Tensor x = draw.tensor({10, s.width});
  const AttentionOutput out = plain_attention(x, w, shape);
  const at::Tensor kept = (out.gates_NA * 4 > 0.9).to(at::kDouble);
  CHECK(kept.sum().item<double>() < 40);
  at::Tensor expected = x;
  for (int64_t group = 0; group < 4; ++group)
    expected =
        expected + (out.gates_NA * kept).narrow(1, group, 1) * of_group(w, shape, s, x, group, 4);
  CHECK(at::allclose(out.x_ND, expected, 1e-10, 1e-10));
}

TEST_CASE("the loss of heads' routers is eq. 4-6 of their scores, beside that of the experts",
          "[model]") {
  at::manual_seed(7);
  const at::Tensor tokens = at::randint(60, {3, 17}, at::kLong);
  for (const bool fused : {true, false}) {
    Transformer model(routed_heads(), {.fused = fused});
    model.initialise(4);
    const Loss loss = model.forward(tokens, true);
    REQUIRE(loss.auxiliary.size() == 2);
    CHECK(loss.auxiliary[1].first == "attention-mutual-information");
    CHECK(loss.auxiliary[1].second < 1e-6);
    CHECK(loss.auxiliary[1].second > -0.25 * 2 * std::log(2.0));
    model.zero_gradients();
    loss.total.backward();
    for (const Parameter& parameter : model.parameters()) {
      if (!parameter.name.ends_with(kAttentionGate) ||
          parameter.name.find("self_attn") == std::string::npos)
        continue;
      CHECK(parameter.gradient.abs().max().item<double>() > 0);
    }
  }
}

TEST_CASE("routed heads read alike beside fused experts and beside plain ones", "[model]") {
  at::manual_seed(8);
  const at::Tensor tokens = at::randint(60, {3, 17}, at::kLong);
  std::vector<double> found;
  for (const bool fused : {true, false}) {
    Transformer model(routed_heads(), {.fused = fused});
    model.initialise(4);
    found.push_back(model.negative_log_likelihood(tokens));
  }
  CHECK(found[0] == Approx(found[1]).epsilon(1e-5));
}

TEST_CASE("a router of heads is one matrix a layer, and no other tensor moves", "[model]") {
  config::ModelConfig without = routed_heads();
  without.attention_router = {};
  CHECK(layout_of(routed_heads()).total == layout_of(without).total + 2 * 2 * 16);
  const auto draws = [](const config::ModelConfig& m) {
    Transformer model(m, {});
    model.initialise(4);
    return model.parameters().front().value.clone();
  };
  CHECK(draws(routed_heads()).equal(draws(without)));
}

}  // namespace repro::model
