#include "probe/timing.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <string>

#include "base/error.hpp"
#include "base/stopwatch.hpp"
#include "measure/stats.hpp"

namespace repro::probe {
namespace {

double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], at - static_cast<double>(below));
}

// Of 6 to 8 the smallest and the largest hold the median with 97 to 99 %. More would be shorter
// than a slow spell, and so tell less of it.
constexpr size_t kFewestBatches = 6, kMostBatches = 8;

// Means of consecutive batches: three timings each where there are enough.
std::vector<double> batch_means(const std::vector<double>& seconds) {
  const size_t batches = seconds.size() < kFewestBatches
                             ? seconds.size()
                             : std::clamp(seconds.size() / 3, kFewestBatches, kMostBatches);
  std::vector<double> means;
  for (size_t i = 0; i < batches; ++i) {
    const auto first = seconds.begin() + static_cast<int64_t>(i * seconds.size() / batches);
    const auto last = seconds.begin() + static_cast<int64_t>((i + 1) * seconds.size() / batches);
    means.push_back(std::accumulate(first, last, 0.0) / static_cast<double>(last - first));
  }
  return means;
}

void add_interval(const std::vector<double>& sorted_means, Timing& timing) {
  timing.low = sorted_means.front();
  timing.high = sorted_means.back();
  if (sorted_means.size() >= kFewestBatches) return;
  const auto interval = measure::mean_interval(measure::summarise(sorted_means));
  timing.low = interval ? std::clamp(interval->low, 0.0, timing.low) : 0;
  timing.high =
      interval ? std::max(interval->high, timing.high) : std::numeric_limits<double>::infinity();
}

}  // namespace

double Timing::reach() const { return std::max(high - seconds, seconds - low) / seconds; }

Timing timing_of(const std::vector<double>& seconds) {
  check(!seconds.empty(), "something was timed");
  std::vector<double> means = batch_means(seconds), sorted = seconds;
  std::sort(means.begin(), means.end());
  std::sort(sorted.begin(), sorted.end());
  Timing timing;
  timing.seconds = quantile(means, 0.5);
  timing.relative_spread = (quantile(sorted, 0.9) - quantile(sorted, 0.1)) / quantile(sorted, 0.5);
  timing.repeats = static_cast<int64_t>(seconds.size());
  add_interval(means, timing);
  return timing;
}

Timing time_until(const std::function<double()>& time_once, const Patience& patience) {
  std::vector<double> taken;
  double elapsed = 0;
  size_t next_look = 1;  // an interval of many timings is not worth computing after each
  // So slow that not even the fewest can be waited for: three times as long at most.
  do {
    taken.push_back(time_once());
    elapsed += taken.back();
    if (taken.size() < kFewestBatches || elapsed < patience.seconds) continue;
    if (elapsed >= patience.most_seconds) break;
    if (taken.size() < next_look) continue;
    next_look = taken.size() + taken.size() / 4 + 1;
    if (timing_of(taken).reach() <= patience.enough) break;
  } while (elapsed < 3 * patience.most_seconds);
  return timing_of(taken);
}

Timing time_work(int64_t warmup, const Patience& patience, const std::function<void()>& work) {
  Stopwatch stopwatch;
  for (int64_t i = 0; i < warmup && (i == 0 || stopwatch.seconds() < patience.seconds); ++i) work();
  return time_until(
      [&] {
        stopwatch.lap();
        work();
        return stopwatch.lap();
      },
      patience);
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

}  // namespace repro::probe
