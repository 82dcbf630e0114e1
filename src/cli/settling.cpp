#include "cli/settling.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/plan_totals.hpp"
#include "config/library.hpp"
#include "findings/findings.hpp"
#include "findings/search.hpp"
#include "findings/seeds_needed.hpp"
#include "forecast/plan_rows.hpp"
#include "launch/executor.hpp"
#include "launch/local.hpp"
#include "launch/schedule.hpp"
#include "report/view.hpp"

namespace repro::cli {
namespace {

using findings::Finding;
using findings::Study;
using report::CardStep;

std::string run_command_of(const ExperimentChoice& choice, const std::string& prices) {
  return "repro run " + choice.text() +
         (prices == "paper" ? "" : " --prices " + shell_quoted(prices));
}

// As a forecast is worth saying: "25 min", "3.1 h".
std::string rough_time(double seconds) {
  if (seconds < 90) return fmt::format("{:.0f} s", seconds);
  return seconds < 5400 ? fmt::format("{:.0f} min", seconds / 60)
                        : fmt::format("{:.1f} h", seconds / 3600);
}

// "at most about 25 min on this machine": what of the plan is not done yet, as much of its ladders
// as a search may take.
std::string time_here(const Context& context, const plan::Plan& plan) {
  if (plan.experiment.match.device != "cpu") return "";
  const forecast::MachineSpeed speed(plan.graph, context.runs);
  const int slots = static_cast<int>(launch::available_cores().size());
  const double seconds = seconds_here(plan, findings::most_jobs(plan), context.runs, speed, slots);
  return fmt::format("at most about {} on this machine", rough_time(seconds));
}

// "161 device-hours of a100-80g ... = $367 a seed, by the forecast".
std::string rented_takes(const Context& context, const plan::Plan& plan,
                         const std::string& prices) {
  const forecast::MachineSpeed speed(plan.graph, context.runs);
  const auto basis = forecast::load_basis(context.root(), plan.experiment, prices);
  const std::vector<bool> counted = findings::most_jobs(plan);
  const std::vector<bool> none(plan.graph.jobs().size(), false);
  const PlanTotals totals =
      totals_of(forecast::plan_rows(plan, counted, none, speed, basis), basis);
  if (totals.devices.empty()) return "";
  std::vector<std::string> parts;
  for (const auto& [name, device] : totals.devices)
    parts.push_back(fmt::format("{:.3g} {}-hours", device.hours, name));
  std::string text = "at most " + join(parts, " and ");
  if (totals.dollars)
    text += fmt::format(", {}${:.3g}", totals.whole ? "" : "more than ", *totals.dollars);
  return text + (plan.experiment.seeds.size() == 1 ? " a seed" : " in all");
}

bool is_missing(const findings::StudyRow& row) { return row.obstacle() != nullptr; }

// Failed runs are tried again by the same command, as missing ones are.
void add_missing(const Context& context, const ExperimentChoice& choice, const std::string& prices,
                 const Study& study, std::vector<CardStep>& steps) {
  const auto missing = std::count_if(study.rows.begin(), study.rows.end(), is_missing);
  if (missing == 0) return;
  steps.push_back({fmt::format("what {} of {} cells lack", missing, study.rows.size()),
                   run_command_of(choice, prices), time_here(context, study.plan)});
}

// The most that any cell takes, where seeds can decide it; else what keeps cells open.
void add_seeds(const Context& context, ExperimentChoice choice, const std::string& prices,
               const Study& study, const std::vector<Finding>& found,
               std::vector<CardStep>& steps) {
  if (report::judged_quantity(study) == nullptr) return;
  int64_t most = 0;
  size_t by_seeds = 0;
  bool guess = false;
  std::vector<std::string> causes;
  for (const findings::StudyRow& row : study.rows) {
    const Finding& judged = findings::finding(found, study, row, study.view.verdict);
    const auto needed = findings::seeds_needed(study, row, judged);
    if (!needed) continue;
    if (!needed->seeds) {
      if (const std::string cause(needed->cause);
          std::find(causes.begin(), causes.end(), cause) == causes.end())
        causes.push_back(cause);
      continue;
    }
    ++by_seeds;
    most = std::max(most, *needed->seeds);
    guess = guess || needed->is_guess;
  }
  if (by_seeds > 0) {
    choice.seeds = most;
    steps.push_back(
        {fmt::format("{} here, in {} of {} cells, by {} seeds{}",
                     study.stand_in() ? "the direction" : "the verdict", by_seeds,
                     study.rows.size(), most, guess ? ", the fewest that a verdict takes" : ""),
         run_command_of(choice, prices), time_here(context, load_plan(context, choice))});
  }
  if (!causes.empty())
    steps.push_back({fmt::format("no number of seeds settles {}: open by {}",
                                 by_seeds == 0 ? "it" : "the others", join(causes, " and ")),
                     "", ""});
}

// Scales that stand in for nothing.
std::vector<std::string> whole_scales(const std::filesystem::path& root) {
  std::vector<std::string> whole;
  for (const std::string& name : config::scale_names(root)) {
    const auto read = config::read_extended(root, "experiments/scales", name, "scale");
    const config::Node* said = read.node.find("stand_in");
    if (said != nullptr && said->text() == "false") whole.push_back(name);
  }
  return whole;
}

void add_whole_scale(const Context& context, ExperimentChoice choice, const std::string& prices,
                     const Study& study, std::vector<CardStep>& steps) {
  if (!study.stand_in()) return;
  choice.settings.clear();
  choice.seeds = 0;
  for (const std::string& scale : whole_scales(context.root())) {
    if (scale == choice.scale) continue;
    choice.scale = scale;
    std::string takes;
    try {
      takes = rented_takes(context, load_plan(context, choice), prices);
    } catch (const Error&) {
      continue;  // a scale that this experiment does not fit is no way to settle it
    }
    steps.push_back({"the paper's own numbers", run_command_of(choice, prices), takes});
  }
}

}  // namespace

std::vector<CardStep> ways_to_settle(const Context& context, const ExperimentChoice& choice,
                                     const std::string& prices, const Study& study,
                                     const std::vector<Finding>& found) {
  std::vector<CardStep> steps;
  add_missing(context, choice, prices, study, steps);
  if (steps.empty()) add_seeds(context, choice, prices, study, found, steps);
  add_whole_scale(context, choice, prices, study, steps);
  return steps;
}

}  // namespace repro::cli
