#include "plan/work.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "measure/flops.hpp"

namespace repro::plan {
namespace {

constexpr double kHour = 3600;

double seconds_of(const JobWork& job, ClockKind clock) {
  return clock == ClockKind::steady ? job.steady_seconds : job.billed_seconds;
}

int64_t devices_of(const PhaseWork& phase) {
  int64_t devices = 0;
  for (const JobWork& job : phase.jobs) devices += job.devices;
  return devices;
}

}  // namespace

double PhaseWork::most_steps() const {
  double most = 0;
  for (const JobWork& job : jobs) most = std::max(most, job.steps);
  return most;
}

double PhaseWork::sum(double JobWork::*what) const {
  double total = 0;
  for (const JobWork& job : jobs) total += job.*what;
  return total;
}

double PhaseWork::hours(ClockKind clock) const {
  double longest = 0;
  for (const JobWork& job : jobs) longest = std::max(longest, seconds_of(job, clock));
  return longest / kHour;
}

double PhaseWork::device_hours(ClockKind clock) const {
  return static_cast<double>(devices_of(*this)) * hours(clock);
}

const PhaseWork* Work::phase(const std::string& name) const {
  for (const PhaseWork& one : phases)
    if (one.name == name) return &one;
  return nullptr;
}

double Work::steps() const { return phases.back().most_steps(); }

double Work::sum(double JobWork::*what) const {
  double total = 0;
  for (const PhaseWork& phase : phases) total += phase.overhead ? 0 : phase.sum(what);
  return total;
}

double Work::hours(ClockKind clock) const {
  double total = 0;
  for (const PhaseWork& phase : phases) total += phase.overhead ? 0 : phase.hours(clock);
  return total;
}

double Work::device_hours(ClockKind clock) const {
  double total = 0;
  for (const PhaseWork& phase : phases) total += phase.overhead ? 0 : phase.device_hours(clock);
  return total;
}

std::vector<measure::Phase> Work::to_bill(ClockKind clock, bool overheads) const {
  std::vector<measure::Phase> billed;
  for (const PhaseWork& phase : phases) {
    if (phase.overhead && !overheads) continue;
    measure::Phase one{
        .name = phase.name, .title = phase.title, .jobs = {}, .overhead = phase.overhead};
    for (const JobWork& job : phase.jobs)
      one.jobs.push_back(
          {.hours = seconds_of(job, clock) / kHour, .device = job.profile, .devices = job.devices});
    billed.push_back(std::move(one));
  }
  return billed;
}

std::optional<Work> resources(const run::JobGraph& graph, const ArmPlan& arm, const Ending& ending,
                              const JobMeter& meter) {
  Work work;
  for (size_t i = 0; i < arm.phases.size(); ++i) {
    const PhasePlan& phase = arm.phases[i];
    PhaseWork taken{phase.name, phase.title, phase.overhead, {}};
    const bool known = i < ending.phase_jobs.size();
    for (const size_t job : known ? ending.phase_jobs[i] : jobs_of(graph, phase, ending)) {
      auto one = meter(job);
      if (!one) return std::nullopt;
      one->profile = phase.profile;
      taken.jobs.push_back(std::move(*one));
    }
    work.phases.push_back(std::move(taken));
  }
  return work;
}

Work interpolate(const Work& from, const Work& to, double part) {
  check(from.phases.size() == to.phases.size(), "both are the same arm's");
  Work between = to;
  for (size_t p = 0; p < to.phases.size(); ++p)
    for (size_t j = 0; j < to.phases[p].jobs.size(); ++j) {
      const JobWork& a = from.phases[p].jobs.at(j);
      const JobWork& b = to.phases[p].jobs[j];
      for (const auto what :
           {&JobWork::steps, &JobWork::tokens, &JobWork::flops, &JobWork::flops_palm,
            &JobWork::steady_seconds, &JobWork::billed_seconds})
        between.phases[p].jobs[j].*what = a.*what + part * (b.*what - a.*what);
    }
  return between;
}

Work without_last_phase(Work work) {
  for (JobWork& job : work.phases.back().jobs) {
    const JobWork none{.profile = job.profile, .devices = job.devices};
    job = none;
  }
  return work;
}

JobWork count_work(const run::Job& job, double steps, double tokens) {
  JobWork work{.profile = job.resources.profile, .devices = job.resources.ranks};
  if (job.kind != "train") return work;
  const auto spec = config::from_json<config::TrainSpec>(job.spec, job.name);
  const auto flops = [&](measure::Convention convention) {
    return tokens *
           static_cast<double>(measure::flops_per_token(convention, spec.model, spec.sequence));
  };
  work.steps = steps;
  work.tokens = tokens;
  work.flops = flops(measure::Convention::megatron);
  work.flops_palm = flops(measure::Convention::palm);
  return work;
}

}  // namespace repro::plan
