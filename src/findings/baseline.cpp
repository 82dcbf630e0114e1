#include "findings/baseline.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "config/job_spec.hpp"

namespace repro::findings {
namespace {

constexpr int64_t kPlateauWindow = 20;  // steps

const plan::Ending& reference_of(const plan::Cell& cell) {
  return cell.arms[cell.baseline].endings[cell.reference];
}

// Losses of the baseline over the seeds that are done, in the manifest's metric.
measure::RateLosses own_losses(const StudyRow& row, const std::string& metric) {
  measure::RateLosses losses;
  for (const Seed& seed : row.seeds)
    if (const auto loss = seed.runs.loss(reference_of(seed.runs.cell()), metric))
      losses.final_losses.push_back(*loss);
  return losses;
}

std::optional<measure::Plateau> plateau_of(const Seed& seed) {
  const size_t job = reference_of(seed.runs.cell()).job;
  const Training* training = seed.runs.training(job);
  if (training == nullptr) return std::nullopt;
  const auto spec =
      config::from_json<config::TrainSpec>(seed.runs.plan().graph[job].spec, "a training");
  const auto warmup = std::llround(spec.optimizer.warmup * static_cast<double>(training->steps));
  const std::vector<double> losses = training->records.lm_losses();
  if (static_cast<int64_t>(losses.size()) < warmup + 2 * kPlateauWindow) return std::nullopt;
  return measure::start_plateau(losses, warmup, kPlateauWindow);
}

// Steps of each seed's baseline to the training loss that all of them reach.
std::vector<double> steps_to_common_loss(const StudyRow& row, int64_t window) {
  std::vector<const Training*> trainings;
  double worst = -INFINITY;
  for (const Seed& seed : row.seeds) {
    const size_t job = reference_of(seed.runs.cell()).job;
    if (const Training* training = seed.runs.training(job)) {
      trainings.push_back(training);
      worst = std::max(worst, seed.runs.final_loss(job));
    }
  }
  std::vector<double> steps;
  for (const Training* training : trainings) {
    const auto crossing =
        measure::first_crossing(training->records.step_numbers(), training->records.lm_losses(),
                                {worst, 0}, {.window = window, .sustain = 1});
    if (crossing.reach == measure::Reach::reached) steps.push_back(crossing.estimate);
  }
  return steps;
}

}  // namespace

std::optional<measure::BaselineCheck> check_baseline(const plan::Experiment& experiment,
                                                     const StudyRow& row) {
  measure::BaselineEvidence evidence;
  const measure::RateLosses own = own_losses(row, experiment.target.metric);
  if (own.final_losses.empty()) return std::nullopt;
  const auto& choice = row.rates[row.seeds.front().runs.cell().baseline];
  if (choice)
    for (size_t rate = 0; rate < choice->rates.size(); ++rate)
      evidence.rates.push_back({choice->rates[rate], choice->losses[rate]});
  else
    evidence.rates = {own};
  evidence.steps_to_loss = steps_to_common_loss(row, experiment.target.window);
  for (const Seed& seed : row.seeds)
    if (const auto plateau = plateau_of(seed)) evidence.plateaus.push_back(*plateau);
  return measure::check_baseline(evidence, {.rate_gain = experiment.check.rate_margin,
                                            .seed_spread = experiment.check.seed_margin,
                                            .plateau_share = experiment.check.plateau_margin});
}

std::string baseline_text(const measure::BaselineCheck& check) {
  const std::string state(measure::name(check.state));
  return check.reasons.empty() ? state : state + ": " + join(check.reasons, "; ");
}

}  // namespace repro::findings
