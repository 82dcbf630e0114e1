#include "findings/comparison.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "measure/stats.hpp"

namespace repro::findings {
namespace {

using measure::Reach;
using plan::ArmPlan;
using plan::Ending;

EndingReader reader_of(const CellRuns& runs) {
  return [&runs](const Ending& ending) { return runs.result(ending); };
}

// Every ending that is asked for has ended: under a budget all, else as many as the search needs.
bool searched(const CellRuns& runs, const ArmPlan& arm, const measure::LossTarget& target) {
  if (runs.plan().experiment.protocol == plan::Protocol::target)
    return search_ladder(arm.endings, reader_of(runs), target.threshold()).settled;
  return std::all_of(arm.endings.begin(), arm.endings.end(), [&](const Ending& ending) {
    const Status& status = runs[ending.job].status;
    return status.done() || status.state == run::State::failed;
  });
}

// Every phase but the last is done.
bool prepared(const CellRuns& runs, const ArmPlan& arm) {
  for (const plan::PhasePlan& phase : arm.phases)
    for (const size_t job : phase.jobs)
      if (&phase != &arm.last() && !runs[job].status.done()) return false;
  return true;
}

OrderProof prove_order(const Training& reference, const Training& run) {
  OrderProof proof;
  const auto& theirs = reference.records.steps;
  for (size_t i = 0; i < std::min(theirs.size(), run.records.steps.size()); ++i) {
    const run::StepRecord& step = run.records.steps[i];
    if (theirs[i].step != step.step || theirs[i].data_hash != step.data_hash) {
      proof.first_difference = step.step;
      return proof;
    }
    ++proof.compared;
  }
  return proof;
}

// A run that begins at the data's first step and reads the whole corpus must see what the baseline
// saw.
bool reads_the_same(const run::Job& job) {
  return job.spec.value("part", int64_t{-1}) < 0 && job.spec.value("first_step", int64_t{0}) == 0;
}

std::optional<OrderProof> prove_order(const CellRuns& runs, const ArmPlan& arm,
                                      const Training& reference) {
  std::optional<OrderProof> least;
  for (const Ending& ending : arm.endings) {
    const Training* run = runs.training(ending.job);
    if (run == nullptr || !reads_the_same(runs.plan().graph[ending.job])) continue;
    const OrderProof proof = prove_order(reference, *run);
    if (proof.first_difference) return proof;
    if (!least || proof.compared > least->compared) least = proof;
  }
  return least;
}

size_t first_ending_of(const CellRuns& runs, const ArmPlan& arm, double steps) {
  size_t deciding = 0;
  for (size_t i = 0; i < arm.endings.size(); ++i) {
    if (!runs[arm.endings[i].job].status.done()) continue;
    deciding = i;
    if (static_cast<double>(arm.endings[i].steps) >= steps) break;
  }
  return deciding;
}

// Of training losses, whatever the manifest's metric.
std::optional<measure::StepsToTarget> first_touch(const CellRuns& runs, const ArmPlan& arm) {
  const plan::Cell& cell = runs.cell();
  const Ending& reference = cell.arms[cell.baseline].endings[cell.reference];
  const measure::LossTarget target{runs.final_loss(reference.job),
                                   runs.plan().experiment.target.tolerance};
  const Training* longest = nullptr;
  for (const Ending& ending : arm.endings)
    if (const Training* run = runs.training(ending.job)) longest = run;
  const int64_t window = runs.plan().experiment.target.window;
  if (longest == nullptr || static_cast<int64_t>(longest->records.steps.size()) < window)
    return std::nullopt;
  return measure::first_crossing(longest->records.step_numbers(), longest->records.lm_losses(),
                                 target, {.window = window, .sustain = 1});
}

void add_metrics(const CellRuns& runs, const ArmPlan& arm, Standing& standing) {
  const plan::Cell& cell = runs.cell();
  const Ending& reference = cell.arms[cell.baseline].endings[cell.reference];
  for (const std::string& metric : all_metrics()) {
    const auto loss = runs.loss(reference, metric);
    const auto ladder = runs.ladder(arm.endings, metric);
    if (!loss || ladder.empty()) continue;
    const measure::LossTarget target{*loss, runs.plan().experiment.target.tolerance};
    standing.by_metric.push_back({metric, measure::smallest_horizon(ladder, target)});
  }
}

const Ending& ending_of(const ArmPlan& arm, int64_t steps) {
  const auto at = std::find_if(arm.endings.begin(), arm.endings.end(),
                               [&](const Ending& one) { return one.steps == steps; });
  check(at != arm.endings.end(), "the ladder's rungs are the arm's endings");
  return *at;
}

// How far the estimate between two endings may be off: by the bend of the curve between them, which
// a third ending shows, and by the losses that were measured on finite text.
void add_errors(const CellRuns& runs, const ArmPlan& arm, const measure::LossTarget& target,
                Standing& standing) {
  const plan::Cell& cell = runs.cell();
  const Ending& reference = cell.arms[cell.baseline].endings[cell.reference];
  const double slope = measure::slope_at(standing.ladder, *standing.to_target);
  if (slope == 0) return;
  standing.rung_error = measure::rung_error(standing.ladder, *standing.to_target, target);
  const double error = runs.difference_error(ending_of(arm, standing.to_target->by), reference);
  standing.target_error =
      measure::normal_quantile(0.975) * error / std::abs(slope) * standing.to_target->estimate;
}

void stand_at_target(const CellRuns& runs, const ArmPlan& arm, const measure::LossTarget& target,
                     Standing& standing) {
  const auto to_target = measure::smallest_horizon(standing.ladder, target);
  standing.to_target = to_target;
  add_metrics(runs, arm, standing);
  if (to_target.reach == Reach::reached) add_errors(runs, arm, target, standing);
  standing.first_touch = first_touch(runs, arm);
  standing.reach = to_target.reach;
  standing.at = to_target.estimate;
  // Reached by the first rung already: anything from no step at all is possible.
  standing.least = static_cast<double>(to_target.after);
  if (to_target.reach != Reach::not_reached) standing.most = static_cast<double>(to_target.by);
  standing.deciding = first_ending_of(runs, arm, static_cast<double>(to_target.by));
}

// Work in the budget's own measure; empty where a price is missing.
std::optional<double> spent(const plan::Work& work, const std::string& equal,
                            const Prices& prices) {
  if (equal == "steps") return work.steps();
  if (equal == "flops") return work.sum(&plan::JobWork::flops);
  if (equal == "hours") return work.device_hours();
  if (equal == "tokens") return work.sum(&plan::JobWork::tokens);
  return dollars_of(work, prices);
}

void stand_exactly(const CellRuns& runs, const ArmPlan& arm, double steps, Standing& standing) {
  standing.at = standing.least = steps;
  standing.most = steps;
  standing.deciding = first_ending_of(runs, arm, steps);
}

// Where the ladder has spent what the baseline has: linear between two endings. An ending within a
// hundredth of the budget spends it.
bool stand_at_budget(const CellRuns& runs, const ArmPlan& arm, double budget, const Prices& prices,
                     Standing& standing) {
  constexpr double kSame = 0.01;
  const std::string& equal = runs.plan().experiment.budget.equal;
  double steps_before = 0, spent_before = 0, last_steps = 0;
  for (const Ending& ending : arm.endings) {
    const auto work = runs.work_to(arm, ending);
    const auto cost = work ? spent(*work, equal, prices) : std::nullopt;
    if (!cost) continue;
    const auto steps = static_cast<double>(ending.steps);
    last_steps = steps;
    if (std::abs(*cost - budget) <= kSame * budget) {
      stand_exactly(runs, arm, steps, standing);
      return true;
    }
    if (*cost > budget) {
      const double part = (budget - spent_before) / (*cost - spent_before);
      stand_exactly(runs, arm, steps_before + part * (steps - steps_before), standing);
      standing.deciding = first_ending_of(runs, arm, steps);
      if (steps_before == 0) {
        standing.reach = Reach::at_most;
        standing.least = 0;
        standing.most = steps;
      }
      return true;
    }
    steps_before = steps;
    spent_before = *cost;
  }
  if (last_steps == 0) return false;
  stand_exactly(runs, arm, last_steps, standing);
  standing.reach = Reach::not_reached;
  standing.most.reset();
  return true;
}

std::optional<Standing> stand(const CellRuns& runs, const ArmPlan& arm,
                              const measure::LossTarget& target, std::optional<double> budget,
                              const Prices& prices) {
  Standing standing;
  standing.ladder = runs.ladder(arm.endings, runs.plan().experiment.target.metric);
  const plan::Cell& cell = runs.cell();
  const ArmPlan& baseline = cell.arms[cell.baseline];
  const Ending& reference = baseline.endings[cell.reference];
  if (&arm == &baseline) {
    stand_exactly(runs, arm, static_cast<double>(reference.steps), standing);
    return standing;
  }
  if (!prepared(runs, arm) || !searched(runs, arm, target) || standing.ladder.empty())
    return std::nullopt;
  standing.order = prove_order(runs, arm, *runs.training(reference.job));
  if (runs.plan().experiment.protocol == plan::Protocol::target)
    stand_at_target(runs, arm, target, standing);
  else if (!budget || !stand_at_budget(runs, arm, *budget, prices, standing))
    return std::nullopt;
  return standing;
}

}  // namespace

Prices::Prices(const config::PriceSnapshot& snapshot) {
  for (const config::Offer& offer : snapshot.offers)
    if (!dollars_.contains(offer.profile))
      if (const auto spread = snapshot.spread(offer.profile))
        dollars_[offer.profile] = spread->median;
}

std::optional<double> Prices::of(const std::string& profile) const {
  const auto at = dollars_.find(profile);
  return at == dollars_.end() ? std::nullopt : std::optional(at->second);
}

Prices Prices::with(const std::string& profile, double dollars) const {
  Prices other = *this;
  other.dollars_[profile] = dollars;
  other.given_.insert(profile);
  return other;
}

std::optional<double> dollars_of(const plan::Work& work, const Prices& prices) {
  const auto bill = measure::bill(work.to_bill(plan::ClockKind::steady, /*overheads=*/false),
                                  [&](const std::string& device) { return prices.of(device); }, {});
  return bill.complete() ? std::optional(bill.dollars) : std::nullopt;
}

std::optional<Comparison> compare(const CellRuns& runs, const Prices& prices) {
  const plan::Cell& cell = runs.cell();
  const ArmPlan& baseline = cell.arms[cell.baseline];
  const Ending& reference = baseline.endings[cell.reference];
  if (runs.training(reference.job) == nullptr) return std::nullopt;
  const plan::Experiment& experiment = runs.plan().experiment;
  Comparison result;
  const auto loss = runs.loss(reference, experiment.target.metric);
  if (!loss) return std::nullopt;
  result.target = {*loss, experiment.target.tolerance};
  const auto work = runs.work_to(baseline, reference);
  const auto budget = work ? spent(*work, experiment.budget.equal, prices) : std::nullopt;
  for (const ArmPlan& arm : cell.arms)
    result.arms.push_back(stand(runs, arm, result.target, budget, prices));
  return result.arms[cell.baseline] ? std::optional(result) : std::nullopt;
}

}  // namespace repro::findings
