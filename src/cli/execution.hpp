#pragma once
// Runs what a job graph lacks in the runs folder of the context: the launcher, the display and the
// interrupts together. What `run` and `data` share.

#include <functional>
#include <vector>

#include "base/error.hpp"
#include "cli/context.hpp"
#include "run/job.hpp"
#include "run/lock.hpp"

namespace repro::cli {

// By job: whose results are wanted, as far as the done ones tell.
using WantedJobs = std::function<std::vector<bool>()>;

// Exit::ok when every wanted job is done (empty = all are); Exit::run_failed or Exit::interrupted
// after their summary was printed. `jobs` at a time; 0 = one a core. The lock of the folder is the
// caller's to hold.
Exit execute_missing(const Context& context, run::RunsLock& lock, const run::JobGraph& graph,
                     int jobs = 0, const WantedJobs& wanted = {});

}  // namespace repro::cli
