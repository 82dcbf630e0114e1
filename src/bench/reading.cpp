#include "bench/reading.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "bench/gemm.hpp"
#include "model/kernels/blocks.hpp"
#include "model/transformer.hpp"

namespace repro::bench {
namespace {

constexpr int64_t kBatch = 8, kTokens = 256;

// DS-MoE-1B (its table 1) at a quarter of its width, four layers.
config::ModelConfig read_densely() {
  config::ModelConfig m;
  m.vocabulary = 8192;
  m.width = 512;
  m.layers = 4;
  m.heads = 8;
  m.kv_heads = 2;
  m.head_width = 64;
  m.experts = m.top_k = 32;
  m.expert_width = 43;  // SwiGLU's three matrices for 64 of GeLU's two
  m.shared_width = 0;
  m.qkv_bias = false;
  m.router.select = config::Select::all;
  return m;
}

config::ModelConfig with_top_k(int64_t top_k) {
  config::ModelConfig m = read_densely();
  m.router.select = config::Select::top_k;
  m.top_k = top_k;
  return m;
}

config::ModelConfig with_threshold(double threshold) {
  config::ModelConfig m = read_densely();
  m.router.select = config::Select::threshold;
  m.router.threshold = threshold;
  return m;
}

// The weights of one block, seen as the blocks see them.
model::Weight weight_of(model::Transformer& model, const std::string& name,
                        at::ScalarType compute) {
  for (const model::Parameter& parameter : model.parameters())
    if (parameter.name.ends_with(name)) {
      const at::Tensor leaf = parameter.value.detach();
      return {leaf, leaf.to(compute), parameter.gradient};
    }
  return {};
}

class ReadingBench {
 public:
  ReadingBench(const ReadingOptions& options)
      : options_(options), tokens_(at::randint(8192, {kBatch, kTokens + 1}, at::kLong)) {}

  ReadingSpeed measure(const std::string& selection, const config::ModelConfig& config) {
    model::Transformer model(config, {.precision = model::parse_precision(options_.precision)});
    model.initialise(0);
    spread_routers(model);
    ReadingSpeed speed;
    speed.selection = selection;
    const double whole =
        median_seconds(options_.repetitions, [&] { model.negative_log_likelihood(tokens_); });
    speed.share = model.active_share();
    speed.model_prefill = static_cast<double>(kBatch * kTokens) / whole;
    speed.block_prefill = block(model, kBatch * kTokens);
    speed.block_decode = block(model, 1);
    return speed;
  }

  // Mean share of the experts that a token keeps under this threshold.
  double share_of(double threshold) {
    model::Transformer model(with_threshold(threshold), {});
    model.initialise(0);
    spread_routers(model);
    model.negative_log_likelihood(tokens_);
    return model.active_share();
  }

 private:
  // Scores of a trained router differ: fresh ones are nearly equal.
  static void spread_routers(model::Transformer& model) {
    for (const model::Parameter& parameter : model.parameters())
      if (parameter.tensor_class == model::TensorClass::router) at::Tensor(parameter.value).mul_(3);
    model.values_changed();
  }

  double block(model::Transformer& model, int64_t rows) const {
    const c10::NoGradGuard no_grad;
    const at::ScalarType compute = options_.precision == "fp32" ? at::kFloat : at::kBFloat16;
    model::MoeWeights weights;
    weights.norm = weight_of(model, "0.post_attention_layernorm.weight", compute);
    weights.router = weight_of(model, "layers.0.mlp.gate.weight", compute);
    weights.gate_up = weight_of(model, "layers.0.mlp.experts.gate_up_proj", compute);
    weights.down = weight_of(model, "layers.0.mlp.experts.down_proj", compute);
    const config::ModelConfig& config = model.config();
    const model::MoeShape shape{.router = config.router,
                                .experts = config.experts,
                                .top_k = config.top_k,
                                .epsilon = config.norm_epsilon,
                                .compute = compute};
    const at::Tensor x = at::randn({rows, config.width});
    const int repetitions = rows == 1 ? 50 * options_.repetitions : options_.repetitions;
    const double seconds =
        median_seconds(repetitions, [&] { model::fused_cpu_blocks().moe(x, weights, shape, {}); });
    return static_cast<double>(rows) / seconds;
  }

  ReadingOptions options_;
  at::Tensor tokens_;
};

// The threshold that keeps this share of the experts, by bisection.
double threshold_for(ReadingBench& bench, double share) {
  double low = 0.01, high = 8;
  for (int i = 0; i < 12; ++i) {
    const double middle = (low + high) / 2;
    (bench.share_of(middle) > share ? low : high) = middle;
  }
  return low;
}

}  // namespace

ReadingReport measure_reading(const ReadingOptions& options) {
  at::set_num_threads(options.threads);
  at::manual_seed(0);
  ReadingReport report;
  report.options = options;
  report.tokens = kBatch * kTokens;
  ReadingBench bench(options);
  report.speeds.push_back(bench.measure("all", read_densely()));
  for (const int64_t top_k : {16, 8, 4})
    report.speeds.push_back(bench.measure("top-k", with_top_k(top_k)));
  for (const double share : {0.5, 0.25, 0.125})
    report.speeds.push_back(
        bench.measure("threshold", with_threshold(threshold_for(bench, share))));
  return report;
}

std::string to_text(const ReadingReport& report) {
  std::string text = fmt::format(
      "32 experts of width 43 in a width of 512, {}, {} thread(s); tokens a processor second, and "
      "times that "
      "of all experts\n{:>12}{:>10}{:>28}{:>22}{:>28}\n",
      report.options.precision, report.options.threads, "selection", "active",
      fmt::format("block, {} tokens", report.tokens), "block, 1 token",
      fmt::format("model, {} tokens", report.tokens));
  const ReadingSpeed& all = report.speeds.front();
  for (const ReadingSpeed& one : report.speeds)
    text += fmt::format(
        "{:>12}{:>8.1f} %{:>20.0f} {:>5.2f} x{:>14.0f} {:>5.2f} x{:>20.0f} {:>5.2f} x\n",
        one.selection, 100 * one.share, one.block_prefill, one.block_prefill / all.block_prefill,
        one.block_decode, one.block_decode / all.block_decode, one.model_prefill,
        one.model_prefill / all.model_prefill);
  return text;
}

std::string to_json(const ReadingReport& report) {
  nlohmann::ordered_json json = {{"precision", report.options.precision},
                                 {"threads", report.options.threads},
                                 {"tokens", report.tokens}};
  for (const ReadingSpeed& one : report.speeds)
    json["speeds"].push_back({{"selection", one.selection},
                              {"active_share", one.share},
                              {"block_prefill", one.block_prefill},
                              {"block_decode", one.block_decode},
                              {"model_prefill", one.model_prefill}});
  return json.dump(1) + "\n";
}

}  // namespace repro::bench
