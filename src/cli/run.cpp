#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/execution.hpp"
#include "cli/program.hpp"
#include "cli/report_view.hpp"
#include "cli/verbs.hpp"
#include "findings/cuts.hpp"
#include "findings/ending_costs.hpp"
#include "findings/search.hpp"

namespace repro::cli {
namespace {

struct RunOptions {
  ExperimentChoice choice;
  ExecutionChoice execution;
  bool wait = false;
  ReportAsked asked;
};

Exit run_experiment(const Context& context, const RunOptions& options) {
  const plan::Plan plan = load_plan(context, options.choice);
  // Held until the report is written: two processes would write the same files.
  run::RunsLock lock(context.runs, "run " + options.choice.text(), options.wait);
  say_foreign_runs(context);
  const findings::Sources sources =
      findings::load_sources(context.root(), plan, context.runs, options.asked.prices);
  findings::EndingFiles files(plan, context.runs);
  findings::EndingCosts costs(plan, sources);
  const bool by_cost = findings::needs_costs(plan.experiment);
  const auto wanted = [&] {
    if (by_cost) costs.refresh();
    return findings::wanted_jobs(
        plan, [&](const plan::Ending& ending) { return files.read(ending); },
        [&](const plan::Cell& cell, size_t arm, int64_t steps) {
          return costs.cost(cell, arm, steps);
        });
  };
  const Exit executed = execute_missing(context, lock, plan.graph, options.execution, wanted);
  if (executed == Exit::interrupted || options.execution.detach) return executed;
  // A failed branch leaves the other cells worth reading.
  show_report(context, options.choice, plan, options.asked);
  return executed;
}

}  // namespace

void add_run(Program& program) {
  CLI::App& verb = program.add_verb(
      "run", "run what is missing, show progress, render the report",
      "  repro run table3                              scale mini: 2 cores, minutes\n"
      "  repro run table3 --scale smoke --jobs 1       in a minute\n"
      "  repro run table3 --set match.batch=8 --seeds 3\n"
      "  repro run table3 --pool rtx-4090=4 --pool a100-80g=1   at most so many jobs of each at "
      "once\n"
      "  repro run table3 --launcher slurm --detach   hand them to Slurm; docs/site.toml says how\n"
      "Running the same command again continues from the last checkpoints, and starts nothing "
      "that\n"
      "is already done.");
  auto options = std::make_shared<RunOptions>();
  add_experiment(verb, options->choice);
  add_execution_options(verb, options->execution);
  verb.add_flag("--wait", options->wait, "wait for another repro that holds the folder");
  add_report_options(verb, options->asked);
  program.on(verb, [&program, options] { return run_experiment(program.context(), *options); });
}

}  // namespace repro::cli
