#pragma once
// When does a training reach a target loss? Two definitions that must not be mixed. Inside one run:
// the first crossing, known only to an interval of the evaluation cadence. Over a ladder of runs of
// different horizons (a cosine run's loss depends on where it ends): the smallest horizon whose
// final loss reaches the target. Failing to reach is an outcome, never a missing row.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace repro::measure {

// Mean of the last `window` values; Error when there are fewer.
double window_mean(std::span<const double> losses, int64_t window);

struct LossTarget {
  double loss = 0;       // nats a token
  double tolerance = 0;  // reached when loss <= loss + tolerance
  double threshold() const { return loss + tolerance; }
};
// From the full arm's step losses: the mean of its last `window` steps.
LossTarget target_from(std::span<const double> full_losses, int64_t window, double tolerance);

enum class Reach {
  reached,      // after < steps <= by
  at_most,      // the first point observed already reaches it: "<= N"
  not_reached,  // the last one does not: ">= N"
};

struct StepsToTarget {
  Reach reach = Reach::not_reached;
  int64_t after = 0;     // last failing point (0 when at_most)
  int64_t by = 0;        // first passing point; not_reached: the last point, which failed
  double estimate = 0;   // reached: interpolated linearly in log-step; otherwise the bound itself
  bool monotone = true;  // false: a later point fails again (ladder), or the hold was broken (run)
  std::string text() const;  // "4,113 (3,900 to 4,200]", "<= 90", ">= 540"
};

struct CrossingRule {
  int64_t window = 1;   // losses are averaged over this many points, ending at the point
  int64_t sustain = 1;  // the average must hold at this many points in a row; the first one counts
};
// Within one run: `steps` increasing, `losses` at those steps. Error when lengths differ, nothing
// was recorded, or fewer than `window` points.
StepsToTarget first_crossing(std::span<const int64_t> steps, std::span<const double> losses,
                             const LossTarget& target, const CrossingRule& rule = {});

struct Rung {
  int64_t steps = 0;      // the run's horizon
  double final_loss = 0;  // window mean at its end; not finite = the run diverged, a failure
};
// Over finished runs of increasing horizon; Error when empty or not increasing.
StepsToTarget smallest_horizon(std::span<const Rung> ladder, const LossTarget& target);

// Nats by which the loss changes an e-fold of steps, between the rungs of a reached target; 0 when
// it was not reached between two rungs with finite losses.
double slope_at(std::span<const Rung> ladder, const StepsToTarget& steps);
// Steps by which the estimate would move if the curve between its rungs were bent as the nearest
// third rung says; a quarter of the bracket where there is no third rung.
double rung_error(std::span<const Rung> ladder, const StepsToTarget& steps,
                  const LossTarget& target);

}  // namespace repro::measure
