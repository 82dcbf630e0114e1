#pragma once
// Runs what a job graph lacks in the runs folder of the context: the launcher, the display and the
// interrupts together. What `run` and `data` share.

#include "base/error.hpp"
#include "cli/context.hpp"
#include "run/job.hpp"
#include "run/lock.hpp"

namespace repro::cli {

// Exit::ok when every job is done; Exit::run_failed or Exit::interrupted after their summary was
// printed. `jobs` at a time; 0 = one a core. The lock of the folder is the caller's to hold.
Exit execute_missing(const Context& context, run::RunsLock& lock, const run::JobGraph& graph,
                     int jobs = 0);

}  // namespace repro::cli
