#include "cli/execution.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "base/text.hpp"
#include "base/unicode.hpp"
#include "cli/interrupts.hpp"
#include "cli/pools.hpp"
#include "cli/printing.hpp"
#include "cli/progress.hpp"
#include "forecast/prediction.hpp"
#include "launch/executor.hpp"
#include "launch/local.hpp"
#include "launch/site.hpp"
#include "launch/slurm.hpp"
#include "launch/slurm_submissions.hpp"

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

// Of jobs that were left to a queue.
void say_detached(const launch::ExecutionResult& result, size_t done, size_t jobs) {
  const size_t queued = result.count(JobState::running);
  const size_t later = result.count(JobState::waiting);
  say("{} of {} jobs are done, {} are in the queue{}; `repro status` shows them, and the same "
      "command without --detach waits for them and reports\n",
      done, jobs, queued,
      later > 0 ? fmt::format(", {} go there when it has room", later) : std::string());
}

Exit conclude(const run::JobGraph& graph, const launch::ExecutionResult& result, bool detached) {
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
  if (detached) {
    say_detached(result, done, jobs);
    return Exit::ok;
  }
  if (done == jobs) return Exit::ok;
  warn("repro: {} of {} jobs are done, {} failed, {} were blocked by them\n", done, jobs,
       result.count(JobState::failed), result.count(JobState::blocked));
  return Exit::run_failed;
}

// Jobs of these directories that a queue holds are not to be started here as well.
void check_not_queued(const std::filesystem::path& runs, const run::JobGraph& graph,
                      const std::vector<bool>& done) {
  if (!std::filesystem::exists(runs / launch::kSubmissions)) return;
  std::map<std::string, launch::SubmittedRun> queued;
  std::string unknown;  // why nothing is known
  try {
    queued = launch::ask_submitted(runs);
  } catch (const Error& error) {
    unknown = fmt::format("; nothing is known of it now: {}", error.what());
  }
  for (size_t job = 0; job < done.size(); ++job) {
    const run::RunDirectory directory(runs / graph[job].directory);
    const auto mark = launch::read_mark(directory);
    if (done[job] || !mark || directory.state() != run::State::started) continue;
    if (unknown.empty() && !queued.contains(graph[job].directory)) continue;
    throw Error(Exit::run_failed,
                "{}: is Slurm job {} of {}{}; wait for it with --launcher slurm, or end it with "
                "`scancel {}`{}",
                directory.path().string(), mark->task, mark->cluster, unknown, mark->task,
                unknown.empty() ? "" : " and remove its SUBMITTED");
  }
}

struct Started {
  std::unique_ptr<launch::Launcher> launcher;
  int slots = 1;
};

Started local_launcher(const Context& context, const run::JobGraph& graph,
                       const ExecutionChoice& choice, const launch::Pools& pools,
                       const std::vector<bool>& done) {
  if (choice.detach)
    throw Error(Exit::usage, "--detach: local jobs end with repro; it needs --launcher slurm");
  if (!choice.site.empty()) throw Error(Exit::usage, "--site: is of --launcher slurm");
  check_not_queued(context.runs, graph, done);
  const int cores = static_cast<int>(launch::available_cores().size());
  const int slots = pools.empty() ? cores : launch::kUnlimited;
  return {std::make_unique<launch::LocalLauncher>(choice.worker.empty() ? launch::find_worker()
                                                                        : choice.worker),
          choice.jobs > 0 ? choice.jobs : slots};
}

Started slurm_launcher(const Context& context, const run::JobGraph& graph,
                       const ExecutionChoice& choice, const std::vector<bool>& done) {
  launch::Site site = launch::find_site(context.root(), choice.site);
  for (size_t job = 0; job < done.size(); ++job)
    if (!done[job]) site.of(graph[job].resources);
  const std::filesystem::path worker = site.worker.empty()
                                           ? std::filesystem::absolute(launch::find_worker())
                                           : std::filesystem::path(site.worker);
  int slots = site.most_jobs > 0 ? static_cast<int>(site.most_jobs) : launch::kUnlimited;
  if (choice.jobs > 0) slots = std::min(slots, choice.jobs);
  return {std::make_unique<launch::SlurmLauncher>(std::move(site),
                                                  std::filesystem::canonical(context.runs), worker),
          slots};
}

}  // namespace

void add_execution_options(CLI::App& verb, ExecutionChoice& choice) {
  verb.add_option("--jobs", choice.jobs, "jobs at a time; default: one a core")
      ->check(CLI::Range(1, 4096));
  add_pool_option(verb, choice.pools);
  verb.add_option("--launcher", choice.launcher, "where jobs run: local, or slurm")
      ->check(CLI::IsMember({"local", "slurm"}))
      ->capture_default_str();
  verb.add_option("--site", choice.site,
                  "of slurm: which partition stands for which profile, "
                  "hardware_profiles/sites/NAME.toml; default: the only one");
  verb.add_flag("--detach", choice.detach, "of slurm: leave the jobs to the queue and return");
}

Exit execute_missing(const Context& context, run::RunsLock& lock, const run::JobGraph& graph,
                     const ExecutionChoice& choice, const WantedJobs& wanted) {
  const launch::Pools pools = parse_pools(choice.pools, graph);
  const std::vector<bool> all(graph.jobs().size(), true);
  const std::vector<bool> done = launch::find_done(graph, context.runs);
  if (all_done(wanted ? wanted() : all, done)) {
    if (choice.detach) say("all jobs are done; the same command without --detach reports\n");
    return Exit::ok;
  }
  const Started started = choice.launcher == "slurm"
                              ? slurm_launcher(context, graph, choice, done)
                              : local_launcher(context, graph, choice, pools, done);
  launch::ExecuteOptions options;
  options.schedule.slots = started.slots;
  options.schedule.pools = pools;
  options.seconds = forecast::MachineSpeed(graph, context.runs).seconds(graph);
  options.interrupts = interrupts;
  options.wanted = wanted;
  options.detach = choice.detach;
  count_interrupts();
  launch::ExecutionResult result;
  {
    // Gone before the summary is said: it takes away the lines that it has drawn.
    ProgressDisplay display(graph, context.runs, options.seconds, options.schedule, lock);
    result = launch::execute(graph, context.runs, *started.launcher, display, options);
  }
  return conclude(graph, result, choice.detach);
}

}  // namespace repro::cli
