// How much work the arms did: ratios, steps to the target or within the budget, equal work.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "findings/numbers.hpp"
#include "report/details.hpp"

namespace repro::report {
namespace {

using findings::fixed;
using findings::loss_text;
using findings::Seed;
using findings::StudyRow;
using findings::Training;
using plan::JobWork;

TableCell nats_cell(double loss) { return {loss_text(loss), loss}; }

// The baseline's final loss at a horizon: log-linear between the endings around it.
std::optional<double> baseline_loss_at(const Seed& seed, double steps) {
  const plan::Cell& cell = seed.runs.cell();
  const plan::Ending* below = nullptr;
  for (const plan::Ending& ending : cell.arms[cell.baseline].endings) {
    if (seed.runs.training(ending.job) == nullptr) continue;
    const auto above = static_cast<double>(ending.steps);
    if (steps == above) return seed.runs.final_loss(ending.job);
    if (steps < above) {
      if (below == nullptr) return std::nullopt;
      const auto from_steps = static_cast<double>(below->steps);
      const double part = std::log(steps / from_steps) / std::log(above / from_steps);
      const double from = seed.runs.final_loss(below->job);
      return from + part * (seed.runs.final_loss(ending.job) - from);
    }
    below = &ending;
  }
  return std::nullopt;
}

TableCell difference_cell(const std::optional<double>& baseline, double loss) {
  if (!baseline) return "-";
  return {fmt::format("{:+.4f}", loss - *baseline), loss - *baseline};
}

void add_equal_work(const StudyRow& row, const Seed& seed, size_t index, Table& table) {
  const plan::ArmPlan& arm = seed.runs.cell().arms[index];
  for (const plan::Ending& ending : arm.endings) {
    const Training* run = seed.runs.training(ending.job);
    const auto work = seed.runs.work_to(arm, ending);
    if (run == nullptr || !work) continue;
    const double loss = seed.runs.final_loss(ending.job);
    const auto steps = static_cast<double>(ending.steps);
    const double per_step = static_cast<double>(run->tokens) / steps;
    const double equal_samples = work->sum(&JobWork::tokens) / per_step;
    const auto at_steps = baseline_loss_at(seed, steps);
    const auto at_samples = baseline_loss_at(seed, equal_samples);
    const auto shown = [](const std::optional<double>& value) {
      return value ? nats_cell(*value) : TableCell("-");
    };
    table.add({label_of(row, seed, index), with_commas(ending.steps), nats_cell(loss),
               shown(at_steps), difference_cell(at_steps, loss),
               with_commas(std::llround(equal_samples)), shown(at_samples),
               difference_cell(at_samples, loss)});
  }
}

struct Ratio {
  std::string title;
  double (*of)(const plan::Work& baseline, const plan::Work& arm);
};

std::vector<Ratio> ratios_of(const Study& study) {
  const plan::Cell& cell = study.plan.cells.front();
  const plan::ArmPlan& arm = cell.arms[other_arms(cell).front()];
  const std::string baseline = study.baseline().name;
  const std::string symbols = symbols_of(arm);
  const bool joined = symbols.find('+') != std::string::npos;
  return {
      {fmt::format("{} steps, {} / {}", arm.last().title, baseline, arm.last().symbol),
       [](const plan::Work& full, const plan::Work& own) { return full.steps() / own.steps(); }},
      {fmt::format("hours, {} / {}", baseline, joined ? "(" + symbols + ")" : symbols),
       [](const plan::Work& full, const plan::Work& own) { return full.hours() / own.hours(); }},
      {"samples",
       [](const plan::Work& full, const plan::Work& own) {
         return own.sum(&JobWork::tokens) / full.sum(&JobWork::tokens);
       }},
      {"FLOPs, megatron",
       [](const plan::Work& full, const plan::Work& own) {
         return own.sum(&JobWork::flops) / full.sum(&JobWork::flops);
       }},
      {"FLOPs, palm",
       [](const plan::Work& full, const plan::Work& own) {
         return own.sum(&JobWork::flops_palm) / full.sum(&JobWork::flops_palm);
       }},
      {"device-hours", [](const plan::Work& full, const plan::Work& own) {
         return own.device_hours() / full.device_hours();
       }}};
}

void add_ratios(const StudyRow& row, const Seed& seed, size_t index,
                const std::vector<Ratio>& ratios, Table& table) {
  const plan::Cell& cell = seed.runs.cell();
  std::vector<TableCell> cells = {label_of(row, seed, index)};
  const auto work_of = [&](size_t arm) {
    const auto& standing = seed.comparison->arms[arm];
    return standing ? seed.runs.work_at(cell.arms[arm], standing->at) : std::nullopt;
  };
  if (seed.comparison) {
    const auto full = work_of(cell.baseline), own = work_of(index);
    if (full && own)
      for (const Ratio& ratio : ratios) {
        const double value = ratio.of(*full, *own);
        cells.emplace_back(findings::times(value), value);
      }
  }
  cells.resize(table.columns.size(), "-");
  table.add(std::move(cells));
}

void add_steps(const StudyRow& row, const Seed& seed, size_t index, Table& table) {
  const plan::Cell& cell = seed.runs.cell();
  const plan::ArmPlan& arm = cell.arms[index];
  std::vector<std::string> rungs;
  for (const plan::Ending& ending : arm.endings) {
    const std::string loss = seed.runs.training(ending.job)
                                 ? loss_text(seed.runs.final_loss(ending.job))
                                 : seed.runs[ending.job].status.text();
    rungs.push_back(with_commas(ending.steps) + ": " + loss);
  }
  std::vector<TableCell> cells = {
      label_of(row, seed, index), "-", join(rungs, ", "), "-", "-", "-"};
  if (seed.comparison && seed.comparison->arms[index]) {
    const findings::Standing& standing = *seed.comparison->arms[index];
    cells[1] = nats_cell(seed.comparison->target.threshold());
    cells[3] = standing.to_target
                   ? TableCell(standing.to_target->text(), standing.to_target->estimate)
                   : TableCell(with_commas(std::llround(standing.at)), standing.at);
    const auto whole = static_cast<double>(cell.arms[cell.baseline].endings[cell.reference].steps);
    cells[4] = {fixed(standing.at / whole, 3), standing.at / whole};
    if (standing.first_touch) cells[5] = standing.first_touch->text();
  }
  table.add(std::move(cells));
}

}  // namespace

Table work_ratios(const Study& study) {
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left}};
  const std::vector<Ratio> ratios = ratios_of(study);
  for (const Ratio& ratio : ratios) table.columns.push_back({.heading = ratio.title});
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds)
      for (const size_t arm : other_arms(seed.runs.cell()))
        add_ratios(row, seed, arm, ratios, table);
  const plan::Cell& cell = study.plan.cells.front();
  const plan::ArmPlan& arm = cell.arms[other_arms(cell).front()];
  std::string counted;
  for (const plan::PhasePlan& phase : arm.phases)
    if (!phase.overhead && &phase != &arm.last()) counted += ", " + phase.title + "s counted";
  table.notes = {
      fmt::format("the last four are {} / {}{}: above 1 means more work than {}, whatever "
                  "it costs",
                  other_arms(cell).size() == 1 ? arm.title : "the arm", study.baseline().name,
                  counted, study.baseline().title)};
  if (study.experiment().protocol == plan::Protocol::target)
    table.notes.push_back(
        fmt::format("at the {}'s steps to the target, or at its bound where that "
                    "is all that is known",
                    arm.last().title));
  return table;
}

Table steps_to_target(const Study& study) {
  const bool target = study.experiment().protocol == plan::Protocol::target;
  const plan::Cell& cell = study.plan.cells.front();
  const plan::ArmPlan& arm = cell.arms[other_arms(cell).front()];
  const std::string& baseline = study.baseline().name;
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "target"},
                   {.heading = arm.last().title + "'s horizon: final loss", .align = Align::left},
                   {.heading = target ? "steps to target (interval]" : "steps within the budget",
                    .key = "steps"},
                   {.heading = fmt::format("of the {} run", baseline)},
                   {.heading = "first touch in the longest run"}};
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds)
      for (const size_t index : other_arms(seed.runs.cell())) add_steps(row, seed, index, table);
  table.notes = {fmt::format("target: the {} arm's mean loss over its last {} steps + {} nats",
                             baseline, study.experiment().target.window,
                             study.experiment().target.tolerance)};
  if (!target) return table;
  table.notes.push_back(
      "a cosine run's loss depends on its horizon: each horizon is a run of its own, and steps to "
      "target is the smallest horizon whose final loss reaches it, interpolated in log-steps");
  table.notes.push_back(fmt::format(
      "first touch: where the window mean inside the longest {} first reaches the target",
      arm.last().title));
  return table;
}

Table equal_work(const Study& study) {
  const plan::Cell& cell = study.plan.cells.front();
  const plan::ArmPlan& arm = cell.arms[other_arms(cell).front()];
  const std::string& baseline = study.baseline().name;
  const std::string& title = arm.last().title;
  Table table;
  table.columns = {
      {.heading = "cell", .align = Align::left},
      {.heading = title + " steps"},
      {.heading = title},
      {.heading = baseline, .group = "at equal steps", .key = baseline + "_equal_steps"},
      {.heading = "difference", .group = "at equal steps"},
      {.heading = baseline + " steps", .group = "at equal samples"},
      {.heading = baseline, .group = "at equal samples", .key = baseline + "_equal_samples"},
      {.heading = "difference", .group = "at equal samples"}};
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds)
      for (const size_t index : other_arms(seed.runs.cell()))
        add_equal_work(row, seed, index, table);
  std::string earlier;
  for (const plan::PhasePlan& phase : arm.phases)
    if (!phase.overhead && &phase != &arm.last())
      earlier += fmt::format("equal samples counts the {}s' tokens; ", phase.title);
  table.notes = {
      fmt::format("final training loss, nats a token; difference below zero: {} is better",
                  arm.title),
      fmt::format("{}the {} arm's loss there is interpolated in log-steps between its own horizons",
                  earlier, baseline)};
  return table;
}

}  // namespace repro::report
