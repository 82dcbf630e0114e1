// The selection bias of a router (DeepSeek-V3's auxiliary-loss-free balance): what it changes, what
// it leaves, and where it moves to.
#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tensor.h>

#include "block_fixture.hpp"

#include <catch2/catch.hpp>

#include "model/kernels/plain.hpp"
#include "model/layout.hpp"
#include "model/transformer.hpp"

namespace repro::model {
namespace {

Sizes two_of_four() {
  Sizes s;
  s.top_k = 2;
  s.router = normalised(kSigmoid);
  s.router.bias_rate = 1e-3;
  return s;
}

MoeWeights biased(Draw& draw, const Sizes& s, const std::vector<double>& bias) {
  MoeWeights w = moe_weights(draw, s);
  w.router_bias.leaf = at::tensor(bias, at::kDouble);
  return w;
}

config::ModelConfig tiny() {
  config::ModelConfig m;
  m.vocabulary = 60;
  m.width = 16;
  m.head_width = 8;
  m.experts = 8;
  m.top_k = 2;
  m.expert_width = 12;
  m.shared_width = 0;
  m.router = two_of_four().router;
  return m;
}

}  // namespace

TEST_CASE("a bias of 0, or equal for all, selects and weighs as none does", "[model]") {
  Draw draw(41, at::kDouble);
  const Sizes s = two_of_four();
  MoeWeights w = biased(draw, s, {0, 0, 0, 0});
  const at::Tensor x = draw.tensor({10, 8});
  const at::Tensor zero = plain_moe(x, w, moe_shape(s, at::kDouble), {}).x_ND;
  w.router_bias.leaf = at::tensor({3.0, 3.0, 3.0, 3.0}, at::kDouble);
  const at::Tensor equal = plain_moe(x, w, moe_shape(s, at::kDouble), {}).x_ND;
  w.router_bias = {};
  const at::Tensor none = plain_moe(x, w, moe_shape(s, at::kDouble), {}).x_ND;
  CHECK(at::equal(zero, none));
  CHECK(at::equal(equal, none));
}

TEST_CASE("a large bias draws every token, weighed by its score without the bias", "[model]") {
  Draw draw(42, at::kDouble);
  const Sizes s = two_of_four();
  const MoeWeights w = biased(draw, s, {0, 100, 0, 50});
  const at::Tensor x = draw.tensor({10, 8});
  const at::Tensor normed = rms_norm(x, w.norm.leaf, 1e-6, at::kDouble);
  const Routing routing = route(normed, w, moe_shape(s, at::kDouble), {});
  CHECK(routing.counts_E.equal(at::tensor({0, 10, 0, 10}, at::kLong)));
  const at::Tensor score_NE = at::sigmoid(normed.matmul(w.router.leaf.t()));
  const at::Tensor both = score_NE.index_select(1, at::tensor({1, 3}, at::kLong));
  CHECK(at::allclose(routing.scores_NK, both / both.sum(1, true)));
}

TEST_CASE("gradients with a bias match central differences, and it has none itself", "[model]") {
  Draw draw(43, at::kDouble);
  const Sizes s = two_of_four();
  const MoeWeights w = biased(draw, s, {0.3, -0.2, 0.1, 0});
  const at::Tensor projection = draw.tensor({10, 8});
  CHECK(worst_gradient_error(draw, draw.tensor({10, 8}), [&](const at::Tensor& in) {
          return (plain_moe(in, w, moe_shape(s, at::kDouble), {}).x_ND * projection).sum();
        }) < 2e-6);
  CHECK_FALSE(w.router_bias.leaf.grad().defined());
}

TEST_CASE("fused blocks select by the bias as the plain ones do", "[model]") {
  at::manual_seed(5);
  const at::Tensor tokens = at::randint(60, {3, 17}, at::kLong);
  std::vector<double> found;
  for (const bool fused : {true, false}) {
    Transformer model(tiny(), {.fused = fused});
    model.initialise(4);
    for (const Parameter& parameter : model.parameters())
      if (parameter.name.ends_with(kSelectionBias)) {
        at::Tensor value = parameter.value;
        value[3].fill_(0.5);
      }
    model.values_changed();
    found.push_back(model.negative_log_likelihood(tokens));
    CHECK(model.expert_counts().select(1, 3).min().item<int64_t>() == 3 * 16);
  }
  CHECK(found[0] == Approx(found[1]).epsilon(1e-5));
}

TEST_CASE("each step moves a bias by its rate, up where fewer tokens than the mean came",
          "[model]") {
  Transformer model(tiny(), {});
  model.initialise(4);
  at::Tensor counts = at::full({2, 8}, 4, at::kLong);
  counts[0][2] = 9;  // the others of layer 0 have less than the mean
  model.balance_routers(counts);
  std::vector<at::Tensor> biases;
  for (const Parameter& parameter : model.parameters())
    if (parameter.name.ends_with(kSelectionBias)) biases.push_back(parameter.value);
  REQUIRE(biases.size() == 2);
  for (int64_t e = 0; e < 8; ++e) {
    CHECK(biases[0][e].item<float>() == (e == 2 ? -1e-3F : 1e-3F));
    CHECK(biases[1][e].item<float>() == 0);
  }
}

TEST_CASE("a bias that follows the loads makes them more equal", "[model]") {
  at::manual_seed(6);
  const at::Tensor tokens = at::randint(60, {8, 33}, at::kLong);
  config::ModelConfig m = tiny();
  m.router.bias_rate = 3e-4;
  Transformer model(m, {});
  model.initialise(4);
  const auto spread = [&] {
    model.negative_log_likelihood(tokens);
    return model.expert_counts().to(at::kDouble).std(1).max().item<double>();
  };
  const double before = spread();
  for (int step = 0; step < 60; ++step) {
    model.balance_routers(model.expert_counts());
    model.negative_log_likelihood(tokens);
  }
  CHECK(spread() < 0.5 * before);
}

TEST_CASE("a bias is a parameter an expert and layer, without weight decay", "[model]") {
  config::ModelConfig none = tiny();
  none.router.bias_rate = 0;
  CHECK(layout_of(tiny()).total == layout_of(none).total + 2 * 8);
  CHECK(layout_of(tiny()).decayed == layout_of(none).decayed);
}

}  // namespace repro::model
