#include "bench/workloads.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace repro::bench {
namespace {

config::ModelConfig benchmark_model() {
  config::ModelConfig m;
  m.vocabulary = 8192;
  m.width = 256;
  m.layers = 4;
  m.heads = m.kv_heads = 4;
  m.expert_width = 176;
  m.shared_width = 704;
  return m;
}

config::ModelConfig with_top_k(config::ModelConfig m, int64_t top_k) {
  m.top_k = top_k;
  return m;
}

config::ModelConfig as_llama(config::ModelConfig m) {
  m.shared_width = 0;
  m.qkv_bias = false;
  m.top_k = 2;
  m.expert_init = config::ExpertInit::kaiming_uniform;
  m.zero_pad_row = true;
  m.router = {.score = config::Score::selected_softmax,
              .network = config::RouterNetwork::mlp,
              .scale = 2,
              .noise = true};
  m.losses = {{config::LossKind::cv2_balance, 1e-2}};
  return m;
}

config::ModelConfig small_model(int64_t layers) {
  config::ModelConfig m;  // its defaults are the small sizes
  m.layers = layers;
  return m;
}

}  // namespace

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all = {
      {"qwen", benchmark_model(), 16, 256},
      {"qwen-k2", with_top_k(benchmark_model(), 2), 16, 256},
      {"llama", as_llama(benchmark_model()), 16, 256},
      {"submodel", config::one_expert(benchmark_model()), 16, 256},
      {"small", small_model(4), 16, 128},
      {"mini", small_model(2), 16, 128}};
  return all;
}

const Workload& workload(const std::string& name) {
  std::vector<std::string> names;
  for (const Workload& each : workloads()) {
    if (each.name == name) return each;
    names.push_back(each.name);
  }
  throw Error(Exit::usage, "--model: unknown model '{}'{}; one of {}", name,
              did_you_mean(name, names), join(names, ", "));
}

}  // namespace repro::bench
