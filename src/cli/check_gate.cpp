#include "cli/check_gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/stopwatch.hpp"
#include "base/text.hpp"
#include "check/compare.hpp"
#include "check/manifest.hpp"
#include "check/observed_runs.hpp"
#include "check/rehearse.hpp"
#include "check/self_test.hpp"
#include "cli/check_history.hpp"
#include "cli/check_time.hpp"

namespace repro::cli {
namespace {

using checks::Golden;
using checks::NamedJob;
using checks::Observations;
using checks::Row;
using checks::Verdict;

std::vector<NamedJob> of_seeds(const std::vector<NamedJob>& jobs,
                               const std::vector<int64_t>& seeds) {
  std::vector<NamedJob> chosen;
  for (const NamedJob& job : jobs)
    if (std::find(seeds.begin(), seeds.end(), job.seed) != seeds.end()) chosen.push_back(job);
  return chosen;
}

Observations read_measured(const run::JobGraph& graph, const std::vector<NamedJob>& jobs,
                           const CheckRuns& runs, const Golden& golden) {
  Observations observed = checks::observe_runs(graph, jobs, runs.folder(), golden.recipe.window);
  checks::measure_like(observed, golden);
  return observed;
}

int64_t steps_of(const run::Job& job) {
  return config::from_json<config::TrainSpec>(job.spec, job.name).steps;
}

// One training of the plan under a rehearsal: a graph of its own, which shares what is equal.
struct Rehearsal {
  run::JobGraph graph;
  std::vector<NamedJob> jobs;  // where they are in the graph; the rehearsed training alone
  std::vector<size_t> wanted;
};

Rehearsal rehearse_alone(const plan::Plan& plan, size_t job, const std::string& training,
                         int64_t seed, const config::RehearsalSpec& how) {
  Rehearsal rehearsal{.graph = plan.graph, .jobs = {}, .wanted = {}};
  const std::vector<size_t> place = checks::rehearse(rehearsal.graph, {job}, how);
  rehearsal.jobs = {{place[job], training, seed, false}};
  rehearsal.wanted = {place[job]};
  return rehearsal;
}

checks::Ensemble run_alone(CheckRuns& runs, const Rehearsal& rehearsal, const Golden& golden,
                           Exit& exit) {
  exit = runs.run(rehearsal.graph, rehearsal.wanted);
  Observations observed = read_measured(rehearsal.graph, rehearsal.jobs, runs, golden);
  return observed.trainings.begin()->second;
}

// Is a training that is ended and continued the same? Asked of the first seed; where it is not, of
// the second, and of the first once more without a stop.
std::optional<Row> check_resume(CheckRuns& runs, const plan::Plan& plan, const Golden& golden,
                                const Observations& now) {
  const checks::Rehearsed chosen = checks::rehearsed_training(plan);
  const auto straight = now.trainings.find(chosen.training);
  const int64_t steps = steps_of(plan.graph[chosen.jobs.front().second]);
  if (straight == now.trainings.end() || steps < 2) return std::nullopt;
  const config::RehearsalSpec restart{.fault = "", .restart_after = steps / 2};
  Exit exit = Exit::ok;
  const auto look = [&](size_t which, const config::RehearsalSpec& how) {
    const auto& [seed, job] = chosen.jobs[which];
    return run_alone(runs, rehearse_alone(plan, job, chosen.training, seed, how), golden, exit);
  };
  Row row = checks::resume_row(chosen.training, straight->second, look(0, restart));
  if (row.verdict != Verdict::suspect) return row;
  const config::RehearsalSpec repeat{.fault = "", .repeat = 1};
  checks::excuse_unstable(row, straight->second, look(0, repeat));
  if (row.verdict != Verdict::suspect || chosen.jobs.size() < 2) return row;
  const Row again = checks::resume_row(chosen.training, straight->second, look(1, restart));
  return checks::confirm({row}, {again}).front();
}

bool any_suspect(const std::vector<Row>& rows) {
  return std::any_of(rows.begin(), rows.end(),
                     [](const Row& row) { return row.verdict == Verdict::suspect; });
}

checks::CompareOptions lanes_of(const GateOptions& options, std::vector<int64_t> seeds) {
  return {.seeds = std::move(seeds),
          .exact = options.exact,
          .approximate = options.approximate,
          .statistical = options.statistical};
}

// The seeds that the first look did not see, which the golden has as well.
std::vector<Row> second_look(const Context& context, const Golden& golden, CheckRuns& runs,
                             const GateOptions& options, Exit& exit) {
  const std::vector<int64_t> reserve = golden.reserve_seeds();
  const plan::Plan plan = golden_plan(context, golden, static_cast<int64_t>(golden.seeds().size()));
  exit = runs.run(plan.graph);
  if (exit == Exit::interrupted) return {};
  const Observations observed =
      read_measured(plan.graph, of_seeds(checks::named_jobs(plan), reserve), runs, golden);
  return checks::compare(golden, observed, lanes_of(options, reserve));
}

void settle_suspects(const Context& context, const Golden& golden, CheckRuns& runs,
                     const GateOptions& options, Checked& checked) {
  const std::vector<Row> before = checked.rows;
  std::vector<Row> second;
  if (golden.reserve_seeds().empty()) {
    checked.warnings.push_back(
        "what is suspect stays so: the golden keeps no seeds for a second look; record it with "
        "more");
  } else {
    Exit exit = Exit::ok;
    second = second_look(context, golden, runs, options, exit);
    if (exit == Exit::interrupted) checked.exit = exit;
  }
  checked.rows = checks::confirm(checked.rows, second);
  checked.cleared = checks::count_cleared(before, checked.rows);
}

}  // namespace

plan::Plan golden_plan(const Context& context, const Golden& golden, int64_t seeds) {
  ExperimentChoice choice;
  choice.name = golden.recipe.experiment;
  choice.scale = golden.recipe.scale;
  choice.settings = golden.recipe.settings;
  choice.seeds = seeds;
  return load_plan(context, choice);
}

std::vector<std::string> reliability_notes(const Golden& golden) {
  const checks::Reliability& known = golden.reliability;
  std::vector<std::string> notes;
  if (known.replays > 0)
    notes.push_back(fmt::format(
        "false alarms: {} of {} replays of the golden's own noise were red (at most 1 in 20 is "
        "wanted), {} were suspect at the first look",
        known.red, known.replays, known.suspect));
  if (!known.rows.empty()) {
    const auto most =
        std::max_element(known.rows.begin(), known.rows.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    notes.back() += fmt::format(", most often in {} ({})", most->first, most->second);
  }
  if (known.replays == 0)
    notes.push_back(
        "false alarms: not known; the golden has no twins or too few seeds to replay its noise");
  if (known.found.empty()) return notes;
  std::vector<std::string> found;
  for (const auto& [number, shift] : known.found)
    if (found.size() < 4) found.push_back(fmt::format("{} by {:.2g}", number, shift));
  notes.push_back("misses: in 1 of 5 cases a move of " + join(found, ", ") +
                  (known.found.size() > found.size()
                       ? fmt::format(" ({} more in --json)", known.found.size() - found.size())
                       : ""));
  return notes;
}

Checked run_gate(const Context& context, const Golden& golden, const GateOptions& options) {
  const Stopwatch watch;
  Checked checked{.name = golden.name, .command = "repro check " + golden.name};
  const std::vector<int64_t> seeds = golden.gate_seeds();
  const plan::Plan plan = golden_plan(context, golden, static_cast<int64_t>(seeds.size()));
  checks::require_same_manifest(golden, plan);
  CheckRuns runs(context, checked.command, options.runs);
  checked.exit = runs.run(plan.graph);
  if (checked.exit == Exit::interrupted) return checked;
  const Observations now = read_measured(plan.graph, checks::named_jobs(plan), runs, golden);
  checked.warnings = checks::warnings_of(golden, now);
  checked.rows = checks::compare(golden, now, lanes_of(options, seeds));
  if (any_suspect(checked.rows)) settle_suspects(context, golden, runs, options, checked);
  if (checked.exit == Exit::interrupted) return checked;
  if (options.exact)
    if (auto row = check_resume(runs, plan, golden, now)) checked.rows.push_back(std::move(*row));
  if (options.time) add_time_rows(context, golden, now, checked);
  checked.exit = checks::exit_of(checked.rows);
  checked.notes = reliability_notes(golden);
  checked.seconds = watch.seconds();
  const fs::path history = history_file(context.runs);
  checked.notes.push_back(history_summary(history, golden));
  add_to_history(history, context.root(), golden, runs.program(), checked, now);
  return checked;
}

}  // namespace repro::cli
