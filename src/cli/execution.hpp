#pragma once
// Runs what a job graph lacks in the runs folder of the context: the lock, the launcher, the
// display and the interrupts together. What `run`, `data` and `profile` share.

#include <string>

#include "base/error.hpp"
#include "cli/context.hpp"
#include "run/job.hpp"

namespace repro::cli {

struct ExecutionOptions {
  int jobs = 0;       // at a time; 0 = one a core
  bool wait = false;  // for another `repro` that holds the folder
};

// Error when the folder is held by another process. Exit::ok when every job is done;
// Exit::run_failed or Exit::interrupted after their summary was printed.
Exit execute_missing(const Context& context, const run::JobGraph& graph, const std::string& purpose,
                     const ExecutionOptions& options);

}  // namespace repro::cli
