// Numbers that no change of the code may move: initial weights to the bit, losses to the order of
// sums, which differs between instruction sets.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>

#include <catch2/catch.hpp>

#include "model/transformer.hpp"
#include "published_models.hpp"

namespace repro::model {
namespace {

config::ModelConfig pinned_model() {
  config::ModelConfig m;
  m.vocabulary = 96;
  m.width = 32;
  m.head_width = 16;
  m.expert_width = 24;
  m.shared_width = 48;
  return m;
}

config::ModelConfig balanced_qwen() {
  config::ModelConfig m = pinned_model();
  m.top_k = 2;
  m.router.normalise = true;
  m.losses = {{config::LossKind::switch_balance, 0.01}};
  return m;
}

config::ModelConfig small_llama(int64_t top_k) {
  config::ModelConfig m = config::as_llama_moe(pinned_model());
  m.norm_epsilon = 1e-5;
  m.top_k = top_k;
  m.router.scale = 4.0 / static_cast<double>(top_k);
  return m;
}

// Token t + 1 follows token t by a fixed step.
at::Tensor pinned_batch(int64_t step) {
  const at::Tensor start = (at::arange(4, at::kLong) * 17 + step * 5).unsqueeze(1);
  const at::Tensor stride = (at::arange(4, at::kLong) % 3 + 1).unsqueeze(1);
  return (start + stride * at::arange(33, at::kLong)).remainder(96);
}

// FNV-1a of the bytes.
uint64_t hash_of(const at::Tensor& values) {
  const auto* bytes = static_cast<const unsigned char*>(values.const_data_ptr());
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (size_t i = 0; i < values.nbytes(); ++i) hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
  return hash;
}

struct Pinned {
  const char* name;
  config::ModelConfig model;
  uint64_t initial;
  std::vector<double> lm, aux;  // of the first steps at rate 0.5
};

TEST_CASE("initial weights and first losses are what they have always been", "[model]") {
  const std::vector<Pinned> all = {
      {"Qwen2MoE, two of four, balanced",
       balanced_qwen(),
       0x9f5e94cd48578113,
       {4.5640127353575348, 4.4555366956797453, 4.3663370966668307},
       {0.020009076222777367, 0.020050860941410065, 0.020015094429254532}},
      {"Qwen2MoE, one expert",
       config::one_expert(pinned_model()),
       0x166026386462c5fc,
       {4.5642568053896833, 4.4553340208549992, 4.3661749426572669},
       {0, 0, 0}},
      {"LLaMA-MoE, two of four",
       small_llama(2),
       0xf8d1e498c5a34ee5,
       {4.5730799538640996, 4.5333130714357441, 4.5081714069790477},
       {0.00013832305558025837, 0.00017031589231919497, 0.00012037648411933333}},
      {"LLaMA-MoE, all active",
       small_llama(4),
       0xf8d1e498c5a34ee5,
       {4.5633488324841949, 4.4969967213370818, 4.4406989716601313},
       {1.6352152670151554e-05, 2.3305519789573736e-05, 2.8151156584499404e-05}}};
  for (const Pinned& pinned : all) {
    for (const bool fused : {true, false}) {
      INFO(pinned.name << " fused " << fused);
      Transformer model(pinned.model, {.fused = fused});
      model.initialise(1);
      CHECK(hash_of(model.flat_values()) == pinned.initial);
      for (size_t step = 0; step < pinned.lm.size(); ++step) {
        model.zero_gradients();
        const Loss loss = model.forward(pinned_batch(static_cast<int64_t>(step)), true, {9, step});
        (loss.total * 0.5).backward();
        CHECK(loss.lm == Approx(pinned.lm[step]).epsilon(1e-6));
        CHECK(loss.aux == Approx(pinned.aux[step]).epsilon(1e-3));  // a small difference of sums
        model.flat_values().add_(model.flat_gradients(), -1);
        model.values_changed();
      }
    }
  }
}

}  // namespace
}  // namespace repro::model
