#pragma once
// What else went on while a machine was measured: other programs, other machines on the same
// processor, a pace that wanders. It widens every interval, and nothing else refuses a measurement.

#include <c10/core/Device.h>

#include <string>
#include <vector>

#include "base/stopwatch.hpp"
#include "config/profile.hpp"

namespace repro::probe {

// Seconds of processor time on the cores that this process may use, since the machine started.
struct ProcessorTime {
  double busy = 0;    // of any program
  double stolen = 0;  // given to other machines by a hypervisor
  int64_t cores = 0;  // 0 = the system does not say
};
// `stat` is the text of /proc/stat, `allowed` the numbers of the cores.
ProcessorTime parse_stat(const std::string& stat, const std::vector<int>& allowed,
                         double ticks_a_second);
std::vector<int> allowed_cores();

// Watches from its construction on.
class Surroundings {
 public:
  Surroundings();
  double others() const;  // cores that other programs took, mean; 0 when the system does not say
  double stolen() const;  // part of the cores' time
  int64_t cores() const { return static_cast<int64_t>(allowed_.size()); }

 private:
  ProcessorTime now() const;

  std::vector<int> allowed_;
  ProcessorTime before_;
  double own_before_ = 0;
  Stopwatch stopwatch_;
};

// One fixed multiplication, timed again and again between the measurements.
class Pace {
 public:
  explicit Pace(const c10::Device& device) : device_(device) {}
  void sample();  // a third of a second
  // Half of the middle four fifths of the samples, as a part of their median; 0 for fewer than 3.
  double drift() const;

 private:
  c10::Device device_;
  std::vector<double> seconds_;
};

// Widens every interval of the measurement by its drift, in quadrature, and towards what the number
// may be on a machine to itself: other programs took so much of `threads` threads' time where
// threads and others are more than the cores.
void widen(config::Measurement& measured, int64_t cores);

// Why the measurement decides nothing: an interval that reaches farther than `maximum_reach` from
// its number, with what widened it. Empty when all are narrower.
std::string why_not_certified(const config::Measurement& measured, double maximum_reach);

}  // namespace repro::probe
