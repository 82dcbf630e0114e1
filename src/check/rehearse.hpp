#pragma once
// Job graphs in which trainings are rehearsed: the same once more from a start beside its own, with
// a fault, or ended and continued. What such a training reads stays as it is, what reads it follows
// it.

#include <cstdint>
#include <string>
#include <vector>

#include "config/job_spec.hpp"
#include "plan/plan.hpp"
#include "run/job.hpp"

namespace repro::checks {

// A training or an evaluation of a plan.
struct NamedJob {
  size_t job = 0;
  std::string training;  // "qwen_moe-c4-full": without the seed
  int64_t seed = 0;
  bool evaluates = false;  // it measures the training's model
};
std::vector<NamedJob> named_jobs(const plan::Plan& plan);

// The training that faults are made in: the baseline's, to its own end, in the plan's first cell.
// Its name, and by seed its job.
struct Rehearsed {
  std::string training;
  std::vector<std::pair<int64_t, size_t>> jobs;
};
Rehearsed rehearsed_training(const plan::Plan& plan);

// Adds to `graph` what `of` says of the jobs, and what reads them, once more; `place`: by job of
// the first `place.size()` ones where it is now. Only trainings are rehearsed.
std::vector<size_t> rehearse(run::JobGraph& graph, const std::vector<size_t>& jobs,
                             const config::RehearsalSpec& how);

// The same jobs where they are now.
std::vector<NamedJob> moved(std::vector<NamedJob> jobs, const std::vector<size_t>& place);

// By how much of themselves the initial weights of a twin differ: so much that rounding anew, which
// another kernel does, changes no more.
double twin_jitter(const std::string& precision);

}  // namespace repro::checks
