#include "forecast/phase_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "measure/flops.hpp"
#include "measure/memory.hpp"
#include "measure/parameters.hpp"
#include "measure/step_fit.hpp"

namespace repro::forecast {
namespace {

double element_bytes(const std::string& precision) { return precision == "fp32" ? 4 : 2; }

// Of one device, with `micro` sequences at a time.
double bytes_needed(const PhaseTask& task, int64_t devices, int64_t micro, Recompute recompute) {
  const int64_t tokens = micro * task.sequence;
  const measure::MemoryEstimate estimate =
      measure::estimate_memory(task.model, task.precision, tokens);
  double activations = static_cast<double>(estimate.activation_bytes);
  if (recompute == Recompute::full) {
    // Each layer's input is kept, and one layer at a time is computed again.
    const auto inputs = static_cast<double>(task.model.layers * task.model.width * tokens);
    activations = activations / static_cast<double>(task.model.layers) +
                  inputs * element_bytes(task.precision);
  }
  return static_cast<double>(estimate.state_bytes) / static_cast<double>(devices) + activations +
         static_cast<double>(estimate.logits_bytes) + MemoryFit::kReserved;
}

}  // namespace

double PhaseTask::flops_per_step() const {
  return static_cast<double>(batch * sequence) *
         static_cast<double>(
             measure::flops_per_token(measure::Convention::megatron, model, sequence));
}

MemoryFit fit_memory(const PhaseTask& task, const config::Profile& device, int64_t least,
                     int64_t most) {
  MemoryFit fit{.of_bytes = static_cast<double>(device.memory_bytes)};
  for (int64_t devices = least; devices <= std::min(most, task.batch); devices *= 2)
    for (const Recompute recompute : {Recompute::none, Recompute::full})
      for (int64_t micro = task.batch / devices; micro >= 1; micro /= 2) {
        fit.devices = devices;
        fit.micro_batch = micro;
        fit.recompute = recompute;
        fit.bytes = bytes_needed(task, devices, micro, recompute);
        fit.fits = fit.bytes <= fit.of_bytes;
        if (fit.fits) return fit;
      }
  return fit;
}

BySpeed& BySpeed::operator+=(const BySpeed& other) {
  for (size_t i = 0; i < values.size(); ++i) values[i] += other.values[i];
  return *this;
}

namespace {

class PhaseRunner {
 public:
  PhaseRunner(const PhaseTask& task, const Pool& pool, const ThroughputModel& throughput)
      : task_(task), pool_(pool), throughput_(throughput) {}

  // With at least so many devices a job.
  PhaseRun run(int64_t least) const {
    PhaseRun run;
    run.memory = fit_memory(task_, pool_.device, least, pool_.count);
    if (run.memory.of_bytes == 0)
      run.obstacle = fmt::format("profile '{}' does not say its memory", pool_.device.name);
    else if (!run.memory.fits)
      run.obstacle =
          fmt::format("does not fit: {:.1f} GB of {:.1f} on each of {}", run.memory.bytes / 1e9,
                      run.memory.of_bytes / 1e9, run.memory.devices);
    if (run.possible()) time_step(run);
    if (run.possible()) add_hours(run);
    return run;
  }

 private:
  void time_step(PhaseRun& run) const {
    if (from_measured_step(run) || from_smaller_steps(run)) return;
    from_vectors(run);
  }

  bool from_measured_step(PhaseRun& run) const {
    for (const config::MeasuredStep& step : pool_.device.series(task_.model_key, task_.shape)) {
      if (step.size != task_.size) continue;
      const double work = static_cast<double>(task_.batch * task_.sequence) /
                          static_cast<double>(step.batch * step.sequence);
      const bool ranged = step.reach().has_value();
      set_step(run, {work * (ranged ? step.seconds_high : step.seconds), work * step.seconds,
                     work * (ranged ? step.seconds_low : step.seconds)});
      run.evidence = measure::Evidence::calibrated;
      run.basis = fmt::format("step measured on {}", pool_.device.name);
      return true;
    }
    return false;
  }

  bool from_smaller_steps(PhaseRun& run) const {
    const std::vector<config::MeasuredStep> series =
        pool_.device.series(task_.model_key, task_.shape);
    const auto silent = [](const config::MeasuredStep& step) { return !(step.flops() > 0); };
    if (series.empty() || std::any_of(series.begin(), series.end(), silent)) return false;
    const measure::StepFit fit = measure::fit_steps(series);
    const double seconds = fit.seconds(task_.flops_per_step());
    const double off = 1 + std::abs(fit.error.value_or(1));
    set_step(run, {seconds * off, seconds, seconds / off});
    run.evidence = measure::Evidence::projected;
    run.basis = fmt::format("step of smaller sizes on {}, {}", pool_.device.name, describe(fit));
    return true;
  }

  void from_vectors(PhaseRun& run) const {
    const std::string dtype = task_.precision == "fp32" ? "fp32" : "bf16";
    const auto peak = tensor_peak(pool_.device, dtype);
    if (!peak) {
      run.obstacle = pool_.device.missing_peak(dtype);
      return;
    }
    run.speed = throughput_.estimate(setting(run.memory, *peak));
    if (run.speed.nearest.empty()) {
      run.obstacle = "no throughput was published or measured to go by";
      return;
    }
    const double work = task_.flops_per_step() * extra_work(run.memory.recompute) / *peak;
    set_step(run, {work / run.speed.range.low, work / run.speed.utilisation,
                   work / run.speed.range.high});
    run.utilisation = run.speed.utilisation;
    run.evidence = run.speed.evidence ? measure::Evidence::projected : measure::Evidence::none;
    run.basis =
        fmt::format("{}nearest {} on {} at {:.2f}",
                    run.speed.evidence ? "" : "no evidence: ", run.speed.nearest.front().vector->id,
                    run.speed.nearest.front().vector->profile, run.speed.distance());
  }

  TrainingSetting setting(const MemoryFit& memory, double peak) const {
    const measure::Parameters count = measure::count_parameters(task_.model);
    return {.profile = pool_.device.name,
            .chip = pool_.device.chip,
            .eight_bit = false,
            .balance = pool_.device.bandwidth / peak,
            .recompute = memory.recompute,
            .parameters = static_cast<double>(count.full() - count.embedding),
            .active = static_cast<double>(count.active_matmul()),
            .sequence = static_cast<double>(task_.sequence),
            .devices = static_cast<double>(memory.devices)};
  }

  // Of one device's seconds: several share the work and then their gradients, hidden behind the
  // work at best and behind nothing at worst.
  void set_step(PhaseRun& run, std::array<double, 3> alone) const {
    const auto devices = static_cast<double>(run.memory.devices);
    const double exchange = exchange_seconds(run.memory.devices);
    const double slow = alone[0] / devices + exchange;
    const double fast = std::max(alone[2] / devices, exchange);
    const double between =
        (std::max(alone[1] / devices, exchange) + alone[1] / devices + exchange) / 2;
    run.step_seconds.values = {slow, between, fast};
  }

  // A ring passes each device's gradients, 2 bytes a parameter, twice around.
  double exchange_seconds(int64_t devices) const {
    constexpr double kPlainSlot = 32e9;  // bytes/s one way, of PCIe 4.0, where no link is known
    if (devices == 1) return 0;
    const double one_way = pool_.device.link > 0 ? pool_.device.link / 2 : kPlainSlot;
    const auto parameters = static_cast<double>(measure::count_parameters(task_.model).full());
    const auto d = static_cast<double>(devices);
    return 2 * (d - 1) / d * 2 * parameters / one_way;
  }

  void add_hours(PhaseRun& run) const {
    run.side_by_side = std::min(task_.jobs, pool_.count / run.memory.devices);
    run.rounds = (task_.jobs + run.side_by_side - 1) / run.side_by_side;
    const auto rounds = static_cast<double>(run.rounds);
    const auto devices = static_cast<double>(run.side_by_side * run.memory.devices);
    for (size_t i = 0; i < run.hours.values.size(); ++i) {
      run.hours.values[i] = rounds * task_.steps * run.step_seconds.values[i] / 3600;
      run.device_hours.values[i] = devices * run.hours.values[i];
    }
  }

  const PhaseTask& task_;
  const Pool& pool_;
  const ThroughputModel& throughput_;
};

}  // namespace

PhaseRun run_phase(const PhaseTask& task, const Pool& pool, Want want,
                   const ThroughputModel& throughput) {
  const PhaseRunner runner(task, pool, throughput);
  PhaseRun best = runner.run(1);
  if (want == Want::cheapest || !best.possible()) return best;
  for (int64_t devices = 2 * best.memory.devices; devices <= std::min(pool.count, task.batch);
       devices *= 2) {
    PhaseRun wider = runner.run(devices);
    if (wider.possible() && wider.hours.expected() < best.hours.expected()) best = std::move(wider);
  }
  return best;
}

}  // namespace repro::forecast
