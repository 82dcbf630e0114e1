#include "cli/check_time.hpp"

#include <fmt/format.h>

#include "base/file.hpp"
#include "base/stopwatch.hpp"
#include "base/text.hpp"
#include "check/manifest.hpp"
#include "check/observed_runs.hpp"
#include "check/step_time.hpp"

namespace repro::cli {
namespace {

// Of one seed of the training, by one program.
double seconds_of_seed(CheckRuns& runs, const plan::Plan& plan, const std::string& training,
                       int64_t seed, size_t job, Exit& exit) {
  exit = runs.run(plan.graph, {job});
  const checks::Observations observed =
      checks::observe_runs(plan.graph, {{job, training, seed, false}}, runs.folder(), 1);
  return observed.trainings.at(training).at(seed).step_seconds;
}

}  // namespace

void add_time_rows(const Context& context, const checks::Golden& golden,
                   const checks::Observations& now, Checked& checked) {
  const fs::path path = checks::time_golden_path(context.root(), golden.name, now.machine);
  if (now.machine.empty() || !fs::exists(path)) {
    checked.warnings.push_back(fmt::format(
        "seconds are not compared: no time golden of this machine ({}); `repro golden record` with "
        "--time makes one",
        now.machine_text.empty() ? "not known" : now.machine_text));
    return;
  }
  for (checks::Row& row : checks::stored_time_rows(checks::read_time_golden(path), now))
    checked.rows.push_back(std::move(row));
}

Checked run_in_turns(const Context& context, const checks::Golden& golden,
                     const std::filesystem::path& old_worker, const CheckRunOptions& options) {
  const Stopwatch watch;
  Checked checked{.name = golden.name + " in turns",
                  .command = fmt::format("repro check {} --base {}", golden.name,
                                         shell_quoted(old_worker.string()))};
  const plan::Plan plan =
      golden_plan(context, golden, static_cast<int64_t>(golden.gate_seeds().size()));
  checks::require_same_manifest(golden, plan);
  const checks::Rehearsed chosen = checks::rehearsed_training(plan);
  CheckRunOptions old_options = options, new_options = options;
  old_options.jobs = new_options.jobs = 1;
  old_options.worker = old_worker;
  old_options.part = "turns-old";
  new_options.part = "turns-new";
  CheckRuns old_runs(context, checked.command, old_options);
  CheckRuns new_runs(context, checked.command, new_options);
  std::vector<double> old_seconds, new_seconds;
  for (const auto& [seed, job] : chosen.jobs) {
    const bool old_first = old_seconds.size() % 2 == 0;
    for (const bool is_old : {old_first, !old_first}) {
      (is_old ? old_seconds : new_seconds)
          .push_back(seconds_of_seed(is_old ? old_runs : new_runs, plan, chosen.training, seed, job,
                                     checked.exit));
      if (checked.exit != Exit::ok) return checked;
    }
  }
  checked.rows = {checks::interleaved_time_row(chosen.training, old_seconds, new_seconds)};
  checked.exit = checks::exit_of(checked.rows);
  checked.seconds = watch.seconds();
  return checked;
}

}  // namespace repro::cli
