#include "eval/ensemble.hpp"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/stack.h>

#include <catch2/catch.hpp>
#include <cmath>

using namespace repro;

namespace {

model::Transformer of_seed(uint64_t seed) {
  config::ModelConfig config;
  config.vocabulary = 32;
  config.width = 16;
  config.heads = config.kv_heads = 2;
  config.head_width = 8;
  config.expert_width = 8;
  config.shared_width = 16;
  model::Transformer model(config, {});
  model.initialise(seed);
  model.values_changed();
  return model;
}

// BTM's equations, token by token.
double by_the_equations(const at::Tensor& nats_NBT, int64_t first) {
  double sum = 0;
  const int64_t models = nats_NBT.size(0);
  for (int64_t row = 0; row < nats_NBT.size(1); ++row) {
    std::vector<double> weight(static_cast<size_t>(models), 1.0 / static_cast<double>(models));
    for (int64_t t = 0; t < nats_NBT.size(2); ++t) {
      double mixed = 0, next = 0;
      for (size_t j = 0; j < weight.size(); ++j) {
        const double p = std::exp(-nats_NBT[static_cast<int64_t>(j)][row][t].item<double>());
        mixed += weight[j] * p;
        weight[j] *= p;
        next += weight[j];
      }
      for (double& w : weight) w /= next;
      if (t >= first) sum -= std::log(mixed);
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("the posterior's mixture of windows is BTM's mixture of tokens", "[eval]") {
  at::manual_seed(2);
  const at::Tensor nats = at::randn({3, 2, 7}, at::kDouble).abs();
  for (const int64_t first : {0, 1, 5})
    CHECK(eval::mixed_nats(nats, first, "posterior") ==
          Approx(by_the_equations(nats, first)).epsilon(1e-12));
}

TEST_CASE("a uniform mixture is the logarithm of the mean probability of each token", "[eval]") {
  at::manual_seed(2);
  const at::Tensor nats = at::randn({3, 2, 7}, at::kDouble).abs();
  const at::Tensor p = (-nats).exp().mean(0);
  CHECK(eval::mixed_nats(nats, 0, "uniform") ==
        Approx(-p.log().sum().item<double>()).epsilon(1e-12));
}

TEST_CASE("copies of one model predict together as the one alone", "[eval]") {
  at::manual_seed(2);
  const at::Tensor tokens = at::randint(32, {3, 11}, at::kLong);
  model::Transformer alone = of_seed(3);
  std::vector<model::Transformer> copies;
  for (int i = 0; i < 3; ++i) copies.push_back(of_seed(3));
  for (const char* mixing : {"posterior", "uniform"}) {
    const eval::Predictor together = eval::ensemble_of(copies, mixing);
    for (const int64_t first : {0, 4})
      CHECK(together.nats(tokens, first) ==
            Approx(alone.negative_log_likelihood(tokens, first)).epsilon(1e-6));
  }
}

TEST_CASE("the posterior is never worse than its best model by more than ln n a window", "[eval]") {
  at::manual_seed(2);
  const at::Tensor tokens = at::randint(32, {1, 31}, at::kLong);
  std::vector<model::Transformer> models;
  double best = INFINITY;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    models.push_back(of_seed(seed));
    best = std::min(best, models.back().negative_log_likelihood(tokens));
  }
  CHECK(eval::ensemble_of(models, "posterior").nats(tokens, 0) <= best + std::log(4.0) + 1e-6);
}
