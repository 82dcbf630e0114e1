#pragma once
// The one account of work: what an arm takes to one of its endings, in steps, tokens, FLOPs and
// seconds, phase by phase, with overheads apart. Runs that were made, runs that are predicted and
// hours that were published are counted alike; prices come on top (measure::bill).

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "measure/cost.hpp"
#include "plan/plan.hpp"

namespace repro::plan {

struct JobWork {
  std::string profile;  // the device it is priced on
  int64_t devices = 1;  // that work on it together
  double steps = 0;     // 0 for a job that trains nothing
  double tokens = 0;    // seen in training
  double flops = 0;     // of these tokens, convention "megatron"
  double flops_palm = 0;
  // On the device that it is priced on: steps x the median step time of equal work, training only.
  double steady_seconds = 0;
  // As measured, on the machine that it ran on: with start, checkpoints and evaluation on the way.
  double billed_seconds = 0;
};

enum class ClockKind { steady, billed };

struct PhaseWork {
  std::string name, title;
  bool overhead = false;
  std::vector<JobWork> jobs;

  double most_steps() const;  // of one job
  double sum(double JobWork::*what) const;
  double hours(
      ClockKind clock = ClockKind::steady) const;  // of the longest job: they run side by side
  // Every device is held until the longest job ends.
  double device_hours(ClockKind clock = ClockKind::steady) const;
};

struct Work {
  std::vector<PhaseWork> phases;

  const PhaseWork* phase(const std::string& name) const;
  double steps() const;  // of the last phase
  // Over all phases but the overheads.
  double sum(double JobWork::*what) const;
  double hours(ClockKind clock = ClockKind::steady) const;
  double device_hours(ClockKind clock = ClockKind::steady) const;

  // For measure::bill: the phases, without or with the overheads.
  std::vector<measure::Phase> to_bill(ClockKind clock, bool overheads) const;
};

// What one job takes; empty = not known (not run, not predictable).
using JobMeter = std::function<std::optional<JobWork>(size_t job)>;

// What the arm takes to this ending; empty when one of the jobs it rests on is not known.
std::optional<Work> resources(const ArmPlan& arm, const Ending& ending, const JobMeter& meter);

// `part` of the way from one to the other, quantity by quantity: between two endings of a ladder.
Work interpolate(const Work& from, const Work& to, double part);
// The same before the last phase's first step.
Work without_last_phase(Work work);

// Steps, tokens and FLOPs of a training of so many tokens, by its own spec; nothing for others.
JobWork count_work(const run::Job& job, double steps, double tokens);

}  // namespace repro::plan
