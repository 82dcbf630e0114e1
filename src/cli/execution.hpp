#pragma once
// Runs what a job graph lacks in the runs folder of the context: the launcher, the display and the
// interrupts together. What `run` and `data` share.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "cli/context.hpp"
#include "run/job.hpp"
#include "run/lock.hpp"

namespace CLI {
class App;
}

namespace repro::cli {

// How and where jobs are started.
struct ExecutionChoice {
  int jobs = 0;  // at a time; 0 = one a core, one a device of the pools, or what the site allows
  std::vector<std::string> pools = {};  // "PROFILE=DEVICES"
  std::string launcher = "local";       // or "slurm"
  std::string site = {};                // of slurm; "" = the only one there is
  bool detach = false;                  // leave the jobs to the queue
  std::filesystem::path worker = {};    // of local jobs; "" = the one beside this program
};
// `choice` must outlive the verb.
void add_execution_options(CLI::App& verb, ExecutionChoice& choice);

// By job: whose results are wanted, as far as the done ones tell.
using WantedJobs = std::function<std::vector<bool>()>;

// Exit::ok when every wanted job is done (empty = all are), or all that may be are in a queue that
// was asked for; Exit::run_failed or Exit::interrupted after their summary was printed. The lock of
// the folder is the caller's to hold.
Exit execute_missing(const Context& context, run::RunsLock& lock, const run::JobGraph& graph,
                     const ExecutionChoice& choice = {}, const WantedJobs& wanted = {});

}  // namespace repro::cli
