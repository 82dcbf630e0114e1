#pragma once
// One training step by one process and by several, in turns, so that whatever else the machine does
// falls on both; sums of several sizes; and what the two say of more devices than there are here.
// The other ranks are this program again.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "measure/communication.hpp"

namespace repro::bench {

struct RanksOptions {
  std::string model = "qwen";
  std::string precision = "bf16-mixed";
  int64_t ranks = 2;
  int rounds = 5;
  int steps = 4;       // of each kind, in each round
  bool after = false;  // sum gradients after the backward pass, as ranks that share memory do
  bool json = false;
  // Of a process that rank 0 started.
  int64_t rank = 0;
  std::filesystem::path meeting = {};
};

struct RanksReport {
  RanksOptions options;
  int64_t parameters = 0;
  double bytes = 0;                        // of the gradient, as it is summed
  double fastest_alone = 0;                // step of all: what other programs hardly touched
  double fastest_together = 0;             // likewise
  std::vector<double> alone, together;     // seconds a step, by round
  double communication = 0;                // share of the steps together, median round
  double optimizer_seconds = 0;            // of a step
  std::vector<measure::MeasuredSum> sums;  // best of several, by size
  measure::Link link;

  double ratio(size_t round) const { return alone[round] / together[round]; }
};

// Error on an unknown model or precision, or when a rank ends.
RanksReport measure_ranks(const RanksOptions& options);
// What rank 0 starts.
void work_as_rank(const RanksOptions& options);

std::string to_text(const RanksReport& report);
std::string to_json(const RanksReport& report);

}  // namespace repro::bench
