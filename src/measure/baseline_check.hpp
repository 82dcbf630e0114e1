#pragma once
// Is the yardstick straight? A claim of cost is won cheaply against a baseline that was trained
// badly: at a wrong rate, with seeds that end far apart, or stuck for long at its start. What other
// rates, the seeds and the loss curve say about that, against margins; and how large a speed-up
// luck alone could give against it.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "measure/stats.hpp"

namespace repro::measure {

// The baseline at its learning rate times `factor`: final losses on unseen text, nats, one a seed;
// not finite = diverged.
struct RateLosses {
  double factor = 1;
  std::vector<double> final_losses;
};

// The longest stretch of a run's first half in which the loss hardly falls.
struct Plateau {
  int64_t from = 0;   // steps; never inside the warm-up
  int64_t until = 0;  // the first step that is clear of it
  int64_t warmup = 0;
  int64_t steps = 0;     // of the whole run
  double share() const;  // of the steps after warm-up
};

// Of one loss a step, in order. From step p the loss hardly falls until the mean of `window` steps
// is below that at p by 5 % of the way that is left from there to the end. Of a curve that falls
// with the logarithm of the steps no such stretch is longer than a few per cent of the run; a
// model stuck at the words' frequencies makes one, wherever in its start. Error when fewer steps
// than two windows follow the warm-up.
Plateau start_plateau(std::span<const double> losses, int64_t warmup, int64_t window = 20);

struct BaselineMargins {
  double rate_gain = 0.02;     // nats that another rate may end lower
  double seed_spread = 0.05;   // nats from the lowest seed to the highest
  double plateau_share = 0.1;  // of the steps after warm-up
};

struct BaselineEvidence {
  std::vector<RateLosses> rates;      // one of them of factor 1, the baseline itself
  std::vector<double> steps_to_loss;  // of the baseline's seeds to one fixed loss; may be empty
  std::vector<Plateau> plateaus;      // one a seed; may be empty
};

enum class BaselineState { passes, fails, not_checked };
std::string_view name(BaselineState state);  // "not checked"

struct BaselineCheck {
  BaselineState state = BaselineState::not_checked;
  // A clause each: what fails, with its figures; of a check not made: what is missing.
  std::vector<std::string> reasons;
  // What luck could do with as many seeds of the other arm; empty with fewer than two seeds known.
  std::optional<ConvergenceBound> luck;
  // "luck alone could give a step speed-up of 1.12x with 3 seeds"; "" without.
  std::string luck_text;
};

// Fails on any margin; otherwise not checked where no other rate was run. Error without losses at
// factor 1, or for two entries of one factor.
BaselineCheck check_baseline(const BaselineEvidence& evidence, const BaselineMargins& margins = {});

}  // namespace repro::measure
