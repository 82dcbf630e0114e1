#include "findings/timing.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "config/job_spec.hpp"
#include "measure/stats.hpp"

namespace repro::findings {
namespace {

// What decides the time of a step: the shape of the model and of the batch, and how it is computed.
std::string shape_of(const run::Job& job) {
  const auto spec = config::from_json<config::TrainSpec>(job.spec, job.name);
  return nlohmann::json({config::to_json(spec.model), spec.batch, spec.sequence, spec.accumulate,
                         spec.precision, spec.device, spec.threads})
      .dump();
}

struct Kind {
  std::string what;
  std::vector<double> seconds;
};

// By shape, of every training that is done; each job once, whatever arms share it.
struct Kinds {
  std::map<std::string, Kind> by_shape;
  std::vector<std::string> order;
};

void add_job(const Study& study, const StudyRow& row, const plan::PhasePlan& phase, bool whole,
             size_t job, Kinds& kinds) {
  const auto& training = study.outcomes[job].training;
  if (!training || training->steps == 0) return;
  const std::string shape = shape_of(study.plan.graph[job]);
  auto [at, is_new] = kinds.by_shape.try_emplace(shape);
  if (is_new) {
    kinds.order.push_back(shape);
    const std::string& title = study.experiment().model_entries.at(row.model).title;
    at->second.what = whole ? title : title + "'s " + phase.title + "s";
  }
  at->second.seconds.push_back(training->clocks.train / static_cast<double>(training->steps));
}

Kinds kinds_of(const Study& study) {
  Kinds kinds;
  std::vector<bool> seen(study.outcomes.size());
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds)
      for (const plan::ArmPlan& arm : seed.runs.cell().arms)
        for (const plan::PhasePlan& phase : arm.phases)
          for (const size_t job : phase.jobs) {
            if (seen[job]) continue;
            seen[job] = true;
            add_job(study, row, phase, &phase == &arm.last(), job, kinds);
          }
  return kinds;
}

// The work with its training seconds at the median step time of each kind.
void steady(const Study& study, const Kinds& kinds, const plan::ArmPlan& arm,
            const plan::Ending& ending, plan::Work& work) {
  for (size_t p = 0; p < arm.phases.size(); ++p) {
    const auto jobs = plan::jobs_of(study.plan.graph, arm.phases[p], ending);
    for (size_t j = 0; j < jobs.size(); ++j) {
      plan::JobWork& one = work.phases[p].jobs.at(j);
      if (one.steps == 0) continue;
      const auto kind = kinds.by_shape.find(shape_of(study.plan.graph[jobs[j]]));
      if (kind != kinds.by_shape.end())
        one.train_seconds = one.steps * measure::median(kind->second.seconds);
    }
  }
}

std::optional<double> steady_dollars(const Study& study, const Kinds& kinds, const Seed& seed,
                                     size_t arm) {
  const plan::ArmPlan& planned = seed.runs.cell().arms[arm];
  const auto& standing = seed.comparison->arms[arm];
  if (!standing) return std::nullopt;
  auto work = seed.runs.work_at(planned, standing->at);
  if (!work) return std::nullopt;
  steady(study, kinds, planned, planned.endings[standing->deciding], *work);
  const auto bill =
      measure::bill(work->to_bill(plan::ClockKind::train, /*overheads=*/false),
                    [&](const std::string& device) { return study.prices.of(device); }, {});
  return bill.complete() ? std::optional(bill.dollars) : std::nullopt;
}

}  // namespace

std::vector<StepTimes> step_times(const Study& study) {
  std::vector<StepTimes> all;
  const Kinds kinds = kinds_of(study);
  for (const std::string& shape : kinds.order) {
    const Kind& kind = kinds.by_shape.at(shape);
    const auto [least, greatest] = std::minmax_element(kind.seconds.begin(), kind.seconds.end());
    all.push_back({kind.what, *least, measure::median(kind.seconds), *greatest,
                   static_cast<int64_t>(kind.seconds.size())});
  }
  return all;
}

double worst_spread(const Study& study) {
  double worst = 1;
  for (const StepTimes& times : step_times(study)) worst = std::max(worst, times.spread());
  return worst;
}

std::optional<double> steady_saving(const Study& study, const StudyRow& row, size_t arm) {
  const Kinds kinds = kinds_of(study);
  std::vector<double> savings;
  for (const Seed* seed : row.compared()) {
    const auto own = steady_dollars(study, kinds, *seed, arm);
    const auto baseline = steady_dollars(study, kinds, *seed, seed->runs.cell().baseline);
    if (own && baseline) savings.push_back(1 - *own / *baseline);
  }
  return savings.empty() ? std::nullopt : std::optional(measure::mean(savings));
}

}  // namespace repro::findings
