#include "cli/execution.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "base/unicode.hpp"
#include "cli/interrupts.hpp"
#include "cli/printing.hpp"
#include "cli/progress.hpp"
#include "forecast/prediction.hpp"
#include "launch/executor.hpp"
#include "launch/local.hpp"

namespace repro::cli {
namespace {

using launch::JobState;

bool all_done(const std::vector<bool>& wanted, const std::vector<bool>& done) {
  for (size_t job = 0; job < wanted.size(); ++job)
    if (wanted[job] && !done[job]) return false;
  return true;
}

void print_failures(const run::JobGraph& graph, const launch::ExecutionResult& result) {
  for (size_t job = 0; job < result.jobs.size(); ++job)
    if (result.jobs[job].state == JobState::failed)
      warn("repro: error: {}\n", printable_line(result.jobs[job].message));
  for (size_t job = 0; job < result.jobs.size(); ++job)
    if (result.jobs[job].state == JobState::blocked)
      warn("repro: not started: {}: {}\n", graph[job].name,
           printable_line(result.jobs[job].message));
}

Exit conclude(const run::JobGraph& graph, const launch::ExecutionResult& result) {
  const size_t done = result.count(JobState::done);
  const size_t jobs = result.jobs.size() - result.count(JobState::spared);
  print_failures(graph, result);
  if (result.interrupted) {
    warn(
        "repro: interrupted: {} of {} jobs are done; the same command continues from the "
        "last checkpoints\n",
        done, jobs);
    return Exit::interrupted;
  }
  if (done == jobs) return Exit::ok;
  warn("repro: {} of {} jobs are done, {} failed, {} were blocked by them\n", done, jobs,
       result.count(JobState::failed), result.count(JobState::blocked));
  return Exit::run_failed;
}

}  // namespace

Exit execute_missing(const Context& context, run::RunsLock& lock, const run::JobGraph& graph,
                     int jobs, const WantedJobs& wanted) {
  const std::vector<bool> all(graph.jobs().size(), true);
  if (all_done(wanted ? wanted() : all, launch::find_done(graph, context.runs))) return Exit::ok;
  const int slots = jobs > 0 ? jobs : static_cast<int>(launch::available_cores().size());
  const std::vector<double> seconds = forecast::MachineSpeed(graph, context.runs).seconds(graph);
  launch::LocalLauncher launcher(launch::find_worker());
  count_interrupts();
  launch::ExecuteOptions execute_options;
  execute_options.schedule.slots = slots;
  execute_options.seconds = seconds;
  execute_options.interrupts = interrupts;
  execute_options.wanted = wanted;
  launch::ExecutionResult result;
  {
    // Gone before the summary is said: it takes away the lines that it has drawn.
    ProgressDisplay display(graph, context.runs, seconds, slots, lock);
    result = launch::execute(graph, context.runs, launcher, display, execute_options);
  }
  return conclude(graph, result);
}

}  // namespace repro::cli
