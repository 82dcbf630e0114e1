#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "findings/findings.hpp"
#include "findings/numbers.hpp"
#include "measure/evidence.hpp"
#include "report/details.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::fixed;
using findings::loss_text;
using findings::Seed;
using findings::significant;
using findings::StudyRow;

TableCell ratio_cell(const Finding& finding) {
  if (!finding.here || !finding.paper || *finding.paper == 0) return "-";
  const double ratio = *finding.here / *finding.paper;
  return {significant(ratio), ratio};
}

std::string shown_range(const Finding& finding) {
  if (!finding.range) return "-";
  const double factor = finding.unit == "%" ? 100 : 1;
  return findings::range_text({finding.range->low * factor, finding.range->high * factor});
}

TableCell loss_cell(double loss) { return {loss_text(loss), loss}; }

TableCell number_cell(const std::optional<double>& value, int decimals) {
  return value ? TableCell(fixed(*value, decimals), value) : TableCell("-");
}

// One model: train loss, then what was measured of it under one reading.
void add_quality(Table& table, const std::string& label, const std::string& what, const Seed& seed,
                 const plan::Ending& ending, size_t reading, bool rule) {
  const findings::Status& status = seed.runs[ending.job].status;
  if (!status.done() && !status.wanted) return;
  if (!status.done()) {
    table.add({label, what, status.text(), "-", "-", "-"}, rule);
    return;
  }
  std::optional<double> held, ppl, bits;
  if (const findings::Measured* valid = seed.runs.measured(ending, "unseen", reading))
    held = valid->loss, bits = valid->bits_per_byte;
  if (const findings::Measured* test = seed.runs.measured(ending, "ppl", reading))
    ppl = std::exp(test->loss);
  table.add(
      {label, what, reading == 0 ? loss_cell(seed.runs.final_loss(ending.job)) : TableCell("-"),
       number_cell(held, 4), number_cell(ppl, 2), number_cell(bits, 4)},
      rule);
}

// What a phase leaves and has measured, before the last one.
void add_barrier(Table& table, const std::string& label, const Seed& seed,
                 const plan::PhasePlan& phase) {
  if (phase.leaves.empty()) return;
  std::vector<TableCell> cells = {label, phase.leaves, "-", "-", "-", "-"};
  for (const size_t job : phase.evals)
    if (const auto& evaluation = seed.runs[job].evaluation)
      for (const auto& [at, measure] : {std::pair{2, "train"}, {3, "unseen"}})
        if (const auto found = evaluation->measures.find(measure);
            found != evaluation->measures.end())
          cells[at] = loss_cell(found->second.loss);
  table.add(std::move(cells));
}

// The endings of an arm whose quality is listed: of the baseline the reference alone.
bool listed(const plan::Cell& cell, const plan::ArmPlan& arm, size_t ending) {
  return &arm != &cell.arms[cell.baseline] || ending == cell.reference;
}

void add_arm_quality(Table& table, const StudyRow& row, const Seed& seed, const plan::ArmPlan& arm,
                     bool rule) {
  const plan::Cell& cell = seed.runs.cell();
  const std::string label = row.text(seed);
  const bool several = other_arms(cell).size() > 1 && &arm != &cell.arms[cell.baseline];
  for (const plan::PhasePlan& phase : arm.phases) add_barrier(table, label, seed, phase);
  for (size_t i = 0; i < arm.endings.size(); ++i) {
    if (!listed(cell, arm, i)) continue;
    for (size_t reading = 0; reading < arm.readings.size(); ++reading) {
      std::string what = job_title(cell, arm, arm.last(), i);
      if (several && what != arm.name) what = arm.name + ", " + what;
      if (reading > 0) what += ", read " + arm.readings[reading].title;
      add_quality(table, label, what, seed, arm.endings[i], reading, rule);
      rule = false;
    }
  }
}

}  // namespace

Table every_number(const std::vector<Finding>& findings) {
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "quantity", .align = Align::left},
                   {.heading = "unit", .align = Align::left},
                   {.heading = "paper"},
                   {.heading = "here"},
                   {.heading = "range"},
                   {.heading = "here / paper"},
                   {.heading = "evidence", .align = Align::left},
                   {.heading = "verdict", .align = Align::left}};
  const std::string* last_row = nullptr;
  for (const Finding& finding : findings) {
    const bool new_row = last_row && *last_row != finding.row;
    last_row = &finding.row;
    TableCell unit = finding.unit;
    unit.said = machine_unit(finding.unit);
    table.add({finding.row,
               finding.quantity,
               unit,
               {finding.paper_text, finding.paper},
               {finding.here_text, finding.here},
               shown_range(finding),
               ratio_cell(finding),
               finding.evidence,
               {findings::verdict_text(finding), std::nullopt,
                Footnotes(table).mark(finding.judgement.reason)}},
              new_row);
    auto& cells = table.rows.back().cells;
    for (size_t i = 3; i < cells.size(); ++i) cells[i].about = finding.id;
    cells.back().tone = tone_of(finding.judgement.verdict);
  }
  table.notes = {
      "range: 95 %, of the seeds' luck and of what no seed averages away (endings' spacing, the "
      "text of the target, step times, prices); one seed: what its ladder and those leave open",
      "a ratio or a saving within a tenth of the published one counts as it",
      "evidence: measured = these runs ran; calibrated = steps x the median step time of equal "
      "work, on the phase's device by its relative speed; "
      "projected = from a data sheet; columns never mix them"};
  return table;
}

Table findings_table(const std::vector<Finding>& findings) {
  Table table;
  for (const char* key : {"id", "cell", "quantity", "unit", "paper", "here", "bound", "low", "high",
                          "here_over_paper", "evidence", "verdict", "stand_in", "reason"})
    table.columns.push_back({.heading = key});
  for (const Finding& finding : findings) {
    const auto number = [](const std::optional<double>& value) { return TableCell("", value); };
    std::optional<double> low, high;
    if (finding.range) low = finding.range->low, high = finding.range->high;
    TableCell ratio = ratio_cell(finding);
    ratio.text.clear();
    table.add({finding.id, finding.row, finding.quantity, machine_unit(finding.unit),
               number(finding.paper), number(finding.here), bound_of(finding), number(low),
               number(high), ratio, evidence_key(finding),
               std::string(measure::name(finding.judgement.verdict)),
               finding.scope.empty() ? "false" : "true", finding.judgement.reason});
  }
  return table;
}

std::string evidence_key(const Finding& finding) {
  return finding.evidence == "-" ? std::string(key(measure::Evidence::none)) : finding.evidence;
}

std::string bound_of(const Finding& finding) {
  if (!finding.here) return "none";
  for (const char* sign : {"<=", ">="})
    if (finding.here_text.starts_with(sign)) return sign;
  return "=";
}

Table model_quality(const Study& study) {
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "model", .align = Align::left},
                   {.heading = "train loss"},
                   {.heading = "unseen loss"},
                   {.heading = "PPL"},
                   {.heading = "bits per byte"}};
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds) {
      bool rule = &seed != &study.rows.front().seeds.front();
      for (const plan::ArmPlan& arm : seed.runs.cell().arms) {
        add_arm_quality(table, row, seed, arm, rule);
        rule = false;
      }
    }
  table.notes = {
      "train and unseen loss in nats a token; PPL is exp of the test split's loss and "
      "not of the train loss"};
  return table;
}

}  // namespace repro::report
