#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/program.hpp"
#include "cli/report_view.hpp"
#include "cli/verbs.hpp"

namespace repro::cli {
namespace {

struct ReportChoice {
  ExperimentChoice choice;
  ReportAsked asked;
};

// A folder that was mistyped is not made, nor filled with a report of nothing.
void require_runs(const Context& context, const plan::Plan& plan, const ExperimentChoice& choice) {
  const auto& jobs = plan.graph.jobs();
  if (std::any_of(jobs.begin(), jobs.end(), [&](const run::Job& job) {
        return std::filesystem::exists(context.runs / job.directory);
      }))
    return;
  throw Error(
      Exit::nothing_measured, "{}: {}; `repro run {}` makes runs, and --runs names another folder",
      context.runs.string(),
      std::filesystem::exists(context.runs) ? fmt::format("holds no run of {}", choice.text())
                                            : "no such folder",
      choice.text());
}

Exit render_report(const Context& context, const ReportChoice& options) {
  const plan::Plan plan = load_plan(context, options.choice);
  require_runs(context, plan, options.choice);
  const report::Report report = show_report(context, options.choice, plan, options.asked);
  if (report.counts.failed > 0) return Exit::run_failed;
  return report.counts.measured == 0 ? Exit::nothing_measured : Exit::ok;
}

}  // namespace

void add_report(Program& program) {
  CLI::App& verb = program.add_verb(
      "report", "render again: terminal, Markdown, HTML, LaTeX, CSV, JSON, figures",
      "  repro report table3\n"
      "  repro report table3 --scale smoke --output my-report\n"
      "  repro report table3 --only qwen_moe/c4 --format html --open\n"
      "  repro report table3 --summary github >> $GITHUB_STEP_SUMMARY\n"
      "  repro report table3 --json | jq .\n"
      "Starts nothing. Exit code 6 when no cell was measured, 2 when a run failed.");
  auto options = std::make_shared<ReportChoice>();
  add_experiment(verb, options->choice);
  add_report_options(verb, options->asked);
  program.on(verb, [&program, options] { return render_report(program.context(), *options); });
}

}  // namespace repro::cli
