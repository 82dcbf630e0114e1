#pragma once
// What growing a pool of experts does to a training: how high the loss jumps, how long until it is
// back, and how evenly the experts are used afterwards.

#include <cstdint>
#include <optional>
#include <span>

namespace repro::measure {

struct Spike {
  double height = 0;  // nats above the loss before; 0 where it never rose
  // Steps until the mean of `window` losses is back at the loss before; empty: not within these.
  std::optional<int64_t> recovery;
};
// losses: of the steps after the growth. before: mean loss of the last steps before it. Batches
// differ, so the height is the largest mean over the last `window` losses or, of the first steps,
// over all there are. Error when window < 1.
Spike spike_after(std::span<const double> losses, double before, int64_t window);

// Gini coefficient of loads: 0 when all are equal, 1 - 1 / n when one has everything. 0 of nothing.
double gini(std::span<const double> loads);

}  // namespace repro::measure
