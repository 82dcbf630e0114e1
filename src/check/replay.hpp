#pragma once
// How often a gate cries wolf, and what it overlooks: the golden's own noise is put before it as if
// it were a change. Twins of recorded seeds differ from them by nothing but chance, so whatever a
// gate says of them is a false alarm.

#include <cstdint>

#include "check/golden.hpp"
#include "check/observations.hpp"

namespace repro::checks {

struct ReplayOptions {
  int64_t replays = 200;
  uint64_t seed = 1;
};

// Each replay draws the gate's number of seeds, takes tolerances from the seeds that were not drawn
// where these are enough, and looks a second time with those. Without twins, or with too few seeds
// for a second look, nothing is replayed.
Reliability replay(const Observations& observed, const Observations* twins, const Golden& golden,
                   const ReplayOptions& options = {});

}  // namespace repro::checks
