#include "model/losses.hpp"

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

}  // namespace
}  // namespace repro::model
