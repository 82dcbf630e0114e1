#include "findings/cell_runs.hpp"

#include <cmath>
#include <span>

#include "base/error.hpp"
#include "measure/stats.hpp"

namespace repro::findings {

using plan::ArmPlan;
using plan::Ending;

const std::vector<std::string>& all_metrics() {
  static const std::vector<std::string> kMetrics = {"train_loss", "unseen_loss", "ppl"};
  return kMetrics;
}

CellRuns::CellRuns(const plan::Plan& plan, const plan::Cell& cell, const Outcomes& outcomes,
                   const Timing& timing)
    : plan_(plan), cell_(cell), outcomes_(outcomes), timing_(timing) {}

const Training* CellRuns::training(size_t job) const {
  const auto& training = outcomes_[job].training;
  return training ? &*training : nullptr;
}

double CellRuns::final_loss(size_t job) const {
  const int64_t window = plan_.experiment.target.window;
  const auto& steps = training(job)->records.steps;
  if (static_cast<int64_t>(steps.size()) < window)
    throw Error(
        "{}: has {} steps, fewer than the {} averaged for its final loss; set target.window",
        outcomes_[job].status.directory, steps.size(), window);
  std::vector<double> last;
  for (const run::StepRecord& step : std::span(steps).last(static_cast<size_t>(window)))
    last.push_back(step.lm_loss);
  return measure::mean(last);
}

std::optional<double> CellRuns::loss(const Ending& ending, const std::string& metric) const {
  if (training(ending.job) == nullptr) return std::nullopt;
  if (metric == "train_loss") return final_loss(ending.job);
  const Measured* found = measured(ending, metric == "ppl" ? "ppl" : "unseen");
  return found ? std::optional(found->loss) : std::nullopt;
}

EndingResult CellRuns::result(const Ending& ending) const {
  const std::string& metric = plan_.experiment.target.metric;
  for (const size_t job : {ending.job, measuring_job(ending, metric)}) {
    const Status& status = outcomes_[job].status;
    if (status.state == run::State::failed) return {true, std::nullopt};
    if (!status.done()) return {};
  }
  return {true, loss(ending, metric)};
}

std::vector<measure::Rung> CellRuns::ladder(const std::vector<Ending>& endings,
                                            const std::string& metric) const {
  std::vector<measure::Rung> ladder;
  for (const Ending& ending : endings)
    if (const auto found = loss(ending, metric)) ladder.push_back({ending.steps, *found});
  return ladder;
}

double CellRuns::difference_error(const Ending& a, const Ending& b) const {
  if (plan_.experiment.target.metric == "train_loss") {
    const auto window = static_cast<size_t>(plan_.experiment.target.window);
    double variance = 0;
    for (const Ending* one : {&a, &b}) {
      const std::vector<double> losses = training(one->job)->records.lm_losses();
      if (window < 2 || losses.size() < window) return 0;
      const auto last = std::span(losses).last(window);
      variance += std::pow(measure::standard_deviation(last), 2) / static_cast<double>(window);
    }
    return std::sqrt(variance);
  }
  const Measured* first = measured(a, "unseen");
  const Measured* second = measured(b, "unseen");
  if (!first || !second || first->blocks.size() != second->blocks.size() ||
      first->blocks.size() < 2)
    return 0;
  std::vector<double> differences;
  for (size_t i = 0; i < first->blocks.size(); ++i)
    differences.push_back(first->blocks[i] - second->blocks[i]);
  return measure::standard_deviation(differences) /
         std::sqrt(static_cast<double>(differences.size()));
}

const Measured* CellRuns::measured(const Ending& ending, const std::string& measure,
                                   size_t reading) const {
  if (reading >= ending.evals.size()) return nullptr;
  const auto& evaluation = outcomes_[ending.evals[reading]].evaluation;
  if (!evaluation) return nullptr;
  const auto found = evaluation->measures.find(measure);
  return found == evaluation->measures.end() ? nullptr : &found->second;
}

std::optional<plan::JobWork> CellRuns::meter(size_t job) const {
  const JobOutcome& outcome = outcomes_[job];
  if (!outcome.status.done()) return std::nullopt;
  plan::JobWork work = outcome.work;
  const auto step_seconds = timing_.step_seconds(job);
  const bool steady = step_seconds && !timing_.is_billed();
  work.steady_seconds = steady ? work.steps * *step_seconds : outcome.seconds;
  work.billed_seconds = outcome.seconds;
  return work;
}

std::optional<plan::Work> CellRuns::work_to(const ArmPlan& arm, const Ending& ending) const {
  auto work = plan::resources(arm, ending, [this](size_t job) { return meter(job); });
  if (!work) return work;
  for (plan::PhaseWork& phase : work->phases)
    for (plan::JobWork& job : phase.jobs) job.steady_seconds *= timing_.relative(job.profile);
  return work;
}

std::optional<plan::Work> CellRuns::work_at(const ArmPlan& arm, double steps) const {
  std::optional<plan::Work> below;
  double steps_below = 0;
  std::optional<plan::Work> work;
  for (const Ending& ending : arm.endings) {
    auto here = work_to(arm, ending);
    if (!here) continue;
    const auto at = static_cast<double>(ending.steps);
    if (!below) below = plan::without_last_phase(*here);
    work = plan::interpolate(*below, *here, (steps - steps_below) / (at - steps_below));
    if (steps <= at) return work;
    // Beyond the longest each step costs what its own did on the mean: on along the last stretch a
    // longer run that was billed less, on a quieter machine, would end below nothing.
    work = plan::interpolate(plan::without_last_phase(*here), *here, steps / at);
    below = std::move(here);
    steps_below = at;
  }
  return work;
}

const Status* CellRuns::obstacle() const {
  const Status* first = nullptr;
  for (const plan::CellJob& one : plan::jobs_of(cell_)) {
    const Status& status = outcomes_[one.job].status;
    if (status.state == run::State::failed && status.wanted) return &status;
    if (first == nullptr && !status.done() && status.wanted) first = &status;
  }
  return first;
}

}  // namespace repro::findings
