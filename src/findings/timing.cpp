#include "findings/timing.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "config/job_spec.hpp"

namespace repro::findings {
namespace {

// What decides the time of a step: the shape of the model and of the batch, and how it is computed.
std::string shape_of(const run::Job& job) {
  const auto spec = config::from_json<config::TrainSpec>(job.spec, job.name);
  return nlohmann::json({config::to_json(spec.model), spec.batch, spec.sequence, spec.accumulate,
                         spec.precision, spec.device, spec.threads, spec.ranks})
      .dump();
}

// Seconds of each recorded step of a run, ascending; its mean where it recorded none.
std::vector<double> step_seconds_of(const Training& run) {
  std::vector<double> seconds;
  int64_t step = 0;
  double clock = 0;
  for (const run::StepRecord& record : run.records.steps) {
    if (record.step > step)
      seconds.push_back((record.clocks.train - clock) / static_cast<double>(record.step - step));
    step = record.step;
    clock = record.clocks.train;
  }
  if (seconds.empty()) seconds = {run.clocks.train / static_cast<double>(run.steps)};
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

measure::Interval middle_half(const std::vector<double>& ascending) {
  const size_t quarter = ascending.size() / 4;
  return {ascending[quarter], ascending[ascending.size() - 1 - quarter]};
}

struct Kind {
  std::string what;
  std::vector<double> medians;    // a run each
  measure::Interval within = {};  // of the last run's steps
};

StepTimes times_of(const Kind& kind) {
  const auto [least, greatest] = std::minmax_element(kind.medians.begin(), kind.medians.end());
  return {.what = kind.what,
          .least = *least,
          .median = measure::median(kind.medians),
          .greatest = *greatest,
          .runs = static_cast<int64_t>(kind.medians.size()),
          .interval = kind.medians.size() == 1 ? kind.within : median_interval(kind.medians)};
}

// How many of n values may lie below the median's interval and as many above: P(Bin(n, 1/2) < k) <=
// 2.5 %. 0 = too few values.
size_t values_outside(size_t n) {
  double probability = std::pow(0.5, static_cast<double>(n)), below = 0;
  for (size_t k = 0; k < n; ++k) {
    below += probability;
    if (below > 0.025) return k;
    probability *= static_cast<double>(n - k) / static_cast<double>(k + 1);
  }
  return n;
}

}  // namespace

measure::Interval median_interval(std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  const double median = measure::median(seconds);
  if (!(seconds.front() > 0)) return {seconds.front(), seconds.back()};  // clocks that stood still
  // Ratios, because a slow neighbour multiplies.
  const double factor = std::exp(std::log(seconds.back() / seconds.front()) /
                                 std::sqrt(static_cast<double>(seconds.size())));
  measure::Interval interval{median / factor, median * factor};
  if (const size_t outside = values_outside(seconds.size()); outside > 0)
    interval = {std::min(interval.low, seconds[outside - 1]),
                std::max(interval.high, seconds[seconds.size() - outside])};
  return interval;
}

Timing::Timing(const plan::Plan& plan, const Outcomes& outcomes, Speeds speeds)
    : speeds_(std::move(speeds)) {
  std::vector<std::optional<size_t>> kind_of_job(outcomes.size());
  std::map<std::string, size_t> by_shape;
  std::vector<Kind> kinds;
  const auto add = [&](const plan::Cell& cell, const plan::ArmPlan& arm,
                       const plan::PhasePlan& phase, size_t job) {
    const auto& training = outcomes[job].training;
    if (!training || training->steps == 0 || kind_of_job[job]) return;
    const auto [at, is_new] = by_shape.try_emplace(shape_of(plan.graph[job]), kinds.size());
    if (is_new) {
      const std::string& title = plan.experiment.model_entries.at(cell.model).title;
      kinds.push_back({&phase == &arm.last() ? title : title + "'s " + phase.title + "s", {}});
    }
    const std::vector<double> seconds = step_seconds_of(*training);
    kinds[at->second].medians.push_back(measure::median(seconds));
    kinds[at->second].within = middle_half(seconds);
    kind_of_job[job] = at->second;
  };
  for (const plan::Cell& cell : plan.cells)
    for (const plan::ArmPlan& arm : cell.arms)
      for (const plan::PhasePlan& phase : arm.phases)
        for (const auto* jobs : {&phase.jobs, &phase.tuned})
          for (const size_t job : *jobs) add(cell, arm, phase, job);
  for (const Kind& kind : kinds) kinds_.push_back(times_of(kind));
  kind_of_job_ = std::make_shared<const decltype(kind_of_job)>(std::move(kind_of_job));
}

double Timing::worst_spread() const {
  double worst = 1;
  for (const StepTimes& times : kinds_) worst = std::max(worst, times.spread());
  return worst;
}

std::optional<double> Timing::step_seconds(size_t job) const {
  if (!kind_of_job_ || job >= kind_of_job_->size()) return std::nullopt;
  const std::optional<size_t> kind = (*kind_of_job_)[job];
  return kind ? std::optional(kinds_[*kind].median) : std::nullopt;
}

Timing Timing::with_speeds(Speeds speeds) const {
  Timing other = *this;
  other.speeds_ = std::move(speeds);
  return other;
}

Timing Timing::with_step_seconds(size_t kind, double seconds) const {
  Timing other = *this;
  other.kinds_[kind].median = seconds;
  return other;
}

Timing Timing::as_billed() const {
  Timing other = *this;
  other.billed_ = true;
  return other;
}

}  // namespace repro::findings
