#include "model/losses.hpp"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

#include <catch2/catch.hpp>

namespace repro::model {
namespace {

// What the routers of two layers decided for three tokens, two of four experts each.
std::vector<MoeOutput> two_layers() {
  std::vector<MoeOutput> layers(2);
  layers[0].gates_NE = at::tensor({0.1, 0.2, 0.3, 0.4,  //
                                   0.4, 0.3, 0.2, 0.1,  //
                                   0.7, 0.1, 0.1, 0.1},
                                  at::kDouble)
                           .view({3, 4});
  layers[0].load_E = at::tensor({2.0, 1.0, 2.0, 1.0}, at::kDouble);
  layers[1].gates_NE = at::tensor({0.25, 0.25, 0.25, 0.25,  //
                                   0.25, 0.25, 0.25, 0.25,  //
                                   0.10, 0.20, 0.30, 0.40},
                                  at::kDouble)
                           .view({3, 4});
  layers[1].load_E = at::tensor({3.0, 2.0, 1.0, 0.0}, at::kDouble);
  return layers;
}

double loss_of_two_layers(config::LossKind kind, int64_t top_k) {
  config::ModelConfig model;
  model.layers = 2;
  model.experts = 4;
  model.top_k = top_k;
  model.losses = {{kind, 0.5}};
  const auto losses = auxiliary_losses(model, two_layers());
  if (losses.empty()) return 0;
  CHECK(losses.size() == 1);
  CHECK(losses[0].kind == kind);
  return losses[0].value.item<double>();
}

TEST_CASE("the balance loss of LLaMA-MoE is the squared variation of importance and of load",
          "[model]") {
  // Worked by hand. Importance 1.2 0.6 0.6 0.6 and 0.6 0.7 0.8 0.9, load 2 1 2 1 and 3 2 1 0:
  // variances 0.27 / 3, 0.05 / 3, 1 / 3, 5 / 3 over squared means 0.75^2 and 1.5^2.
  const double importance = (0.27 + 0.05) / 3 / 0.5625, load = (1.0 + 5.0) / 3 / 2.25;
  CHECK(loss_of_two_layers(config::LossKind::cv2_balance, 2) ==
        Approx(0.5 * (importance + load)).epsilon(1e-9));
}

TEST_CASE("the balance loss of Qwen pools the layers before it multiplies", "[model]") {
  // Worked by hand: loads 5 3 3 1 and importances 1.8 1.3 1.4 1.5, each over 3 tokens in 2 layers.
  const double pooled = (5 * 1.8 + 3 * 1.3 + 3 * 1.4 + 1 * 1.5) / 36;
  CHECK(loss_of_two_layers(config::LossKind::switch_balance, 2) ==
        Approx(0.5 * 4 * pooled).epsilon(1e-12));
  // With every expert active it is a constant.
  CHECK(loss_of_two_layers(config::LossKind::switch_balance, 4) == 0);
}

// Two layers of twelve tokens with these scores; each of four experts gets `load` tokens a layer.
std::vector<MoeOutput> evenly_loaded(const at::Tensor& gates_NE, double load) {
  MoeOutput layer;
  layer.gates_NE = gates_NE;
  layer.load_E = at::full({4}, load, at::kDouble);
  return {layer, layer};
}

config::ModelConfig with_switch_balance(int64_t top_k) {
  config::ModelConfig model;
  model.layers = 2;
  model.experts = 4;
  model.top_k = top_k;
  model.losses = {{config::LossKind::switch_balance, 1.0}};
  return model;
}

TEST_CASE("the balance loss of Qwen is k where the loads are equal, whatever the scores",
          "[model]") {
  at::manual_seed(41);
  const at::Tensor gates_NE = at::softmax(at::randn({12, 4}, at::kDouble), -1);
  for (const int64_t top_k : {1, 2, 3}) {
    const auto layers = evenly_loaded(gates_NE, 3.0 * static_cast<double>(top_k));
    const auto losses = auxiliary_losses(with_switch_balance(top_k), layers);
    REQUIRE(losses.size() == 1);
    CHECK(losses[0].value.item<double>() == Approx(static_cast<double>(top_k)).epsilon(1e-12));
  }
}

TEST_CASE("with every expert at work the balance loss of Qwen would be E, without a gradient",
          "[model]") {
  at::manual_seed(42);
  at::Tensor logits_NE = at::randn({12, 4}, at::kDouble);
  logits_NE.requires_grad_();
  // All twelve tokens go to each expert; with k = E in the model the loss is left out for this.
  const auto layers = evenly_loaded(at::softmax(logits_NE, -1), 12);
  const auto losses = auxiliary_losses(with_switch_balance(3), layers);
  REQUIRE(losses.size() == 1);
  CHECK(losses[0].value.item<double>() == Approx(4).epsilon(1e-12));
  losses[0].value.backward();
  CHECK(logits_NE.grad().abs().max().item<double>() < 1e-12);
  CHECK(auxiliary_losses(with_switch_balance(4), layers).empty());
}

TEST_CASE("the balance loss of LLaMA-MoE is 0 where importance and load are equal", "[model]") {
  config::ModelConfig model = with_switch_balance(2);
  model.losses = {{config::LossKind::cv2_balance, 1.0}};
  const auto layers = evenly_loaded(at::full({12, 4}, 0.25, at::kDouble), 6);
  CHECK(auxiliary_losses(model, layers).at(0).value.item<double>() == Approx(0).margin(1e-12));
}

}  // namespace
}  // namespace repro::model
