#pragma once
// Do intervals hold the truth as often as they say? Tables of made-up cells whose truth is known,
// with the noise of real runs: a ladder's final losses, the target's own, step times. What is
// counted is how often the nominal 95 % interval holds the mean over all seeds that could have been
// drawn, of a step ratio and of a saving.

#include <cstdint>
#include <string>

namespace repro::bench {

struct CoverageOptions {
  int64_t tables = 2000;
  int64_t cells = 6;  // of a table; noise is pooled over them
  int64_t seeds = 3;
  bool busy = false;  // step times of a machine that others use
  uint64_t seed = 1;
};

struct Coverage {
  int64_t held = 0, intervals = 0;
  double width_sum = 0;  // of the finite ones
  int64_t finite = 0;
  double share() const { return static_cast<double>(held) / static_cast<double>(intervals); }
};

struct CoverageReport {
  CoverageOptions options;
  Coverage step_ratio, saving;
  // Of the step ratio: cells whose seeds are all estimates; some or all of them bounds.
  Coverage uncensored, censored;
};

CoverageReport measure_coverage(const CoverageOptions& options);

std::string to_text(const CoverageReport& report);

}  // namespace repro::bench
