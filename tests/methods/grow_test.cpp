#include "methods/grow.hpp"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "base/error.hpp"
#include "model/transformer.hpp"
#include "model/weights.hpp"
#include "published_models.hpp"
#include "temporary_directory.hpp"

using namespace repro;
using model::Parameter;
using model::TensorClass;
using model::Transformer;

namespace {

// A pool of `experts`, two of which work on a token, chosen by sigmoid scores and a bias.
config::ModelConfig pool(int64_t experts) {
  config::ModelConfig model;
  model.vocabulary = 40;
  model.width = 16;
  model.heads = model.kv_heads = 2;
  model.head_width = 8;
  model.experts = experts;
  model.top_k = 2;
  model.expert_width = 12;
  model.shared_width = 8;
  model.router.score = config::Score::sigmoid;
  model.router.normalise = true;
  model.router.bias_rate = 1e-3;
  return model;
}

config::GrowSpec growth(config::ModelConfig model, int64_t before) {
  config::GrowSpec spec;
  spec.model = std::move(model);
  spec.before = before;
  spec.seed = 9;
  return spec;
}

Transformer drawn(const config::ModelConfig& config, uint64_t seed) {
  Transformer model(config, {});
  model.initialise(seed);
  return model;
}

class Grown {
 public:
  explicit Grown(const config::GrowSpec& spec, Transformer& smaller)
      : model(drawn(spec.model, static_cast<uint64_t>(spec.seed))) {
    const fs::path file = folder_.path() / "smaller.safetensors";
    model::save_weights(file, smaller.parameters());
    methods::grow(file, spec, model.parameters());
    model.values_changed();
  }
  at::Tensor operator[](const std::string& name) {
    for (const Parameter& parameter : model.parameters())
      if (parameter.name == name) return parameter.value;
    FAIL("no tensor " << name);
    return {};
  }
  Transformer model;

 private:
  TemporaryDirectory folder_;
};

at::Tensor some_tokens() {
  at::manual_seed(4);
  return at::randint(40, {3, 12}, at::kLong);
}

const std::string kExperts = "model.layers.1.mlp.experts.";
const std::string kGate = "model.layers.1.mlp.gate.weight";
const std::string kBias = "model.layers.1.mlp.gate.e_score_correction_bias";

}  // namespace

TEST_CASE("a grown pool whose new experts are never chosen is the model it grew from",
          "[methods]") {
  for (const char* experts : {"gaussian", "copy", "copy-noise", "drop-upcycle"}) {
    Transformer smaller = drawn(pool(4), 3);
    config::GrowSpec spec = growth(pool(8), 4);
    spec.experts = experts;
    Grown grown(spec, smaller);
    for (const char* layer : {"0", "1"})
      grown[std::string("model.layers.") + layer + ".mlp.gate.e_score_correction_bias"]
          .narrow(0, 4, 4)
          .fill_(-1e30);
    grown.model.values_changed();
    smaller.values_changed();
    CHECK(grown.model.negative_log_likelihood(some_tokens()) ==
          smaller.negative_log_likelihood(some_tokens()));
  }
}

TEST_CASE("old tensors are taken over whole, new ones are a fresh model's own draws", "[methods]") {
  Transformer smaller = drawn(pool(4), 3), fresh = drawn(pool(8), 9);
  Grown grown(growth(pool(8), 4), smaller);
  for (size_t i = 0; i < fresh.parameters().size(); ++i) {
    const Parameter& now = grown.model.parameters()[i];
    INFO(now.name);
    const at::Tensor& old = smaller.parameters()[i].value;
    REQUIRE(smaller.parameters()[i].name == now.name);
    if (now.tensor_class == TensorClass::shared) {
      CHECK(at::equal(now.value, old));
    } else {
      CHECK(at::equal(now.value.narrow(0, 0, 4), old));
      CHECK(at::equal(now.value.narrow(0, 4, 4), fresh.parameters()[i].value.narrow(0, 4, 4)));
    }
  }
}

TEST_CASE("a copied expert e is expert e mod the old number, its router row a fresh one",
          "[methods]") {
  Transformer smaller = drawn(pool(4), 3);
  config::GrowSpec spec = growth(pool(12), 4);
  spec.experts = "copy";
  Grown grown(spec, smaller);
  for (int64_t e = 4; e < 12; ++e) {
    CHECK(at::equal(grown[kExperts + "down_proj"][e], grown[kExperts + "down_proj"][e % 4]));
    CHECK_FALSE(at::equal(grown[kGate][e], grown[kGate][e % 4]));
  }
}

TEST_CASE("noisy copies differ from their expert by so many of its deviations", "[methods]") {
  Transformer smaller = drawn(pool(4), 3);
  config::GrowSpec spec = growth(pool(8), 4);
  spec.experts = "copy-noise";
  spec.noise = 0.1;
  spec.router = "copy";
  Grown grown(spec, smaller);
  for (int64_t e = 4; e < 8; ++e) {
    const at::Tensor copied = grown[kExperts + "gate_up_proj"][e - 4];
    const at::Tensor change = grown[kExperts + "gate_up_proj"][e] - copied;
    // 384 draws: their deviation is within 15 %.
    CHECK(change.std().item<double>() == Approx(0.1 * copied.std().item<double>()).epsilon(0.15));
    CHECK(at::equal(grown[kGate][e], grown[kGate][e - 4]));
  }
}

TEST_CASE("drop-upcycling draws half of a copy's channels anew, the same in all its matrices",
          "[methods]") {
  Transformer smaller = drawn(pool(4), 3);
  config::GrowSpec spec = growth(pool(8), 4);
  spec.experts = "drop-upcycle";
  spec.drop = 0.5;
  Grown grown(spec, smaller);
  const at::Tensor up = grown[kExperts + "gate_up_proj"], down = grown[kExperts + "down_proj"];
  for (int64_t e = 4; e < 8; ++e) {
    int64_t drawn_anew = 0;
    for (int64_t channel = 0; channel < 12; ++channel) {
      const bool gate = !at::equal(up[e][channel], up[e - 4][channel]);
      CHECK(gate == !at::equal(up[e][12 + channel], up[e - 4][12 + channel]));
      CHECK(gate == !at::equal(down[e].select(1, channel), down[e - 4].select(1, channel)));
      drawn_anew += gate;
    }
    CHECK(drawn_anew == 6);
  }
}

TEST_CASE("the selection bias is 0 for all after a growth, unless the old ones are kept",
          "[methods]") {
  Transformer smaller = drawn(pool(4), 3);
  for (const Parameter& parameter : smaller.parameters()) {
    at::Tensor value = parameter.value;
    if (parameter.name == kBias) value.fill_(0.25);
  }
  config::GrowSpec spec = growth(pool(8), 4);
  CHECK(Grown(spec, smaller)[kBias].abs().max().item<double>() == 0);
  spec.bias = "keep";
  Grown kept(spec, smaller);
  CHECK(kept[kBias].narrow(0, 0, 4).eq(0.25).all().item<bool>());
  CHECK(kept[kBias].narrow(0, 4, 4).eq(0).all().item<bool>());
}

TEST_CASE("a grown expert receives a gradient, and its router row too", "[methods]") {
  for (const char* experts : {"gaussian", "copy-noise"}) {
    Transformer smaller = drawn(pool(2), 3);  // every expert works before the growth
    config::GrowSpec spec = growth(pool(4), 2);
    spec.experts = experts;
    Grown grown(spec, smaller);
    grown.model.zero_gradients();
    grown.model.forward(some_tokens(), true).total.backward();
    for (const Parameter& parameter : grown.model.parameters()) {
      if (parameter.tensor_class == TensorClass::shared || parameter.name == kBias) continue;
      if (parameter.name.ends_with("bias")) continue;
      INFO(parameter.name);
      for (int64_t e = 2; e < 4; ++e) CHECK(parameter.gradient[e].abs().max().item<double>() > 0);
    }
  }
}

TEST_CASE("the old logits of an mlp router stay as they were", "[methods]") {
  config::ModelConfig small = config::as_llama_moe(pool(4)), large = config::as_llama_moe(pool(8));
  small.router.bias_rate = large.router.bias_rate = 0;
  Transformer smaller = drawn(small, 3);
  Grown grown(growth(large, 4), smaller);
  const at::Tensor second = grown["model.layers.1.mlp.gate.gate_network.2.weight"];
  for (const Parameter& parameter : smaller.parameters())
    if (parameter.name == "model.layers.1.mlp.gate.gate_network.2.weight")
      CHECK(at::equal(second.narrow(0, 0, 4).narrow(1, 0, 4), parameter.value));
  CHECK(second.narrow(0, 0, 4).narrow(1, 4, 4).abs().max().item<double>() == 0);
  CHECK(second.narrow(0, 4, 4).abs().min().item<double>() > 0);
}

TEST_CASE("moments are laid out for the larger model, and are 0 for what is new", "[methods]") {
  const model::Layout smaller = model::layout_of(pool(4)), larger = model::layout_of(pool(8));
  at::manual_seed(5);
  const at::Tensor flat = at::randn({smaller.total});
  const at::Tensor grown = methods::grow_flat(flat, smaller, larger);
  REQUIRE(grown.numel() == larger.total);
  CHECK(grown.abs().sum().item<double>() == Approx(flat.abs().sum().item<double>()).epsilon(1e-6));
  for (size_t i = 0; i < smaller.tensors.size(); ++i) {
    const model::TensorSpec &old = smaller.tensors[i], &now = larger.tensors[i];
    REQUIRE(old.name == now.name);
    // Experts are the outermost dimension, so an old tensor is the beginning of a new one.
    CHECK(at::equal(grown.narrow(0, now.offset, old.count), flat.narrow(0, old.offset, old.count)));
  }
}

TEST_CASE("weights of another number of experts than is said are refused", "[methods]") {
  Transformer smaller = drawn(pool(4), 3);
  CHECK_THROWS_AS(Grown(growth(pool(8), 2), smaller), Error);
}
