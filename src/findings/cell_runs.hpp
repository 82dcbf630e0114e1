#pragma once
// The runs of one cell and one seed, as questions are asked of them: losses of endings, errors of
// their differences, and what it takes to make an arm's steps.

#include <optional>
#include <string>
#include <vector>

#include "findings/outcomes.hpp"
#include "findings/search.hpp"
#include "findings/timing.hpp"
#include "measure/steps_to_target.hpp"
#include "plan/plan.hpp"
#include "plan/work.hpp"

namespace repro::findings {

// What an ending can be compared by: "train_loss", "unseen_loss", "ppl" (its logarithm).
const std::vector<std::string>& all_metrics();

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
  // Final losses of those endings that have one in the metric, in the endings' order.
  std::vector<measure::Rung> ladder(const std::vector<plan::Ending>& endings,
                                    const std::string& metric) const;
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

}  // namespace repro::findings
