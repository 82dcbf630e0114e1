// Where the time of the runs went, and how far it used the machine.

#include <fmt/format.h>

#include "base/text.hpp"
#include "findings/numbers.hpp"
#include "measure/flops.hpp"
#include "report/details.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::seconds_text;
using findings::Seed;
using findings::significant;
using findings::StudyRow;
using findings::Training;

TableCell seconds_cell(double seconds) { return {seconds_text(seconds), seconds}; }

void add_clock_row(Table& table, const std::string& label, const std::string& phase,
                   const findings::JobOutcome& outcome, bool rule) {
  if (!outcome.status.done()) {
    table.add({label, phase, outcome.status.text(), "-", "-", "-", "-", "-", "-", "-"}, rule);
    return;
  }
  const Training& run = *outcome.training;
  const run::Clocks& clocks = run.clocks;
  table.add({label,
             phase,
             seconds_cell(clocks.train),
             seconds_cell(clocks.eval),
             seconds_cell(clocks.checkpoint),
             seconds_cell(clocks.other),
             seconds_cell(clocks.wall()),
             {significant(run.tokens_per_second), run.tokens_per_second},
             {with_commas(run.parameters), static_cast<double>(run.parameters)},
             {human_bytes(static_cast<double>(run.peak_memory_bytes)),
              static_cast<double>(run.peak_memory_bytes)}},
            rule);
}

void add_job_row(Table& table, const std::string& label, const std::string& phase,
                 const findings::JobOutcome& outcome) {
  table.add(
      {label, phase, "-", "-", "-", "-",
       outcome.status.done() ? seconds_cell(outcome.seconds) : TableCell(outcome.status.text()),
       "-", "-", "-"});
}

// The dtype that matrix multiplications run in.
std::string dtype_of(const plan::Experiment& experiment) {
  return experiment.match.precision == "fp32" ? "fp32" : "bf16";
}

struct KnownPeak {
  std::string name;  // "measured GEMM"
  std::optional<double> flops;
  std::string missing;  // why there is none
};

std::vector<KnownPeak> peaks_of(const Study& study) {
  const std::string unknown = "no profile of this machine";
  if (!study.sources.machine)
    return {{"measured GEMM", std::nullopt, unknown}, {"data sheet", std::nullopt, unknown}};
  const config::Profile& machine = *study.sources.machine;
  const std::string dtype = dtype_of(study.experiment());
  return {{"measured GEMM", machine.measured_peak(dtype),
           "no " + dtype + " GEMM was measured on " + machine.name},
          {"data sheet", machine.peak(dtype), machine.missing_peak(dtype)}};
}

TableCell mfu_cell(const measure::Utilisation& use, Footnotes& notes) {
  TableCell cell = {findings::percent(*use.value), use.value};
  const auto verdict = measure::plausibility(*use.value);
  if (verdict == measure::Plausibility::suspect)
    cell.mark = notes.mark("suspect: more than 75 % of the peak on one device");
  if (verdict == measure::Plausibility::impossible)
    cell.mark = notes.mark("impossible: more than the peak");
  return cell;
}

// Achieved FLOP/s under each convention, then their share of each known peak.
void add_utilisation_rows(Table& table, const std::vector<KnownPeak>& peaks,
                          const std::string& label, const std::string& phase, const Training& run) {
  const TableCell speed = {significant(run.tokens_per_second), run.tokens_per_second};
  std::vector<TableCell> achieved = {label, phase, "achieved GFLOP/s", speed};
  for (const measure::Convention convention : measure::all_conventions()) {
    const double flops =
        static_cast<double>(measure::flops_per_token(convention, run.model, run.sequence)) *
        run.tokens_per_second;
    achieved.emplace_back(significant(flops / 1e9), flops / 1e9);
  }
  table.add(std::move(achieved));
  Footnotes notes(table);
  for (const KnownPeak& peak : peaks) {
    if (!peak.flops) continue;
    const double of_all = *peak.flops * static_cast<double>(run.ranks);
    std::vector<TableCell> cells = {label, phase, "MFU of " + peak.name, speed};
    for (const measure::Convention convention : measure::all_conventions())
      cells.push_back(mfu_cell(
          measure::mfu(convention, run.model, run.sequence, run.tokens_per_second, of_all), notes));
    table.add(std::move(cells));
  }
}

// Of a training by several devices.
std::string exchange_note(const std::string& label, const std::string& phase, const Training& run) {
  return fmt::format(
      "{}, {}: by {} devices, each with its rows of every batch; {} of the training time they "
      "exchanged gradients, or one waited for another",
      label, phase, run.ranks,
      findings::percent(run.communication_seconds / std::max(run.clocks.train, 1e-9)));
}

}  // namespace

Table wall_clock(const Study& study) {
  Table table;
  std::vector<std::string> shared;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "phase", .align = Align::left},
                   {.heading = "train"},
                   {.heading = "eval"},
                   {.heading = "checkpoint"},
                   {.heading = "other"},
                   {.heading = "wall"},
                   {.heading = "tokens / s"},
                   {.heading = "parameters"},
                   {.heading = "peak memory"}};
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds) {
      const plan::Cell& cell = seed.runs.cell();
      const std::string label = row.text(seed);
      bool rule = !table.rows.empty();
      add_job_row(table, label, "prepare", seed.runs[cell.prepare]);
      table.rows.back().rule_before = rule;
      for (const plan::ArmPlan& arm : cell.arms)
        for (const plan::PhasePlan& phase : arm.phases)
          for (size_t i = 0; i < phase.jobs.size(); ++i) {
            const findings::JobOutcome& outcome = seed.runs[phase.jobs[i]];
            std::string title = job_title(cell, arm, phase, i);
            if (other_arms(cell).size() > 1 && title != arm.name) title = arm.name + ", " + title;
            if (outcome.kind == "train")
              add_clock_row(table, label, title, outcome, false);
            else
              add_job_row(table, label, title, outcome);
            if (outcome.training && outcome.training->ranks > 1)
              shared.push_back(exchange_note(label, title, *outcome.training));
          }
    }
  table.notes = {"preparing and clustering a corpus are done once and serve every model"};
  table.notes.insert(table.notes.end(), shared.begin(), shared.end());
  return table;
}

Table utilisation(const Study& study) {
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "phase", .align = Align::left},
                   {.heading = "measure", .align = Align::left},
                   {.heading = "tokens / s"}};
  for (const measure::Convention convention : measure::all_conventions())
    table.columns.push_back({.heading = std::string(measure::name(convention))});
  const std::vector<KnownPeak> peaks = peaks_of(study);
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds) {
      const plan::Cell& cell = seed.runs.cell();
      for (const plan::ArmPlan& arm : cell.arms)
        for (const plan::PhasePlan& phase : arm.phases) {
          const bool last = &phase == &arm.last();
          const size_t shown = last ? phase.jobs.size() - 1 : 0;
          const Training* run = phase.overhead ? nullptr : seed.runs.training(phase.jobs[shown]);
          if (run == nullptr) continue;
          const std::string title =
              last && phase.jobs.size() > 1 && &arm != &cell.arms[cell.baseline]
                  ? "longest " + phase.title
                  : job_title(cell, arm, phase, shown);
          add_utilisation_rows(table, peaks, row.text(seed), title, *run);
        }
    }
  for (const KnownPeak& peak : peaks)
    table.notes.push_back(peak.flops ? fmt::format("{}, {}: {} GFLOP/s", peak.name,
                                                   dtype_of(study.experiment()),
                                                   significant(*peak.flops / 1e9))
                                     : fmt::format("MFU of {}: null: {}", peak.name, peak.missing));
  table.notes.push_back(
      "achieved: FLOPs a token x tokens / s of training time; MFU: its share of the peak; the "
      "conventions differ by what they count: megatron takes active matmul weights and the causal "
      "half of the attention, palm all of the attention, nanogpt and foundry all parameters");
  return table;
}

}  // namespace repro::report
