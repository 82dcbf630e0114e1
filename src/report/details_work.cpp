// How much work the arms did: ratios, steps to the target or within the budget, equal work.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "findings/numbers.hpp"
#include "report/details.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::fixed;
using findings::loss_text;
using findings::Seed;
using findings::StudyRow;
using findings::Training;
using plan::JobWork;

TableCell nats_cell(double loss) { return {loss_text(loss), loss}; }

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

// By each metric there is; a mark where the baseline's own window is text that it had seen before.
void add_metric_cells(const StudyRow& row, const Seed& seed, size_t index, Table& table,
                      std::vector<TableCell>& cells) {
  const plan::Cell& cell = seed.runs.cell();
  const findings::Standing& standing = *seed.comparison->arms[index];
  for (const std::string& metric : findings::all_metrics()) {
    const auto at =
        std::find_if(standing.by_metric.begin(), standing.by_metric.end(),
                     [&](const findings::MetricSteps& one) { return one.metric == metric; });
    cells.push_back(at == standing.by_metric.end()
                        ? TableCell("-")
                        : TableCell(at->steps.text(), at->steps.estimate));
    const Training* reference =
        seed.runs.training(cell.arms[cell.baseline].endings[cell.reference].job);
    if (cells.back().text != "-" && metric == "train_loss" && reference->epochs.value_or(0) > 1)
      cells.back().mark = Footnotes(table).mark(
          "its window lies past the baseline's first epoch: a loss on text seen before");
  }
  const auto tuned = row.tuned(seed, index);
  cells.push_back(tuned ? TableCell(tuned->text(), tuned->estimate) : TableCell("-"));
}

void add_steps(const Study& study, const StudyRow& row, const Seed& seed, size_t index,
               Table& table) {
  const plan::Cell& cell = seed.runs.cell();
  const plan::ArmPlan& arm = cell.arms[index];
  std::vector<std::string> rungs;
  for (const plan::Ending& ending : arm.endings) {
    const findings::Status& status = seed.runs[ending.job].status;
    if (!status.done() && !status.wanted) continue;  // the search did not come by it
    const auto found = seed.runs.loss(ending, study.experiment().target.metric);
    const std::string loss = found ? loss_text(*found) : status.text();
    rungs.push_back(with_commas(ending.steps) + ": " + loss);
  }
  std::vector<TableCell> cells = {
      label_of(row, seed, index), "-", join(rungs, ", "), "-", "-", "-"};
  const bool target = study.experiment().protocol == plan::Protocol::target;
  if (seed.comparison && seed.comparison->arms[index]) {
    const findings::Standing& standing = *seed.comparison->arms[index];
    cells[1] = nats_cell(seed.comparison->target.threshold());
    cells[3] = standing.to_target
                   ? TableCell(standing.to_target->text(), standing.to_target->estimate)
                   : TableCell(with_commas(std::llround(standing.at)), standing.at);
    const auto whole = static_cast<double>(cell.arms[cell.baseline].endings[cell.reference].steps);
    cells[4] = {fixed(standing.at / whole, 3), standing.at / whole};
    if (standing.first_touch) cells[5] = standing.first_touch->text();
    if (target) add_metric_cells(row, seed, index, table, cells);
  }
  cells.resize(table.columns.size(), "-");
  table.add(std::move(cells));
}

// How well the finite text tells two endings apart: it must be well below the tolerance.
std::string paired_errors(const Study& study) {
  const plan::Target& target = study.experiment().target;
  double least = INFINITY, most = 0;
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds) {
      const plan::Cell& cell = seed.runs.cell();
      const plan::Ending& reference = cell.arms[cell.baseline].endings[cell.reference];
      if (!seed.comparison) continue;
      for (const size_t index : other_arms(cell)) {
        const auto& standing = seed.comparison->arms[index];
        if (!standing) continue;
        const double error =
            seed.runs.difference_error(cell.arms[index].endings[standing->deciding], reference);
        if (error <= 0) continue;
        least = std::min(least, error);
        most = std::max(most, error);
      }
    }
  if (most == 0) return "";
  return fmt::format(
      "standard error of the difference between the ending that decides and the baseline's on this "
      "text: {} to {} nats, {} half the tolerance",
      fixed(least, 4), fixed(most, 4),
      most < target.tolerance / 2    ? "below"
      : least < target.tolerance / 2 ? "partly above"
                                     : "above");
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
  if (target)
    for (const auto& [heading, group] : {std::pair{"train loss", "steps to target by"},
                                         {"unseen loss", "steps to target by"},
                                         {"PPL", "steps to target by"},
                                         {"steps", "each at its best rate"}})
      table.columns.push_back(
          {.heading = heading, .group = group, .key = std::string("steps_") + heading});
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds)
      for (const size_t index : other_arms(seed.runs.cell()))
        add_steps(study, row, seed, index, table);
  table.notes = {target_text(study)};
  if (const std::string errors = paired_errors(study); !errors.empty())
    table.notes.push_back(errors);
  if (!target) return table;
  table.notes.push_back(
      "a cosine run's loss depends on its horizon: each horizon is a run of its own, and steps to "
      "target is the smallest horizon whose final loss reaches it, interpolated in log-steps");
  table.notes.push_back(fmt::format(
      "first touch: where the window mean of the training loss inside the longest {} first reaches "
      "the baseline's",
      arm.last().title));
  table.notes.push_back(
      "the ladder is bisected: of the horizons only those are run that the search comes by; by the "
      "other metrics the same runs are read");
  return table;
}

}  // namespace repro::report
