#include "probe/conditions.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "probe/timing.hpp"
#include "train/device.hpp"

namespace repro::probe {
namespace {

double own_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// A number's interval with the drift, and down by `crowding`, the part of its time that it may owe
// to other programs.
struct Ends {
  double low, high;
};
Ends widened(double low, double number, double high, double drift, double crowding) {
  const double down = std::hypot(number - low, number * drift);
  const double up = std::hypot(high - number, number * drift);
  // However crowded, it took some time: a rate without an end could not be written down.
  constexpr double kLeast = 1e-3;
  return {std::max(kLeast * number, (number - down) * (1 - crowding)), number + up};
}

}  // namespace

ProcessorTime parse_stat(const std::string& stat, const std::vector<int>& allowed,
                         double ticks_a_second) {
  ProcessorTime time;
  std::istringstream lines(stat);
  for (std::string line; std::getline(lines, line);) {
    // cpu1 user nice system idle iowait irq softirq steal guest guest_nice
    int core = -1, read = 0;
    double user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, steal = 0;
    read = std::sscanf(line.c_str(), "cpu%d %lf %lf %lf %lf %lf %lf %lf %lf", &core, &user, &nice,
                       &system, &idle, &wait, &irq, &soft, &steal);
    if (read != 9 || !std::count(allowed.begin(), allowed.end(), core)) continue;
    ++time.cores;
    time.busy += (user + nice + system + irq + soft) / ticks_a_second;
    time.stolen += steal / ticks_a_second;
  }
  return time;
}

std::vector<int> allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cores;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return cores;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  return cores;
}

Surroundings::Surroundings()
    : allowed_(allowed_cores()), before_(now()), own_before_(own_seconds()) {}

ProcessorTime Surroundings::now() const {
  std::ifstream file("/proc/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return parse_stat(text, allowed_, static_cast<double>(::sysconf(_SC_CLK_TCK)));
}

double Surroundings::others() const {
  const ProcessorTime after = now();
  if (after.cores == 0) return 0;
  const double others = (after.busy - before_.busy) - (own_seconds() - own_before_);
  return std::max(0.0, others) / stopwatch_.seconds();
}

double Surroundings::stolen() const {
  const ProcessorTime after = now();
  if (after.cores == 0) return 0;
  return (after.stolen - before_.stolen) /
         (stopwatch_.seconds() * static_cast<double>(after.cores));
}

void Pace::sample() {
  constexpr int64_t kSize = 512;
  constexpr double kSeconds = 0.3;
  const auto options = at::TensorOptions().device(device_).dtype(at::kFloat);
  const at::Tensor a = at::randn({kSize, kSize}, options), b = at::randn({kSize, kSize}, options);
  at::Tensor c = at::empty({kSize, kSize}, options);
  int64_t times = 0;
  at::mm_out(c, a, b);
  train::synchronise(device_);
  Stopwatch stopwatch;
  for (; stopwatch.seconds() < kSeconds; ++times) {
    at::mm_out(c, a, b);
    train::synchronise(device_);
  }
  seconds_.push_back(stopwatch.seconds() / static_cast<double>(times));
}

double Pace::drift() const {
  return seconds_.size() < 3 ? 0 : timing_of(seconds_).relative_spread / 2;
}

void widen(config::Measurement& measured, int64_t cores) {
  const auto threads = static_cast<double>(measured.threads);
  const double lacking = threads + measured.others - static_cast<double>(cores);
  const double crowding = cores == 0 ? 0 : std::clamp(lacking / threads, 0.0, 1.0);
  for (config::MeasuredStep& step : measured.steps) {
    if (!step.reach()) continue;
    const Ends ends =
        widened(step.seconds_low, step.seconds, step.seconds_high, measured.drift, crowding);
    step.seconds_low = ends.low;
    step.seconds_high = ends.high;
  }
  for (config::MeasuredGemm& gemm : measured.gemms) {
    if (!gemm.reach()) continue;
    // As seconds of one FLOP: that is what other programs lengthen.
    const Ends ends =
        widened(1 / gemm.flops_high, 1 / gemm.flops, 1 / gemm.flops_low, measured.drift, crowding);
    gemm.flops_low = 1 / ends.high;
    gemm.flops_high = 1 / ends.low;
  }
}

std::string why_not_certified(const config::Measurement& measured, double maximum_reach) {
  const auto widest = measured.widest();
  if (!widest) return "nothing was measured";
  if (std::isinf(widest->reach))
    return widest->what + " was timed once, which gives no interval; raise --phase-seconds";
  if (widest->reach <= maximum_reach) return "";
  return fmt::format(
      "the 95 % interval of {} reaches {:.0f} % from its number, {:.0f} % is allowed, at which a "
      "saving of one half is open by {:.0f} points (meanwhile other programs took {:.1f} cores, a "
      "hypervisor {:.0f} % of the time, and the pace wandered by {:.0f} %)",
      widest->what, 100 * widest->reach, 100 * maximum_reach, 50 * maximum_reach, measured.others,
      100 * measured.stolen, 100 * measured.drift);
}

}  // namespace repro::probe
