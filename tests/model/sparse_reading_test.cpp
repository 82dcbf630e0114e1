// Dense training and sparse reading (DS-MoE, arXiv 2404.05567): the mutual-information loss against
// its equations, and selections by threshold against a statement of them.
#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/zeros.h>

#include "block_fixture.hpp"

#include <catch2/catch.hpp>

#include <cmath>

#include "model/kernels/plain.hpp"
#include "model/losses.hpp"
#include "model/transformer.hpp"

namespace repro::model {
namespace {

using config::Select;

config::ModelConfig dense_trained() {
  config::ModelConfig m;
  m.vocabulary = 60;
  m.width = 16;
  m.head_width = 8;
  m.experts = m.top_k = 8;
  m.expert_width = 12;
  m.shared_width = 0;
  m.router.select = Select::all;
  m.losses = {{config::LossKind::mutual_information, 0.5}};
  return m;
}

// Weight 1, one layer with these gates.
double mutual_information(const at::Tensor& gates_NE) {
  config::ModelConfig m = dense_trained();
  m.experts = m.top_k = gates_NE.size(1);
  m.losses[0].weight = 1;
  MoeOutput layer;
  layer.gates_NE = gates_NE;
  return auxiliary_losses(m, {layer}).at(0).value.item<double>();
}

TEST_CASE("the mutual-information loss lies between -ln N and 0", "[model]") {
  at::manual_seed(5);
  for (const int64_t experts : {2, 4, 32}) {
    const double least = -std::log(static_cast<double>(experts));
    for (const double sharpness : {0.0, 0.1, 1.0, 10.0, 1000.0}) {
      for (const int64_t rows : {1, 7, 200}) {
        const at::Tensor logits = at::randn({rows, experts}, at::kDouble) * sharpness;
        const double loss = mutual_information(at::softmax(logits, -1));
        INFO(experts << " experts, sharpness " << sharpness << ", rows " << rows << ": " << loss);
        CHECK(loss >= least - 1e-6);  // 1e-8 inside a logarithm
        CHECK(loss <= 1e-6);
      }
    }
    // Every token surely to an expert of its own is the least; no knowledge of the token is 0.
    CHECK(mutual_information(at::eye(experts, at::kDouble)) == Approx(least).margin(1e-6));
    const at::Tensor same = at::full({9, experts}, 1.0 / static_cast<double>(experts), at::kDouble);
    CHECK(mutual_information(same) == Approx(0).margin(1e-6));
    at::Tensor one = at::zeros({9, experts}, at::kDouble);
    one.select(1, 1).fill_(1);  // all surely to one and the same
    CHECK(mutual_information(one) == Approx(0).margin(1e-6));
  }
}

TEST_CASE("the mutual-information loss is eq. 4-6 summed over layers, times its weight",
          "[model]") {
  at::manual_seed(6);
  config::ModelConfig m = dense_trained();
  std::vector<MoeOutput> layers(2);
  double expected = 0;
  for (MoeOutput& layer : layers) {
    layer.gates_NE = at::softmax(at::randn({20, 8}, at::kDouble), -1);
    const at::Tensor p = layer.gates_NE.mean(0);
    expected += (p * p.log()).sum().item<double>() -
                (layer.gates_NE * layer.gates_NE.log()).sum(-1).mean().item<double>();
  }
  const std::vector<AuxiliaryLoss> losses = auxiliary_losses(m, layers);
  REQUIRE(losses.size() == 1);
  CHECK(losses[0].value.item<double>() == Approx(0.5 * expected).epsilon(1e-6));
}

TEST_CASE("the gradient of the mutual-information loss matches central differences", "[model]") {
  Draw draw(31, at::kDouble);
  Sizes s;
  s.router = selecting(Select::all);
  s.shared_width = 0;
  const MoeWeights w = moe_weights(draw, s);
  config::ModelConfig m = dense_trained();
  m.experts = m.top_k = 4;
  const at::Tensor projection = draw.tensor({10, 8});
  // Both together: the loss alone has no gradient by the experts.
  CHECK(worst_gradient_error(draw, draw.tensor({10, 8}), [&](const at::Tensor& in) {
          const MoeOutput out = plain_moe(in, w, moe_shape(s, at::kDouble), {});
          return auxiliary_losses(m, {out})[0].value * 20 + (out.x_ND * projection).sum();
        }) < 2e-6);
}

TEST_CASE("a gate that is surely 0 gives no gradient that is not a number", "[model]") {
  at::Tensor logits = at::zeros({3, 4}, at::kFloat);
  logits.select(1, 0).fill_(200);  // softmax of the others is 0 in fp32
  logits.requires_grad_();
  MoeOutput layer;
  layer.gates_NE = at::softmax(logits, -1);
  config::ModelConfig m = dense_trained();
  m.experts = m.top_k = 4;
  auxiliary_losses(m, {layer})[0].value.backward();
  CHECK(logits.grad().isfinite().all().item<bool>());
}

TEST_CASE("a threshold keeps the experts whose score is above its share of the mean", "[model]") {
  for (const double threshold : {0.3, 0.9, 1.5}) {
    Draw draw(32, at::kDouble);
    Sizes s;
    s.shared_width = 0;
    s.router = selecting(Select::threshold, threshold);
    const MoeWeights w = moe_weights(draw, s);
    const at::Tensor x = draw.tensor({30, 8});
    const at::Tensor normed = rms_norm(x, w.norm.leaf, 1e-6, at::kDouble);
    const at::Tensor p = at::softmax(at::linear(normed, w.router.leaf), -1);
    const at::Tensor kept = (p * 4 > threshold).to(at::kDouble);
    at::Tensor expected = x;
    for (int64_t e = 0; e < 4; ++e) {
      const auto halves = at::linear(normed, w.gate_up.leaf[e]).chunk(2, -1);
      const at::Tensor y = at::linear(at::silu(halves[0]) * halves[1], w.down.leaf[e]);
      expected = expected + (p * kept).narrow(1, e, 1) * y;
    }
    const MoeOutput out = plain_moe(x, w, moe_shape(s, at::kDouble), {});
    CHECK(at::allclose(out.x_ND, expected, 1e-12, 1e-12));
    CHECK(out.counts_E.equal(kept.sum(0).to(at::kLong)));
    CHECK(out.counts_E.sum().item<int64_t>() < 120);
  }
}

TEST_CASE("a threshold-top-k takes the mean number above the threshold for every token",
          "[model]") {
  for (const double threshold : {0.3, 0.9, 1.5, 3.99}) {
    Draw draw(33, at::kDouble);
    Sizes s;
    s.router = selecting(Select::threshold_top_k, threshold);
    const MoeWeights w = moe_weights(draw, s);
    const at::Tensor x = draw.tensor({30, 8});
    const at::Tensor normed = rms_norm(x, w.norm.leaf, 1e-6, at::kDouble);
    const at::Tensor p = at::softmax(at::linear(normed, w.router.leaf), -1);
    const double mean = (p * 4 > threshold).sum().item<double>() / 30;
    Sizes fixed = s;
    fixed.router = {};
    fixed.top_k = std::max<int64_t>(1, std::lround(mean));
    const MoeOutput out = plain_moe(x, w, moe_shape(s, at::kDouble), {});
    CHECK(out.counts_E.sum().item<int64_t>() == 30 * fixed.top_k);
    CHECK(out.x_ND.equal(plain_moe(x, w, moe_shape(fixed, at::kDouble), {}).x_ND));
  }
}

TEST_CASE("a selection that keeps all experts reads as the dense model, bit for bit", "[model]") {
  at::manual_seed(7);
  const at::Tensor tokens = at::randint(60, {3, 17}, at::kLong);
  for (const bool fused : {true, false}) {
    for (const Precision precision : {Precision::fp32, Precision::bf16_mixed}) {
      Transformer dense(dense_trained(), {.precision = precision, .fused = fused});
      dense.initialise(4);
      const double whole = dense.negative_log_likelihood(tokens);
      CHECK(dense.active_share() == 1);
      for (const auto& router :
           {selecting(Select::threshold, 1e-6), selecting(Select::threshold_top_k, 1e-6),
            selecting(Select::top_k)}) {
        config::ModelConfig m = dense_trained();
        m.router = router;
        Transformer sparse(m, {.precision = precision, .fused = fused});
        sparse.initialise(4);
        CHECK(sparse.negative_log_likelihood(tokens) == whole);
        CHECK(sparse.logits(tokens).equal(dense.logits(tokens)));
      }
    }
  }
}

TEST_CASE("a fused sparse reading and its gradient are the plain ones, whatever each token keeps",
          "[model]") {
  for (const double threshold : {0.5, 0.95, 1.2, 3.99}) {
    std::vector<at::Tensor> outputs, gradients;
    for (const bool fused : {true, false}) {
      Draw draw(34, at::kFloat);
      Sizes s;
      s.router = selecting(Select::threshold, threshold);
      const MoeWeights w = moe_weights(draw, s);
      const at::Tensor x = draw.tensor({30, 8}).requires_grad_();
      const at::Tensor projection = draw.tensor({30, 8});
      const auto moe = fused ? fused_cpu_blocks().moe : plain_blocks().moe;
      const MoeOutput out = moe(x, w, moe_shape(s, at::kFloat), {});
      (out.x_ND * projection).sum().backward();
      outputs.push_back(out.x_ND.detach());
      gradients.push_back(x.grad());
      gradients.push_back(w.gate_up.gradient);
      gradients.push_back(w.router.gradient);
    }
    INFO("threshold " << threshold);
    CHECK(at::allclose(outputs[0], outputs[1], 1e-4, 1e-5));
    for (size_t i = 0; i < 3; ++i) CHECK(at::allclose(gradients[i], gradients[3 + i], 1e-3, 1e-5));
  }
}

TEST_CASE("experts are chosen in the order of a stable sort, of equal scores and of no numbers too",
          "[model]") {
  Draw draw(35, at::kFloat);
  Sizes s;
  s.top_k = 3;
  s.experts = 8;
  s.shared_width = 0;
  const MoeWeights w = moe_weights(draw, s);
  at::Tensor router = w.router.leaf.detach();
  router[5].copy_(router[2]);  // equal scores for every token
  const at::Tensor x = draw.tensor({40, 8});
  const Routing found = route(x, w, moe_shape(s, at::kFloat), {});
  const at::Tensor scores = at::softmax(at::linear(x, router), -1);
  const auto [sorted, order] = at::sort(scores, /*stable=*/true, -1, /*descending=*/true);
  CHECK(found.experts_NK.equal(order.narrow(1, 0, 3)));
  CHECK(found.scores_NK.equal(sorted.narrow(1, 0, 3)));
  router[6].fill_(NAN);
  CHECK_NOTHROW(route(x, w, moe_shape(s, at::kFloat), {}));
}

TEST_CASE("a higher threshold leaves fewer experts active", "[model]") {
  at::manual_seed(8);
  const at::Tensor tokens = at::randint(60, {3, 17}, at::kLong);
  double before = 1;
  for (const double threshold : {0.95, 1.0, 1.05, 7.9}) {
    config::ModelConfig m = dense_trained();
    m.router = selecting(Select::threshold, threshold);
    Transformer sparse(m, {});
    sparse.initialise(4);
    CHECK(std::isfinite(sparse.negative_log_likelihood(tokens)));
    CHECK(sparse.active_share() < before);
    before = sparse.active_share();
  }
  CHECK(before == 0);  // nothing is eight times the mean
}

}  // namespace
}  // namespace repro::model
