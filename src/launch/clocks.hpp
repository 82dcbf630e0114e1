#pragma once
// Whether the clock of a node runs with this machine's: dates of logs and of reports rest on it.

#include <cstdint>
#include <optional>
#include <string>

#include "run/run_directory.hpp"

namespace repro::launch {

// Of a job that was submitted and has ended meanwhile, both in seconds since 1970 by this machine's
// clock: one line when the start that its environment.json tells by the node's clock does not lie
// between them. Empty when it does, or nothing tells it.
struct ClockDifference {
  std::string host;
  std::string line;
};
std::optional<ClockDifference> find_clock_difference(const run::RunDirectory& directory,
                                                     int64_t submitted, int64_t ended);

}  // namespace repro::launch
