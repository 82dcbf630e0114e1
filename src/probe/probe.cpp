#include "probe/probe.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <sys/utsname.h>
#include <torch/version.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.hpp"
#include "base/random.hpp"
#include "config/probe.hpp"
#include "config/profile.hpp"
#include "measure/flops.hpp"
#include "model/transformer.hpp"
#include "probe/conditions.hpp"
#include "probe/gemm.hpp"
#include "probe/size.hpp"
#include "probe/timing.hpp"
#include "run/environment.hpp"
#include "train/device.hpp"
#include "train/optimizer.hpp"

namespace repro::probe {
namespace {

using nlohmann::json;

constexpr int64_t kBandwidthBytes = int64_t{256} << 20;

// Bytes read and written a second by a copy far larger than the caches.
double measure_bandwidth(const c10::Device& device, const config::ProbeSpec& spec) {
  const auto options = at::TensorOptions().device(device).dtype(at::kFloat);
  const at::Tensor from = at::ones({kBandwidthBytes / 4}, options);
  at::Tensor to = at::zeros({kBandwidthBytes / 4}, options);
  const Patience patience{.seconds = spec.gemm_seconds / spec.patience,
                          .most_seconds = spec.gemm_seconds,
                          .enough = spec.enough};
  const Timing timing = time_work(2, patience, [&] {
    to.copy_(from);
    train::synchronise(device);
  });
  return 2.0 * static_cast<double>(kBandwidthBytes) / timing.seconds;
}

at::Tensor random_tokens(const config::ProbeEntry& entry, const c10::Device& device) {
  const int64_t count = entry.batch * (entry.sequence + 1);
  at::Tensor tokens = at::empty({entry.batch, entry.sequence + 1}, at::kLong);
  for (int64_t i = 0; i < count; ++i)
    tokens.mutable_data_ptr<int64_t>()[i] =
        static_cast<int64_t>(random_uniform(0, 0, static_cast<uint64_t>(i)) *
                             static_cast<double>(entry.config.vocabulary));
  return tokens.to(device);
}

// The trainer's own step, without its records.
config::MeasuredStep measure_step(const ProbeSize& size, const config::ProbeSpec& spec,
                                  const c10::Device& device) {
  const config::ProbeEntry& entry = size.entry;
  model::Transformer model(
      entry.config, {.device = device, .precision = model::parse_precision(entry.precision)});
  model.initialise(0);
  model.values_changed();
  train::AdamW optimizer({}, model.flat_values(), model.flat_gradients(), model.decayed_count());
  const at::Tensor tokens_BS = random_tokens(entry, device);
  const auto step = [&] {
    model.zero_gradients();
    model.forward(tokens_BS, /*training=*/true).total.backward();
    optimizer.update(1e-4, optimizer.gradient_norm());
    model.values_changed();
    train::synchronise(device);
  };
  const Patience patience{
      .seconds = size.seconds, .most_seconds = spec.patience * size.seconds, .enough = spec.enough};
  const Timing timing = time_work(spec.warmup, patience, step);
  return {.model = entry.model,
          .shape = entry.shape,
          .size = size.name,
          .precision = entry.precision,
          .batch = entry.batch,
          .sequence = entry.sequence,
          .layers = entry.config.layers,
          .width = entry.config.width,
          .flops_per_token = static_cast<double>(measure::flops_per_token(
              measure::Convention::megatron, entry.config, entry.sequence)),
          .seconds = timing.seconds,
          .relative_spread = timing.relative_spread,
          .repeats = timing.repeats,
          .seconds_low = timing.known() ? timing.low : 0,
          .seconds_high = timing.known() ? timing.high : 0};
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts;
  ::gmtime_r(&now, &parts);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

std::string host_name() {
  utsname system;
  return ::uname(&system) == 0 ? system.nodename : "unknown";
}

// The best rate seen in the type that a entry computes in.
double peak_for(const config::ProbeEntry& entry, const std::vector<config::MeasuredGemm>& gemms) {
  const std::string dtype = entry.precision == "fp32" ? "fp32" : "bf16";
  double best = 0;
  for (const config::MeasuredGemm& gemm : gemms)
    if (gemm.dtype == dtype) best = std::max(best, gemm.flops);
  return best;
}

// Every entry, the paper's size first where it fits.
std::vector<config::MeasuredStep> measure_steps(const config::ProbeSpec& spec,
                                                const c10::Device& device,
                                                const std::vector<config::MeasuredGemm>& gemms,
                                                int64_t free_bytes,
                                                const data::ProgressCallback& progress) {
  std::vector<config::MeasuredStep> steps;
  double done = 0;
  for (const config::ProbeEntry& entry : spec.entries) {
    const ProbeLimits limits{.flops = peak_for(entry, gemms),
                             .memory_bytes = static_cast<int64_t>(spec.memory_fraction *
                                                                  static_cast<double>(free_bytes)),
                             .seconds = spec.entry_seconds};
    const std::vector<ProbeSize> series = choose_series(entry, spec, limits);
    for (size_t i = 0; i < series.size(); ++i) {
      progress("step", done + static_cast<double>(i) / static_cast<double>(series.size()),
               static_cast<double>(spec.entries.size()), "models");
      steps.push_back(measure_step(series[i], spec, device));
    }
    ++done;
  }
  return steps;
}

}  // namespace

json run_probe(const config::ProbeSpec& spec, const data::ProgressCallback& progress) {
  const c10::Device device = train::open_device(spec.device);
  train::make_repeatable(spec.threads);
  const auto cores = static_cast<int64_t>(std::thread::hardware_concurrency());
  const double clock_before = megahertz();
  const int64_t free_bytes =
      spec.memory_bytes > 0 ? spec.memory_bytes : train::free_memory_bytes(device);

  config::Measurement measured;
  measured.date = today();
  measured.host = host_name();
  measured.processor = run::cpu_model();
  measured.threads = spec.threads;
  measured.load_before = load_average();
  const Surroundings surroundings;
  Pace pace(device);
  // Between any two measurements.
  const auto paced = [&](std::string_view what, double done, double of, std::string_view unit) {
    progress(what, done, of, unit);
    pace.sample();
  };
  paced("bandwidth", 0, 1, "copies");
  measured.bandwidth = measure_bandwidth(device, spec);
  measured.gemms = measure_gemms(spec, device, paced);
  measured.steps = measure_steps(spec, device, measured.gemms, free_bytes, paced);
  pace.sample();
  measured.drift = pace.drift();
  measured.others = surroundings.others();
  measured.stolen = surroundings.stolen();
  // A device of its own leaves no core to share.
  widen(measured, device.is_cpu() ? surroundings.cores() : 0);
  measured.reason = why_not_certified(measured, spec.maximum_reach);
  measured.certified = measured.reason.empty();
  return {{"measurement", config::to_json(measured)},
          {"context",
           {{"cores", cores},
            {"load_after", load_average()},
            {"megahertz_before", clock_before},
            {"megahertz_after", megahertz()},
            {"free_memory_bytes", free_bytes},
            {"device", spec.device},
            {"torch", TORCH_VERSION}}}};
}

}  // namespace repro::probe
