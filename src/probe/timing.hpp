#pragma once
// Repeated timings and what they say together, and the state of the machine around them.

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace repro::probe {

struct Timing {
  double median = 0;           // seconds
  double relative_spread = 0;  // (p90 - p10) / median
  int64_t repeats = 0;
};
// Quantiles interpolate between neighbours. `seconds` is not empty.
Timing timing_of(std::vector<double> seconds);

// Runs `work` `warmup` times, then times it `repeats` times, or fewer once `seconds` have passed:
// kFewestRepeats at least, one after three times as long. `work` ends when the device is done.
constexpr int64_t kFewestRepeats = 3;
Timing time_repeats(int64_t warmup, int64_t repeats, const std::function<void()>& work,
                    double seconds = std::numeric_limits<double>::infinity());

double load_average();  // of the last minute
double megahertz();     // mean over the cores, 0 when the system does not say

// Why measurements taken now would not speak for the machine; empty when they would. Load counts
// only what other programs put on the cores this one needs.
std::string why_not_certified(double load_before, int64_t threads, int64_t cores,
                              double worst_spread, double maximum_spread, double clock_ratio);

}  // namespace repro::probe
