#pragma once
// Repeated timings and what they say together. A machine that others share is timed longer, and
// every number has an interval.

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace repro::probe {

struct Timing {
  double seconds = 0;          // the median of the means of consecutive batches
  double low = 0, high = 0;    // its 95 % interval; high is infinite after one timing
  double relative_spread = 0;  // (p90 - p10) / median of the single timings
  int64_t repeats = 0;
  // How far the farther end of the interval lies from the seconds, as a part of them.
  double reach() const;
  bool known() const { return low > 0 && std::isfinite(high); }  // the interval
};

// `seconds` in the order they were taken, not empty: 6 to 8 batches where there are enough. A
// batch's mean holds what slow spells cost, as a bill does; the median of the batches leaves out a
// rare long one. The interval is from the smallest to the largest batch, which hold their median
// with 97 to 99 %, whatever its shape; of fewer than 6 timings it is Student's t.
Timing timing_of(const std::vector<double>& seconds);

// How long something is timed.
struct Patience {
  double seconds = 0;       // at least, and at least 6 times
  double most_seconds = 0;  // then until the interval is narrow enough, but at most this long
  double enough = 0.05;     // reach() of a narrow interval
};

// Times again until the interval is narrow enough or the time is over, which is the timings' sum.
// `time_once` gives the seconds of one. Fewer than 6 only where they take thrice most_seconds.
Timing time_until(const std::function<double()>& time_once, const Patience& patience);

// Runs `work`, which ends when the device is done, `warmup` times, then times it.
Timing time_work(int64_t warmup, const Patience& patience, const std::function<void()>& work);

double load_average();  // of the last minute
double megahertz();     // mean over the cores, 0 when the system does not say

}  // namespace repro::probe
