#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

#include "block_fixture.hpp"

#include <catch2/catch.hpp>

#include "model/kernels/plain.hpp"

namespace repro::model {
namespace {

// A step of 1e-5 leaves about 1e-10 of truncation and 1e-11 / 1e-5 of rounding.
constexpr double kGradientTolerance = 2e-6;

at::Tensor swiglu_expert(const at::Tensor& x, const at::Tensor& gate_up, const at::Tensor& down) {
  const auto halves = at::linear(x, gate_up).chunk(2, -1);
  return at::linear(at::silu(halves[0]) * halves[1], down);
}

TEST_CASE("the gradient of the attention block matches central differences", "[model]") {
  for (const int64_t kv_heads : {1, 2}) {
    Draw draw(11, at::kDouble);
    Sizes s;
    s.kv_heads = kv_heads;
    s.qkv_bias = kv_heads == 2;
    const AttentionWeights w = attention_weights(draw, s);
    const AttentionShape shape = attention_shape(s, at::kDouble);
    const at::Tensor x = draw.tensor({10, 8}), projection = draw.tensor({10, 8});
    CHECK(worst_gradient_error(draw, x, [&](const at::Tensor& in) {
            return (plain_attention(in, w, shape).x_ND * projection).sum();
          }) < kGradientTolerance);
  }
}

TEST_CASE("the attention block is causal", "[model]") {
  Draw draw(12, at::kDouble);
  const Sizes s;
  const AttentionWeights w = attention_weights(draw, s);
  const AttentionShape shape = attention_shape(s, at::kDouble);
  const at::Tensor x = draw.tensor({10, 8});
  at::Tensor changed = x.clone();
  changed[3].add_(1);  // token 3 of the first sequence
  const at::Tensor difference =
      (plain_attention(x, w, shape).x_ND - plain_attention(changed, w, shape).x_ND).abs().sum(-1);
  for (int64_t row = 0; row < 10; ++row)
    CHECK((difference[row].item<double>() > 0) == (row == 3 || row == 4));
}

struct RouterCase {
  const char* name;
  config::RouterConfig router;
  int64_t top_k;
  bool noise, load_bug;
};

TEST_CASE("the gradient of the expert block matches central differences", "[model]") {
  const std::vector<RouterCase> cases = {
      {"one expert", kNoRouter, 1, false, false},
      {"softmax, all active", kSoftmax, 4, false, false},
      {"softmax, two active", kSoftmax, 2, false, false},
      {"softmax, two active, normalised", normalised(kSoftmax), 2, false, false},
      {"sigmoid, two active", kSigmoid, 2, false, false},
      {"sigmoid, two active, normalised", normalised(kSigmoid), 2, false, false},
      {"by threshold", selecting(config::Select::threshold, 0.7), 4, false, false},
      {"by a threshold's mean count", selecting(config::Select::threshold_top_k, 0.7), 4, false,
       false},
      {"noisy, all active", kNoisy, 4, true, true},
      {"noisy, two active, as published", kNoisy, 2, true, true},
      {"noisy, two active, as meant", kNoisy, 2, true, false},
      {"without noise, two active", kNoisy, 2, false, true}};
  for (const RouterCase& c : cases) {
    INFO(c.name);
    Draw draw(13, at::kDouble);
    Sizes s;
    s.router = c.router;
    s.router.load_bug = c.load_bug;
    s.top_k = c.top_k;
    if (c.router.select == config::Select::none) s.experts = 1;
    if (c.router.noise) s.shared_width = 0;
    const MoeWeights w = moe_weights(draw, s);
    const MoeShape shape = moe_shape(s, at::kDouble);
    const at::Tensor x = draw.tensor({10, 8}), projection = draw.tensor({10, 8});
    const at::Tensor along_E = draw.tensor({4}), across_E = draw.tensor({4});
    const at::Tensor noise = c.noise ? draw.tensor({10, 4}) : at::Tensor();
    CHECK(worst_gradient_error(draw, x, [&](const at::Tensor& in) {
            const MoeOutput out = plain_moe(in, w, shape, noise);
            at::Tensor sum = (out.x_ND * projection).sum();
            if (out.gates_NE.defined())
              sum = sum + (out.gates_NE * along_E).sum() + (out.load_E * across_E).sum();
            return sum;
          }) < kGradientTolerance);
  }
}

TEST_CASE("the gradient of head and loss matches central differences", "[model]") {
  Draw draw(14, at::kDouble);
  HeadWeights w;
  w.norm = draw.norm(8);
  w.output = draw.weight({11, 8});
  const HeadShape shape{.epsilon = 1e-6, .compute = at::kDouble, .chunk = 4};
  const at::Tensor targets = at::randint(11, {10}, at::kLong);
  const at::Tensor x = draw.tensor({10, 8});
  CHECK(worst_gradient_error(draw, x, [&](const at::Tensor& in) {
          return plain_head(in, w, shape, targets) * 0.3;
        }) < kGradientTolerance);
  const at::Tensor logits = at::linear(rms_norm(x, w.norm.leaf, 1e-6, at::kDouble), w.output.leaf);
  CHECK(plain_head(x, w, shape, targets).item<double>() ==
        Approx(10 * at::cross_entropy_loss(logits, targets).item<double>()).epsilon(1e-12));
}

TEST_CASE("one expert equals the dense feed-forward block", "[model]") {
  Draw draw(15, at::kDouble);
  Sizes s;
  s.router = kNoRouter;
  s.experts = s.top_k = 1;
  s.shared_width = 0;
  const MoeWeights w = moe_weights(draw, s);
  const at::Tensor x = draw.tensor({10, 8});
  const at::Tensor normed = rms_norm(x, w.norm.leaf, 1e-6, at::kDouble);
  const at::Tensor dense = x + swiglu_expert(normed, w.gate_up.leaf[0], w.down.leaf[0]);
  CHECK(at::allclose(plain_moe(x, w, moe_shape(s, at::kDouble), {}).x_ND, dense, 1e-12, 1e-12));
}

TEST_CASE("the routed output is the weighted sum over the chosen experts", "[model]") {
  for (const auto& [top_k, normalise] :
       {std::pair{4, false}, {2, false}, {1, false}, {4, true}, {3, true}, {2, true}}) {
    INFO("top_k " << top_k << (normalise ? ", normalised" : ""));
    Draw draw(16, at::kDouble);
    Sizes s;
    s.top_k = top_k;
    s.router.normalise = normalise;
    const MoeWeights w = moe_weights(draw, s);
    const at::Tensor x = draw.tensor({10, 8});
    const at::Tensor normed = rms_norm(x, w.norm.leaf, 1e-6, at::kDouble);
    const at::Tensor p = at::softmax(at::linear(normed, w.router.leaf), -1);
    const at::Tensor smallest = std::get<0>(p.topk(top_k, -1)).narrow(1, top_k - 1, 1);
    at::Tensor expected = x + swiglu_expert(normed, w.shared_gate_up.leaf, w.shared_down.leaf) *
                                  at::sigmoid(at::linear(normed, w.shared_gate.leaf));
    const at::Tensor kept = p * (p >= smallest);
    const at::Tensor whole = normalise ? kept.sum(-1, true) : at::ones_like(smallest);
    for (int64_t e = 0; e < 4; ++e) {
      const at::Tensor weight = kept.narrow(1, e, 1) / whole;
      expected = expected + weight * swiglu_expert(normed, w.gate_up.leaf[e], w.down.leaf[e]);
    }
    const MoeOutput out = plain_moe(x, w, moe_shape(s, at::kDouble), {});
    CHECK(at::allclose(out.x_ND, expected, 1e-12, 1e-12));
    CHECK(out.counts_E.sum().item<int64_t>() == 10 * top_k);
  }
}

TEST_CASE("equal router scores go to the experts of lower index", "[model]") {
  Draw draw(17, at::kFloat);
  Sizes s;
  s.top_k = 2;
  MoeWeights w = moe_weights(draw, s);
  w.router.leaf.detach().zero_();
  const MoeOutput out = plain_moe(draw.tensor({10, 8}), w, moe_shape(s, at::kFloat), {});
  CHECK(out.counts_E.equal(at::tensor({10, 10, 0, 0}, at::kLong)));
}

}  // namespace
}  // namespace repro::model
