#pragma once
// Time that has passed, on a clock that never runs backwards. For time of the day use another.

#include <chrono>

namespace repro {

// Runs from its construction on.
class Stopwatch {
 public:
  double seconds() const { return between(start_, Clock::now()); }  // since the start
  // Seconds since the last lap, or since the start for the first one.
  double lap() {
    const auto now = Clock::now();
    const double seconds = between(lap_, now);
    lap_ = now;
    return seconds;
  }

 private:
  using Clock = std::chrono::steady_clock;
  static double between(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double>(to - from).count();
  }

  Clock::time_point start_ = Clock::now();
  Clock::time_point lap_ = start_;
};

}  // namespace repro
