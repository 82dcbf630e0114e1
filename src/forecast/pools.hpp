#pragma once
// What each job of a plan takes on the device that it is planned on, for a schedule over pools of
// devices.

#include <vector>

#include "forecast/plan_rows.hpp"
#include "forecast/prediction.hpp"
#include "run/job.hpp"

namespace repro::forecast {

struct JobSeconds {
  std::vector<double> seconds;  // by job; 0 = done, not counted, or not known
  bool whole = true;            // false: of a job that is to run nothing is known
};
// A row's hours are those of all its jobs: shared out by the work of each.
JobSeconds seconds_on_profiles(const run::JobGraph& graph, const std::vector<PlanRow>& rows,
                               const std::vector<bool>& done, const MachineSpeed& speed);

// By job, of those seconds: how far apart its checkpoints lie; 0 = it writes none, or how many
// steps it makes is not known.
std::vector<double> seconds_between_checkpoints(const run::JobGraph& graph,
                                                const std::vector<double>& seconds);

}  // namespace repro::forecast
