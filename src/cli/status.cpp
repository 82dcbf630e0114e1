#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "cli/printing.hpp"
#include "cli/program.hpp"
#include "cli/progress_lines.hpp"
#include "cli/run_names.hpp"
#include "cli/verbs.hpp"
#include "launch/slurm_states.hpp"
#include "launch/slurm_submissions.hpp"
#include "run/lock.hpp"
#include "run/records.hpp"
#include "run/run_directory.hpp"
#include "run/verifier.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

constexpr std::array kStates = {"running", "submitted",  "done",       "damaged",
                                "failed",  "unfinished", "not started"};

struct RunStanding {
  std::string directory;
  std::string state;     // one of kStates
  std::string progress;  // "212/640 steps"
  std::string why;       // of a failure or a damage, or which process runs it
};

// Steps that a training is to do; 0 = unknown. A job file that cannot be read is no reason to fail.
double planned_steps(const run::RunDirectory& directory) {
  if (!std::filesystem::exists(directory.job_file())) return 0;
  const json job = parse_json(read_file(directory.job_file()));
  if (!job.is_object() || !job.contains("spec")) return 0;
  return job["spec"].value("steps", 0.0);
}

std::string progress_text(const run::RunDirectory& directory) {
  const auto progress = run::read_progress(directory.records_file());
  if (!progress) return "";
  const double planned = progress->total > 0 ? progress->total : planned_steps(directory);
  const std::string total = planned > 0 ? "/" + human_count(planned) : "";
  return fmt::format("{}{} {}", human_count(progress->done), total, progress->unit);
}

// What is shown of it is as the run left it, or the line that says what is not.
void check_done(const run::RunDirectory& directory, run::Verifier& verifier,
                RunStanding& standing) {
  try {
    verifier.require_shown(directory);
    standing.state = "done";
    if (!verifier.sealed(directory)) standing.why = "unsealed: changes to it are not noticed";
  } catch (const Error& error) {
    standing.state = "damaged";
    standing.why = error.what();
  }
}

// What is at work in a runs folder: here, and in a queue.
struct AtWork {
  std::optional<run::LockHolder> holder;
  std::map<std::string, launch::SubmittedRun> queued = {};  // by directory name
  std::string unknown = {};                                 // why nothing is known of the queue
};

AtWork find_work(const std::filesystem::path& runs) {
  AtWork work{.holder = run::find_holder(runs)};
  if (!std::filesystem::exists(runs / launch::kSubmissions)) return work;
  try {
    work.queued = launch::ask_submitted(runs);
  } catch (const Error& error) {
    work.unknown = error.what();
  }
  return work;
}

// Of a job in a queue, or that may be in one.
bool fill_queued(const run::RunDirectory& directory, const AtWork& work, RunStanding& standing) {
  const auto at = work.queued.find(standing.directory);
  const auto mark = launch::read_mark(directory);
  if (at == work.queued.end() && (!mark || work.unknown.empty())) return false;
  standing.state = "submitted";
  standing.progress = progress_text(directory);
  if (at == work.queued.end()) {
    standing.why = fmt::format("Slurm job {}; Slurm does not answer", mark->task);
    return true;
  }
  const auto& [task, entry] = at->second;
  const bool waits = launch::phase_of(entry.state) == launch::QueuePhase::waiting;
  if (!waits) standing.state = "running";
  standing.why = fmt::format("Slurm job {}{}{}", task.text(), waits ? " waits: " : " on ",
                             waits ? entry.reason : entry.nodes);
  return true;
}

std::string why_unfinished(const run::RunDirectory& directory) {
  const auto mark = launch::read_mark(directory);
  return mark ? fmt::format("Slurm job {} has ended; the next `repro run` continues it", mark->task)
              : "was interrupted; the next `repro run` continues it";
}

RunStanding standing_of(const std::string& name, const std::filesystem::path& runs,
                        const AtWork& work, run::Verifier& verifier) {
  const run::RunDirectory directory(runs / name);
  RunStanding standing{.directory = name, .state = "not started", .progress = "", .why = ""};
  if (work.holder && work.holder->running.contains(name)) {
    standing.state = "running";
    standing.why = fmt::format("process {}", work.holder->running.at(name));
    standing.progress = progress_text(directory);
    return standing;
  }
  switch (directory.state()) {
    case run::State::absent:
      break;
    case run::State::done:
      check_done(directory, verifier, standing);
      break;
    case run::State::failed:
      standing.state = "failed";
      standing.why = directory.failure().value_or("");
      standing.progress = progress_text(directory);
      break;
    case run::State::started:
      if (fill_queued(directory, work, standing)) break;
      standing.state = "unfinished";
      standing.why = why_unfinished(directory);
      standing.progress = progress_text(directory);
  }
  return standing;
}

std::vector<std::string> directories_of(const plan::Plan& plan) {
  std::vector<std::string> names;
  for (const run::Job& job : plan.graph.jobs()) names.push_back(job.directory);
  return names;
}

auto count_of(const std::vector<RunStanding>& all, std::string_view state) {
  return std::count_if(all.begin(), all.end(),
                       [&](const RunStanding& s) { return s.state == state; });
}

std::string count_line(const std::vector<RunStanding>& all) {
  std::vector<std::string> parts;
  for (const char* state : kStates)
    if (const auto count = count_of(all, state); count > 0)
      parts.push_back(fmt::format("{} {}", count, state));
  return parts.empty() ? "no runs" : join(parts, ", ");
}

report::Table status_table(const std::vector<RunStanding>& all, bool show_done) {
  report::Table table;
  table.columns = {{.heading = "run", .align = report::Align::left},
                   {.heading = "state", .align = report::Align::left},
                   {.heading = "progress"},
                   {.heading = "why", .align = report::Align::left}};
  for (const RunStanding& s : all)
    if (show_done || (s.state != "done" && s.state != "not started"))
      table.add({s.directory, s.state, s.progress, s.why});
  return table;
}

json to_json(const std::vector<RunStanding>& all, const std::optional<run::LockHolder>& holder) {
  json answer = {{"runs", json::array()}, {"holder", nullptr}};
  if (holder) answer["holder"] = {{"pid", holder->pid}, {"purpose", holder->purpose}};
  for (const RunStanding& s : all)
    answer["runs"].push_back(
        {{"run", s.directory}, {"state", s.state}, {"progress", s.progress}, {"why", s.why}});
  return answer;
}

Exit show_status(const Context& context, const ExperimentChoice& choice, bool show_all) {
  say_foreign_runs(context);
  const std::vector<std::string> names =
      choice.name.empty() ? run_names(context.runs) : directories_of(load_plan(context, choice));
  const AtWork work = find_work(context.runs);
  const auto& holder = work.holder;
  run::Verifier verifier(context.runs);
  std::vector<RunStanding> all;
  for (const std::string& name : names)
    all.push_back(standing_of(name, context.runs, work, verifier));
  say_unsealed_runs(context.runs, names);
  if (!work.unknown.empty())
    warn("repro: nothing is known of submitted jobs: {}\n", printable_line(work.unknown));
  const Exit exit = count_of(all, "damaged") > 0 ? Exit::bad_input : Exit::ok;
  if (context.json) {
    print(to_json(all, holder));
    return exit;
  }
  if (holder) say("process {} is at work: repro {}\n", holder->pid, holder->purpose);
  const report::Table table = status_table(all, show_all);
  if (!table.rows.empty()) print(table);
  say("{}: {}\n", context.runs.string(), count_line(all));
  return exit;
}

}  // namespace

void add_status(Program& program) {
  CLI::App& verb = program.add_verb(
      "status", "what is running, submitted, done, damaged or failed (and why), not started",
      "  repro status                        every run of the folder\n"
      "  repro status table3 --scale mini    the jobs of one experiment\n"
      "  repro status table3 --all           also those that are done or not started\n"
      "A done run of which a file is no longer what the run left is damaged; exit code 4 then.");
  auto choice = std::make_shared<ExperimentChoice>();
  auto show_all = std::make_shared<bool>(false);
  add_experiment(verb, *choice, /*required=*/false);
  verb.add_flag("--all", *show_all, "list done and not started runs too");
  program.on(verb, [&program, choice, show_all] {
    return show_status(program.context(), *choice, *show_all);
  });
}

}  // namespace repro::cli
