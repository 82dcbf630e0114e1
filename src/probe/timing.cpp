#include "probe/timing.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "base/error.hpp"
#include "base/stopwatch.hpp"
#include "base/text.hpp"

namespace repro::probe {
namespace {

double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], at - static_cast<double>(below));
}

}  // namespace

Timing timing_of(std::vector<double> seconds) {
  check(!seconds.empty(), "something was timed");
  std::sort(seconds.begin(), seconds.end());
  const double median = quantile(seconds, 0.5);
  return {median, (quantile(seconds, 0.9) - quantile(seconds, 0.1)) / median,
          static_cast<int64_t>(seconds.size())};
}

Timing time_repeats(int64_t warmup, int64_t repeats, const std::function<void()>& work,
                    double seconds) {
  Stopwatch stopwatch;
  for (int64_t i = 0; i < warmup && (i == 0 || stopwatch.seconds() < seconds); ++i) work();
  std::vector<double> taken;
  for (int64_t i = 0; i < repeats; ++i) {
    if (i >= kFewestRepeats && stopwatch.seconds() > seconds) break;
    // So slow that a machine must be busy elsewhere, which the load will say.
    if (i >= 1 && stopwatch.seconds() > 3 * seconds) break;
    stopwatch.lap();
    work();
    taken.push_back(stopwatch.lap());
  }
  return timing_of(std::move(taken));
}

double load_average() {
  double load = 0;
  return ::getloadavg(&load, 1) == 1 ? load : 0;
}

double megahertz() {
  std::ifstream file("/proc/cpuinfo");
  double sum = 0;
  int64_t cores = 0;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("cpu MHz")) continue;
    sum += std::strtod(line.c_str() + line.find(':') + 1, nullptr);
    ++cores;
  }
  return cores > 0 ? sum / static_cast<double>(cores) : 0;
}

std::string why_not_certified(double load_before, int64_t threads, int64_t cores,
                              double worst_spread, double maximum_spread, double clock_ratio) {
  std::vector<std::string> reasons;
  // Half a core of other work is the least that shows in timings.
  if (load_before + static_cast<double>(threads) > static_cast<double>(cores) + 0.5)
    reasons.push_back(
        fmt::format("load {:.1f} before the start leaves too few of {} cores for {} "
                    "thread(s)",
                    load_before, cores, threads));
  if (worst_spread > maximum_spread)
    reasons.push_back(fmt::format("timings spread by {:.0f} % of their median, {:.0f} % is allowed",
                                  100 * worst_spread, 100 * maximum_spread));
  if (clock_ratio < 0.9)
    reasons.push_back(fmt::format("the processor's clock fell to {:.0f} % during the measurement",
                                  100 * clock_ratio));
  return join(reasons, "; ");
}

}  // namespace repro::probe
