#include "bench/step.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/randint.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "bench/gemm.hpp"
#include "bench/workloads.hpp"
#include "measure/flops.hpp"
#include "model/part_clock.hpp"
#include "model/transformer.hpp"
#include "train/optimizer.hpp"

namespace repro::bench {
namespace {

using model::seconds_of;

// Of this program alone: getrusage would still know the parent's before exec.
double peak_bytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  double kibibytes = 0;
  while (std::getline(status, line))
    if (line.starts_with("VmHWM:")) kibibytes = std::stod(line.substr(6));
  return 1024 * kibibytes;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

constexpr int kUnmeasured = 2;  // the first steps allocate and prepare
constexpr int kGemmRepetitions = 5;

// Everything a step needs, built once.
struct Bench {
  Bench(const Workload& w, const StepOptions& options)
      : model(w.model,
              {.precision = model::parse_precision(options.precision), .fused = options.fused}),
        optimizer({}, model.flat_values(), model.flat_gradients(), model.decayed_count()),
        tokens(at::randint(w.model.vocabulary, {w.batch, w.tokens + 1}, at::kLong)),
        forward_only(options.forward_only) {
    model.initialise(0);
  }

  // Seconds of the optimizer alone.
  double step(uint64_t index) {
    if (forward_only) {
      model.negative_log_likelihood(tokens);
      return 0;
    }
    model.zero_gradients();
    model.forward(tokens, /*training=*/true, {.step = index}).total.backward();
    const double before = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    optimizer.update(3e-4, optimizer.gradient_norm());
    model.values_changed();
    return seconds_of(CLOCK_THREAD_CPUTIME_ID) - before;
  }

  model::Transformer model;
  train::AdamW optimizer;
  at::Tensor tokens;
  bool forward_only;
};

void measure_parts(StepReport& report, const model::PartSeconds& totals, double optimizer,
                   double steps_seconds, int steps) {
  double known = optimizer;
  for (size_t i = 0; i < model::kParts; ++i) {
    report.parts.emplace_back(model::name(static_cast<model::Part>(i)), totals[i] / steps);
    known += totals[i];
  }
  report.parts.emplace_back("optimizer", optimizer / steps);
  report.parts.emplace_back("rest", (steps_seconds - known) / steps);
}

void measure_steps(Bench& bench, StepReport& report) {
  std::vector<double> wall, cpu;
  double optimizer = 0, all = 0;
  const int steps = report.options.steps;
  for (int i = 0; i < kUnmeasured; ++i) bench.step(static_cast<uint64_t>(i));
  model::part_seconds().fill(0);
  for (int i = 0; i < steps; ++i) {
    const double wall_start = seconds_of(CLOCK_MONOTONIC);
    const double cpu_start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    const double thread_start = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    optimizer += bench.step(static_cast<uint64_t>(kUnmeasured + i));
    wall.push_back(seconds_of(CLOCK_MONOTONIC) - wall_start);
    cpu.push_back(seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_start);
    all += seconds_of(CLOCK_THREAD_CPUTIME_ID) - thread_start;
  }
  report.seconds = median(wall);
  report.cpu_seconds = median(cpu);
  measure_parts(report, model::part_seconds(), optimizer, all, steps);
}

}  // namespace

StepReport measure_step(const StepOptions& options) {
  const Workload& w = workload(options.model);
  at::set_num_threads(options.threads);
  at::manual_seed(0);
  StepReport report;
  report.options = options;
  report.start_bytes = peak_bytes();
  Bench bench(w, options);
  report.parameters = bench.model.parameter_count();
  report.tokens = w.batch * w.tokens;
  report.flops_per_token = static_cast<double>(
      measure::flops_per_token(measure::Convention::megatron, w.model, w.tokens));
  constexpr double kForwardShare = 1.0 / 3;
  if (options.forward_only) report.flops_per_token *= kForwardShare;
  measure_steps(bench, report);
  report.peak_bytes = peak_bytes();
  const at::ScalarType type = options.precision == "fp32" ? at::kFloat : at::kBFloat16;
  report.gemm_flops = gemm_rate(gemms_of(w), type, kGemmRepetitions, options.forward_only);
  return report;
}

std::string to_text(const StepReport& r) {
  std::string text = fmt::format(
      "model {}  parameters {}  precision {}  {}  threads {}  {} {} of {} tokens, medians\n"
      "{:>12.0f}  tokens/s                 ({:.1f} ms a step)\n"
      "{:>12.0f}  tokens/processor second  ({:.1f} ms a step: what other programs do not change)\n"
      "{:>12.2f}  MFLOP a token            (convention megatron)\n"
      "{:>12.1f}  GFLOP/processor second   of the step\n"
      "{:>12.1f}  GFLOP/processor second   of the model's matrix products alone, in this run\n"
      "{:>11.1f}%  the step's share of that\n"
      "{:>12}  peak memory              ({} before the model was built)\n",
      r.options.model, with_commas(r.parameters), r.options.precision,
      r.options.fused ? "fused" : "plain", r.options.threads, r.options.steps,
      r.options.forward_only ? "forward passes" : "steps", r.tokens, r.tokens_per_second(),
      1e3 * r.seconds, static_cast<double>(r.tokens) / r.cpu_seconds, 1e3 * r.cpu_seconds,
      r.flops_per_token / 1e6, r.flops() / 1e9, r.gemm_flops / 1e9, 100 * r.flops() / r.gemm_flops,
      human_bytes(r.peak_bytes), human_bytes(r.start_bytes));
  double all = 0;
  for (const auto& [part, seconds] : r.parts) all += seconds;
  for (const auto& [part, seconds] : r.parts)
    text += fmt::format("{:>12.2f}  ms  {:>5.1f}%  {}\n", 1e3 * seconds, 100 * seconds / all, part);
  return text;
}

std::string to_json(const StepReport& r) {
  nlohmann::ordered_json json = {{"model", r.options.model},
                                 {"precision", r.options.precision},
                                 {"fused", r.options.fused},
                                 {"forward_only", r.options.forward_only},
                                 {"threads", r.options.threads},
                                 {"steps", r.options.steps},
                                 {"parameters", r.parameters},
                                 {"tokens", r.tokens},
                                 {"seconds", r.seconds},
                                 {"cpu_seconds", r.cpu_seconds},
                                 {"tokens_per_second", r.tokens_per_second()},
                                 {"flops_per_token", r.flops_per_token},
                                 {"flops", r.flops()},
                                 {"gemm_flops", r.gemm_flops},
                                 {"gemm_share", r.flops() / r.gemm_flops},
                                 {"peak_bytes", r.peak_bytes},
                                 {"start_bytes", r.start_bytes}};
  for (const auto& [part, seconds] : r.parts) json["parts"][part] = seconds;
  return json.dump(1) + "\n";
}

}  // namespace repro::bench
