#include "cli/check_self_test.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "check/compare.hpp"
#include "check/manifest.hpp"
#include "check/observed_runs.hpp"
#include "check/rehearse.hpp"
#include "check/self_test.hpp"
#include "cli/check_gate.hpp"
#include "cli/printing.hpp"

namespace repro::cli {
namespace {

using checks::Injection;
using checks::Lane;
using checks::NamedJob;
using checks::Observations;
using checks::Row;
using nlohmann::json;

// A training with a fault, or with none: where its jobs are in the one graph.
struct Trial {
  const Injection* injection = nullptr;  // null: ended and continued, nothing else
  std::vector<NamedJob> jobs;
};

struct Trials {
  run::JobGraph graph;
  std::string training;
  std::vector<NamedJob> straight;
  std::vector<Trial> trials;
  std::vector<size_t> wanted;
};

std::vector<NamedJob> of_training(const std::vector<NamedJob>& jobs, const std::string& training) {
  std::vector<NamedJob> chosen;
  std::copy_if(jobs.begin(), jobs.end(), std::back_inserter(chosen),
               [&](const NamedJob& job) { return job.training == training; });
  return chosen;
}

Trials plan_trials(const plan::Plan& plan) {
  Trials trials{.graph = plan.graph, .training = "", .straight = {}, .trials = {}, .wanted = {}};
  const checks::Rehearsed chosen = checks::rehearsed_training(plan);
  trials.training = chosen.training;
  trials.straight = of_training(checks::named_jobs(plan), chosen.training);
  std::vector<size_t> jobs;
  for (const auto& [seed, job] : chosen.jobs) jobs.push_back(job);
  const int64_t steps =
      config::from_json<config::TrainSpec>(plan.graph[jobs.front()].spec, chosen.training).steps;
  const auto add = [&](const Injection* injection, const config::RehearsalSpec& how) {
    run::JobGraph graph = trials.graph;  // of the plan's jobs alone they are found by their place
    const std::vector<size_t> place = checks::rehearse(graph, jobs, how);
    trials.trials.push_back({injection, checks::moved(trials.straight, place)});
    trials.graph = std::move(graph);
  };
  config::RehearsalSpec restart;
  restart.restart_after = std::max<int64_t>(1, steps / 2);
  add(nullptr, restart);
  for (const Injection& injection : checks::injections())
    add(&injection, checks::rehearsal_of(injection, steps));
  for (const NamedJob& job : trials.straight) trials.wanted.push_back(job.job);
  for (const Trial& trial : trials.trials)
    for (const NamedJob& job : trial.jobs) trials.wanted.push_back(job.job);
  return trials;
}

Observations read_trial(const Trials& trials, const std::vector<NamedJob>& jobs,
                        const CheckRuns& runs, const checks::Golden& golden) {
  Observations observed =
      checks::observe_runs(trials.graph, jobs, runs.folder(), golden.recipe.window);
  checks::measure_like(observed, golden);
  return observed;
}

struct Tried {
  std::string title;
  std::vector<Lane> should;
  checks::Caught caught;
};

std::string lanes_text(const std::vector<Lane>& lanes) {
  std::vector<std::string> names;
  for (const Lane lane : lanes) names.emplace_back(name(lane));
  return names.empty() ? "none" : join(names, ", ");
}

std::string where_text(const checks::Caught& caught) {
  std::vector<std::string> quantities;
  for (const Row& row : caught.rows)
    if (row.verdict == checks::Verdict::suspect || row.failed) quantities.push_back(row.quantity);
  return quantities.empty() ? "nothing" : join(quantities, ", ");
}

bool passes(const Tried& tried) {
  // Without a fault nothing may be found.
  return tried.should.empty() ? tried.caught.by.empty() : tried.caught.passes();
}

std::vector<Tried> judge_trials(const Trials& trials, const CheckRuns& runs,
                                const checks::Golden& golden) {
  const Observations straight = read_trial(trials, trials.straight, runs, golden);
  const checks::Golden here = checks::golden_here(golden, straight, trials.training);
  const Injection none{"", "ended and continued, no fault", true, {}};
  std::vector<Tried> all;
  for (const Trial& trial : trials.trials) {
    const Observations faulty = read_trial(trials, trial.jobs, runs, golden);
    const auto rows = checks::compare(here, faulty, {.seeds = here.gate_seeds()});
    const Injection& injection = trial.injection != nullptr ? *trial.injection : none;
    all.push_back({injection.title, injection.lanes, checks::judge(injection, rows)});
  }
  return all;
}

report::Table self_test_table(const std::vector<Tried>& tried, const std::string& training) {
  using report::Align;
  report::Table table{.title = "faults made on purpose in " + training,
                      .columns = {{.heading = "fault", .align = Align::left},
                                  {.heading = "must be caught by", .align = Align::left},
                                  {.heading = "is caught by", .align = Align::left},
                                  {.heading = "where", .align = Align::left},
                                  {.heading = "", .align = Align::left, .key = "passes"}}};
  for (const Tried& one : tried)
    table.add({one.title, lanes_text(one.should), lanes_text(one.caught.by), where_text(one.caught),
               passes(one) ? "ok" : "FAILS"});
  return table;
}

}  // namespace

Exit run_self_test(const Context& context, const checks::Golden& golden,
                   const CheckRunOptions& options) {
  const auto seeds = static_cast<int64_t>(golden.gate_seeds().size());
  const plan::Plan plan = golden_plan(context, golden, seeds);
  checks::require_same_manifest(golden, plan);
  const Trials trials = plan_trials(plan);
  CheckRuns runs(context, "check " + golden.name + " --self-test", options);
  if (const Exit exit = runs.run(trials.graph, trials.wanted); exit != Exit::ok) return exit;
  const std::vector<Tried> tried = judge_trials(trials, runs, golden);
  const report::Table table = self_test_table(tried, trials.training);
  if (context.json)
    print(report::to_json(table));
  else
    print(table);
  const auto failures =
      std::count_if(tried.begin(), tried.end(), [](const Tried& one) { return !passes(one); });
  if (failures == 0) return Exit::ok;
  warn("repro: error: {} of {} faults were not judged as they should be\n", failures, tried.size());
  return Exit::regression;
}

}  // namespace repro::cli
