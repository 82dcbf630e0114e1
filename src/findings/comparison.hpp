#pragma once
// The arms of one cell and one seed side by side, under the manifest's protocol. Target: how many
// steps of its last phase an arm needs to reach the baseline's final training loss. Budget: how
// many it may make for what the baseline has spent. Either way an arm has a standing: a number of
// steps, what is left open around it, and the ending whose model stands for it.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/prices.hpp"
#include "findings/outcomes.hpp"
#include "findings/search.hpp"
#include "findings/timing.hpp"
#include "measure/steps_to_target.hpp"
#include "plan/plan.hpp"
#include "plan/work.hpp"

namespace repro::findings {

// An arm against the baseline: did both see the same tokens in the same order?
struct OrderProof {
  int64_t compared = 0;  // steps both recorded
  std::optional<int64_t> first_difference;
};

// Steps to the baseline's loss in one metric: "train_loss", "unseen_loss", "ppl" (log of it).
struct MetricSteps {
  std::string metric;
  measure::StepsToTarget steps;
};

struct Standing {
  // Steps of the last phase: the estimate, the fewest and the most that the evidence allows.
  double at = 0;
  double least = 0;
  std::optional<double> most;  // empty: more than the longest ending, how many nobody knows
  measure::Reach reach = measure::Reach::reached;
  // Half widths at 95 % around `at`, in steps: of the line between two endings, and of losses that
  // are measured on finite text.
  double rung_error = 0;
  double target_error = 0;
  std::optional<measure::StepsToTarget> to_target;  // protocol target; not of the baseline
  std::vector<MetricSteps> by_metric;  // protocol target: the same by each metric there is
  std::optional<measure::StepsToTarget> first_touch;  // training loss, inside the longest run
  std::vector<measure::Rung> ladder;  // endings that are done, by the manifest's metric
  size_t deciding = 0;  // index of an ending: the first that is long enough, else the last done
  std::optional<OrderProof>
      order;  // over all endings, least agreement; empty: other data by design
};

struct Comparison {
  measure::LossTarget target;  // of the baseline's reference ending, in the manifest's metric
  // By arm; empty = a run that the arm needs is missing. The baseline's is always there.
  std::vector<std::optional<Standing>> arms;
};

// Dollars a device and hour; empty = the snapshot has no offer for the device.
class Prices {
 public:
  Prices() = default;
  explicit Prices(const config::PriceSnapshot& snapshot) : snapshot_(&snapshot) {}
  std::optional<double> of(const std::string& profile) const;
  // The same with another price of one device.
  Prices with(const std::string& profile, double dollars) const;

 private:
  const config::PriceSnapshot* snapshot_ = nullptr;
  std::map<std::string, double> instead_;
};

// Everything about one cell that questions are asked of. What is passed must outlive it.
class CellRuns {
 public:
  CellRuns(const plan::Plan& plan, const plan::Cell& cell, const Outcomes& outcomes,
           const Timing& timing);
  // The same runs with another account of their time.
  CellRuns timed(const Timing& timing) const { return {plan_, cell_, outcomes_, timing}; }

  const plan::Plan& plan() const { return plan_; }
  const plan::Cell& cell() const { return cell_; }
  const JobOutcome& operator[](size_t job) const { return outcomes_[job]; }
  const Training* training(size_t job) const;  // null unless it is done
  // Of an ending's final model in one metric, nats; empty when the run or the measure is missing.
  std::optional<double> loss(const plan::Ending& ending, const std::string& metric) const;
  // In the manifest's metric, for a search.
  EndingResult result(const plan::Ending& ending) const;
  // Standard error of loss(a) - loss(b) in the manifest's metric. Of unseen losses it is paired:
  // both were measured on the same blocks of text; training losses average batches of their own. 0
  // where nothing tells it.
  double difference_error(const plan::Ending& a, const plan::Ending& b) const;
  // Mean lm_loss over the last `target.window` steps of a done training; Error when it is shorter.
  double final_loss(size_t job) const;
  // A measure of an ending's model under one reading; null when it was not taken.
  const Measured* measured(const plan::Ending& ending, const std::string& measure,
                           size_t reading = 0) const;

  // What an arm takes when its last phase makes so many steps: linear between its done endings, and
  // from nothing to the first. Empty when a run it rests on is missing.
  std::optional<plan::Work> work_at(const plan::ArmPlan& arm, double steps) const;
  // What makes it to one ending.
  std::optional<plan::Work> work_to(const plan::ArmPlan& arm, const plan::Ending& ending) const;

  // The first job that is not done, failed ones before the others; null when all are.
  const Status* obstacle() const;

 private:
  std::optional<plan::JobWork> meter(size_t job) const;

  const plan::Plan& plan_;
  const plan::Cell& cell_;
  const Outcomes& outcomes_;
  const Timing& timing_;
};

// Empty when the baseline's reference run is missing; an arm without a standing lacks a run, or one
// of the endings that its search asks for is still to come (a failed one is left out of the
// ladder).
std::optional<Comparison> compare(const CellRuns& runs, const Prices& prices);

}  // namespace repro::findings
