#pragma once
// How long a job graph takes, by simulating its schedule: over pools of devices, where devices fail
// and a queue makes jobs wait. Knows no process, no file and no clock.

#include <cstdint>
#include <vector>

#include "launch/schedule.hpp"
#include "run/job.hpp"

namespace repro::launch {

// What delays jobs besides their order. Waits and failures are drawn from exponential
// distributions, each a pure function of (seed, job, try).
struct Troubles {
  double failures_per_device_hour = 0;  // a job begins again when one of its devices fails
  double queue_seconds = 0;  // on average, before each start; the devices count as taken meanwhile
  // By job: between its checkpoints, so at most that much work is lost; 0 = it has none.
  std::vector<double> checkpoint_seconds = {};  // {} = no job has any
  uint64_t seed = 0;
};

struct Simulated {
  double seconds = 0;  // until the last job ends
  int64_t failures = 0;
  double lost_seconds = 0;   // of work that was done again
  double queue_seconds = 0;  // waited, of all starts
  bool finished = true;      // false: given up, because failures come faster than checkpoints
};

// `seconds`: by job, what remains of it; 0 = done. Of the options `retries` and `ahead` do not
// count.
Simulated simulate(const run::JobGraph& graph, const std::vector<double>& seconds,
                   ScheduleOptions options, const Troubles& troubles);

// Without troubles: seconds from now until all of it is done.
double makespan(const run::JobGraph& graph, const std::vector<double>& seconds,
                const ScheduleOptions& options);

// Of `times` simulations with seeds of their own, ascending by seconds.
std::vector<Simulated> simulate_often(const run::JobGraph& graph,
                                      const std::vector<double>& seconds,
                                      const ScheduleOptions& options, Troubles troubles,
                                      int64_t times);

}  // namespace repro::launch
