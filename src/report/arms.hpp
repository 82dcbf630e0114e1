#pragma once
// The two arms of one cell and one seed side by side: when the fine-tune reaches the full arm's
// final training loss, and what everything up to there costs in steps, samples, FLOPs, hours and
// dollars. Hours are billed wall time of this plan's runs, whatever machine they ran on; dollars
// are these hours at the price of the phase's device.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "config/prices.hpp"
#include "measure/cost.hpp"
#include "measure/steps_to_target.hpp"
#include "report/gather.hpp"

namespace repro::report {

// Dollars a device and hour; empty = the snapshot has no offer for the device.
struct Prices {
  std::optional<double> full, submodel, finetune;
  // Price of the submodels' device / price of the full arm's.
  std::optional<double> ratio() const;
};
Prices prices_of(const config::Experiment& experiment, const config::PriceSnapshot& snapshot);

// What the DisCo arm has taken when its fine-tune has made `steps` steps, beside the full arm.
// Ratios are DisCo / full, except the speed-ups, which are full / DisCo.
struct Effort {
  double steps = 0;  // of the fine-tune
  double finetune_hours = 0;
  double step_speedup = 0;     // full steps / fine-tune steps: submodels not counted
  double wall_speedup = 0;     // full / (longest submodel + fine-tune)
  double sample_ratio = 0;     // tokens, submodels counted
  double flop_ratio_palm = 0;  // by C7's conventions
  double flop_ratio_megatron = 0;
  double device_hour_ratio = 0;  // makespan: all submodel devices until the longest ends
  double break_even_ratio = 0;   // price ratio above which nothing is saved
  std::optional<double> full_dollars, submodel_dollars, finetune_dollars,
      saving;                             // paper's billing
  std::optional<double> usage_saving;     // each submodel pays for its own hours
  std::optional<double> overhead_saving;  // and the measured overheads: clustering, merging
  std::optional<double> training_saving;  // hours of training alone, without evaluation and start
};

// The fine-tune against the full arm: did both see the same tokens in the same order?
struct OrderProof {
  int64_t compared = 0;  // steps both recorded
  std::optional<int64_t> first_difference;
};

struct Comparison {
  measure::Target target;
  std::vector<measure::Rung> ladder;  // done rungs
  measure::StepsToTarget to_target;
  std::optional<measure::StepsToTarget> first_touch;  // inside the longest run of the ladder
  OrderProof order;                                   // over all rungs: least agreement
  size_t deciding = 0;         // index into finetunes: the first rung that reaches, else the last
  Effort at;                   // at the estimate (or the bound itself)
  Effort least;                // at the fewest steps that the evidence allows
  std::optional<Effort> most;  // at the most; empty = not reached, so no bound

  bool reached() const { return to_target.outcome != measure::Outcome::not_reached; }
};

// Empty when the full arm, a submodel, the merge or every rung is missing, or a rung is still to
// come; a failed rung is left out of the ladder.
std::optional<Comparison> compare(const CellOutcome& outcome, const config::Experiment& experiment,
                                  const Prices& prices);

// Mean lm_loss over the last `window` steps of a done run.
double final_loss(const Training& run, int64_t window);

}  // namespace repro::report
