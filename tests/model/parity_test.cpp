// Against other people's code: stored results of Hugging Face transformers 5.23.0 and of the
// published LLaMA-MoE gate. The scripts that made them stand beside them in fixtures/.
#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <catch2/catch.hpp>

#include <filesystem>

#include "base/safetensors.hpp"
#include "model/kernels/plain.hpp"
#include "model/transformer.hpp"
#include "model/weights.hpp"

namespace repro::model {
namespace {

const std::filesystem::path kFixtures = std::filesystem::path(REPRO_TESTS) / "model" / "fixtures";

// A fixture file whose tensors are read by name.
class Fixture {
 public:
  explicit Fixture(const std::string& name) : path_(kFixtures / name), file_(path_) {}
  at::Tensor operator[](const std::string& name) const {
    return tensor_of(file_, path_, name, file_[name].shape);
  }

 private:
  std::filesystem::path path_;
  SafetensorsView file_;
};

config::ModelConfig fixture_config(int64_t top_k) {
  config::ModelConfig m;
  m.vocabulary = 60;
  m.width = 16;
  m.layers = 2;
  m.heads = 4;
  m.kv_heads = 2;
  m.head_width = 4;
  m.experts = 4;
  m.top_k = top_k;
  m.expert_width = 12;
  m.shared_width = 24;
  m.losses = {{config::LossKind::switch_balance, 0.01}};
  return m;
}

// torch.optim.AdamW and clip_grad_norm_, as the script uses them.
struct AdamW {
  explicit AdamW(Transformer& model)
      : m(at::zeros_like(model.flat_values())), v(at::zeros_like(model.flat_values())) {}

  void step(Transformer& model) {
    const double norm = model.flat_gradients().norm().item<double>();
    const at::Tensor g = model.flat_gradients() * std::min(1.0, 1.0 / (norm + 1e-6));
    ++steps;
    m.mul_(0.9).add_(g, 0.1);
    v.mul_(0.999).addcmul_(g, g, 0.001);
    at::Tensor values = model.flat_values();
    values.narrow(0, 0, model.decayed_count()).mul_(1 - 1e-2 * 0.1);
    const at::Tensor scale = v.sqrt() / std::sqrt(1 - std::pow(0.999, steps)) + 1e-8;
    values.addcdiv_(m, scale, -1e-2 / (1 - std::pow(0.9, steps)));
    model.values_changed();
  }
  at::Tensor m, v;
  int steps = 0;
};

TEST_CASE("logits and ten training losses equal those of transformers", "[model]") {
  for (const bool fused : {false, true}) {
    for (const int64_t top_k : {4, 2}) {
      INFO("top_k " << top_k << (fused ? ", fused" : ", plain"));
      const Fixture stored("qwen2_moe_k" + std::to_string(top_k) + ".safetensors");
      Transformer model(fixture_config(top_k), {.fused = fused});
      for (Parameter& p : model.parameters()) p.value.copy_(stored["initial/" + p.name]);
      model.values_changed();
      const at::Tensor tokens = stored["tokens"];  // (2, B, T + 1)
      const at::Tensor logits = model.logits(tokens[0].narrow(1, 0, tokens.size(2) - 1));
      CHECK(at::allclose(logits, stored["logits"], 1e-5, 1e-5));
      AdamW optimizer(model);
      for (int64_t step = 0; step < 10; ++step) {
        model.zero_gradients();
        const Loss loss = model.forward(tokens[step % 2], true);
        loss.total.backward();
        optimizer.step(model);
        // fp32 rounding differs by summation order and grows with the steps.
        CHECK(loss.lm == Approx(stored["losses"][step].item<double>()).epsilon(2e-5));
        CHECK(loss.aux == Approx(stored["aux_losses"][step].item<double>()).epsilon(2e-5));
      }
    }
  }
}

Weight weight_of(const at::Tensor& values) {
  Weight w;
  w.leaf = values.clone().requires_grad_();
  w.gradient = at::zeros_like(values);
  w.leaf.mutable_grad() = w.gradient;
  w.compute = w.leaf.detach();
  return w;
}

struct PublishedGate {
  const char* name;
  int64_t top_k;
  bool noisy;
};

at::Tensor balance(const at::Tensor& x_E) { return x_E.var() / (x_E.mean().square() + 1e-10); }

TEST_CASE("the LLaMA-MoE block equals a statement of the published gate, gradients too",
          "[model]") {
  const Fixture stored("llama_moe.safetensors");
  for (const PublishedGate& c :
       {PublishedGate{"noisy_k2", 2, true}, PublishedGate{"noisy_k4", 4, true},
        PublishedGate{"quiet_k2", 2, false}}) {
    INFO(c.name);
    const std::string at = std::string(c.name) + "/";
    MoeWeights w;
    w.norm = weight_of(stored["weight/norm"]);
    w.router = weight_of(stored["weight/w1"]);
    w.router_out = weight_of(stored["weight/w2"]);
    w.router_noise = weight_of(stored["weight/noise"]);
    w.gate_up = weight_of(at::cat({stored["weight/gate"], stored["weight/up"]}, 1));
    w.down = weight_of(stored["weight/down"]);
    const MoeShape shape{.router = {.score = config::Score::selected_softmax,
                                    .network = config::RouterNetwork::mlp,
                                    .scale = 2},
                         .experts = 4,
                         .top_k = c.top_k,
                         .epsilon = 1e-5,
                         .compute = at::kDouble};
    const MoeOutput out =
        plain_moe(stored["x"], w, shape, c.noisy ? stored["noise_draws"] : at::Tensor());
    const auto same = [&](const at::Tensor& ours, const std::string& name) {
      return at::allclose(ours, stored[at + name], 1e-10, 1e-10);
    };
    CHECK(same(out.x_ND, "y"));
    const at::Tensor importance_E = out.gates_NE.sum(0);
    CHECK(same(importance_E, "importance"));
    CHECK(same(out.load_E, "load"));
    const at::Tensor auxiliary = 1e-2 * (balance(importance_E) + balance(out.load_E));
    CHECK(same(auxiliary.reshape({1}), "balance"));
    ((out.x_ND * stored["projection"]).sum() + auxiliary).backward();
    CHECK(same(w.norm.gradient, "gradient/norm"));
    CHECK(same(w.router.gradient, "gradient/w1"));
    CHECK(same(w.router_out.gradient, "gradient/w2"));
    CHECK(same(w.router_noise.gradient, "gradient/noise"));
    CHECK(same(w.gate_up.gradient.narrow(1, 0, 6), "gradient/gate"));
    CHECK(same(w.gate_up.gradient.narrow(1, 6, 6), "gradient/up"));
    CHECK(same(w.down.gradient, "gradient/down"));
  }
}

}  // namespace
}  // namespace repro::model
