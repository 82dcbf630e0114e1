#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "cli/printing.hpp"
#include "cli/profile_view.hpp"
#include "cli/program.hpp"
#include "cli/verbs.hpp"
#include "config/library.hpp"
#include "launch/executor.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

// How far each experiment is at one scale.
struct ExperimentStanding {
  std::string experiment;
  std::string title;
  std::string scale;
  size_t done = 0;
  size_t jobs = 0;
};

std::vector<ExperimentStanding> find_standings(const Context& context) {
  std::vector<ExperimentStanding> standings;
  for (const std::string& name : config::experiment_names(context.root()))
    for (const std::string& scale : config::scale_names(context.root())) {
      const plan::Plan plan = load_plan(context, {.name = name, .scale = scale});
      const auto done = launch::find_done(plan.graph, context.runs);
      standings.push_back({name, plan.experiment.title, scale,
                           static_cast<size_t>(std::count(done.begin(), done.end(), true)),
                           done.size()});
    }
  return standings;
}

report::Table experiments_table(const std::vector<ExperimentStanding>& standings) {
  report::Table table{.title = "Experiments"};
  table.columns = {{.heading = "experiment", .align = report::Align::left},
                   {.heading = "scale", .align = report::Align::left},
                   {.heading = "jobs done"},
                   {.heading = "what it reproduces", .align = report::Align::left}};
  std::string last;
  for (const ExperimentStanding& s : standings) {
    const bool first = s.experiment != last;
    const auto once = [&](const std::string& text) {
      return first ? report::TableCell(text) : report::TableCell::repeated(text);
    };
    table.add(
        {once(s.experiment), s.scale, fmt::format("{} of {}", s.done, s.jobs), once(s.title)});
    last = s.experiment;
  }
  return table;
}

json standings_json(const std::vector<ExperimentStanding>& standings) {
  json all = json::array();
  for (const ExperimentStanding& s : standings)
    all.push_back({{"name", s.experiment},
                   {"title", s.title},
                   {"scale", s.scale},
                   {"done", s.done},
                   {"jobs", s.jobs}});
  return all;
}

Exit list(const Context& context) {
  say_foreign_runs(context);
  const std::vector<ExperimentStanding> standings = find_standings(context);
  const std::vector<config::Profile> profiles = load_profiles(context);
  if (context.json) {
    print({{"experiments", standings_json(standings)}, {"profiles", profiles_json(profiles)}});
    return Exit::ok;
  }
  print(experiments_table(standings));
  say("\n");
  print(profiles_table(profiles));
  return Exit::ok;
}

}  // namespace

void add_list(Program& program) {
  CLI::App& verb =
      program.add_verb("list", "experiments, scales, hardware profiles, and what is already done",
                       "  repro list\n  repro list --runs /data/runs --json");
  program.on(verb, [&program] { return list(program.context()); });
}

}  // namespace repro::cli
