#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "findings/numbers.hpp"
#include "findings/timing.hpp"
#include "measure/flops.hpp"
#include "report/details.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::fixed;
using findings::seconds_text;
using findings::Seed;
using findings::significant;
using findings::StudyRow;
using findings::Training;

TableCell seconds_cell(double seconds) { return {seconds_text(seconds), seconds}; }

TableCell saving_cell(const std::optional<double>& saving) {
  return saving ? TableCell(findings::percent(*saving), saving) : TableCell("no price");
}

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
    std::vector<TableCell> cells = {label, phase, "MFU of " + peak.name, speed};
    for (const measure::Convention convention : measure::all_conventions())
      cells.push_back(mfu_cell(
          measure::mfu(convention, run.model, run.sequence, run.tokens_per_second, peak.flops),
          notes));
    table.add(std::move(cells));
  }
}

// What they are, and on whose device.
std::string overheads_text(const plan::ArmPlan& arm) {
  std::vector<std::string> parts;
  for (const plan::PhasePlan& phase : arm.phases) {
    if (!phase.overhead) continue;
    std::string owner;
    for (const plan::PhasePlan& other : arm.phases)
      if (!other.overhead && other.profile == phase.profile && owner.empty())
        owner = other.title + (&other == &arm.last() ? "'s" : "s'");
    parts.push_back(
        fmt::format("{} (on the {}{})", phase.title, owner, parts.empty() ? " device" : ""));
  }
  return join(parts, " and ");
}

// The billed phases of all arms but the baseline, each symbol once.
std::vector<std::string> billed_symbols(const plan::Cell& cell) {
  std::vector<std::string> symbols;
  for (const size_t arm : other_arms(cell))
    for (const plan::PhasePlan& phase : cell.arms[arm].phases)
      if (!phase.overhead &&
          std::find(symbols.begin(), symbols.end(), phase.symbol) == symbols.end())
        symbols.push_back(phase.symbol);
  return symbols;
}

// One arm's bills beside the baseline's.
class CostRow {
 public:
  CostRow(const Study& study, const Seed& seed, size_t arm) : study_(study) {
    const plan::Cell& cell = seed.runs.cell();
    const auto work_of = [&](size_t index) {
      const auto& standing = seed.comparison->arms[index];
      return standing ? seed.runs.work_at(cell.arms[index], standing->at) : std::nullopt;
    };
    baseline_ = work_of(cell.baseline);
    own_ = work_of(arm);
    arm_ = &cell.arms[arm];
  }

  bool known() const { return baseline_ && own_; }
  std::optional<double> baseline() const {
    return bill(*baseline_, plan::ClockKind::wall, {}, false);
  }
  std::optional<double> phase(const std::string& symbol) const {
    const measure::Bill all = full_bill(*own_, plan::ClockKind::wall, {}, false);
    for (const plan::PhasePlan& phase : arm_->phases)
      for (const measure::PhaseCost& cost : all.phases)
        if (phase.symbol == symbol && cost.name == phase.name) return cost.dollars;
    return std::nullopt;
  }
  std::optional<double> saving(measure::Accounting accounting, plan::ClockKind clock,
                               bool overheads) const {
    const auto own = bill(*own_, clock, {.accounting = accounting}, overheads);
    const auto full = bill(*baseline_, clock, {}, false);
    return own && full ? std::optional(1 - *own / *full) : std::nullopt;
  }
  // Price ratio of the two devices above which nothing is saved; empty when all are on one device.
  std::optional<double> break_even() const {
    const std::string& device = arm_->last().profile;
    double cheap = 0, costly = 0;
    for (const plan::PhaseWork& phase : own_->phases) {
      if (phase.overhead || phase.jobs.empty()) continue;
      (phase.jobs.front().profile == device ? costly : cheap) += phase.device_hours();
    }
    return cheap > 0 ? std::optional((baseline_->device_hours() - costly) / cheap) : std::nullopt;
  }

 private:
  measure::Bill full_bill(const plan::Work& work, plan::ClockKind clock,
                          const measure::Billing& billing, bool overheads) const {
    return measure::bill(
        work.to_bill(clock, overheads),
        [this](const std::string& device) { return study_.prices.of(device); }, billing);
  }
  std::optional<double> bill(const plan::Work& work, plan::ClockKind clock,
                             const measure::Billing& billing, bool overheads) const {
    const measure::Bill all = full_bill(work, clock, billing, overheads);
    return all.complete() ? std::optional(all.dollars) : std::nullopt;
  }

  const Study& study_;
  const plan::ArmPlan* arm_ = nullptr;
  std::optional<plan::Work> baseline_, own_;
};

void add_cost_row(const Study& study, const StudyRow& row, const Seed& seed, size_t arm,
                  const std::vector<std::string>& symbols, Table& table) {
  std::vector<TableCell> cells = {label_of(row, seed, arm)};
  if (seed.comparison)
    if (const CostRow cost(study, seed, arm); cost.known()) {
      using measure::Accounting;
      const auto dollars = [](const std::optional<double>& value) {
        return value ? TableCell(significant(*value), value) : TableCell("no price");
      };
      cells.push_back(dollars(cost.baseline()));
      for (const std::string& symbol : symbols) cells.push_back(dollars(cost.phase(symbol)));
      cells.push_back(saving_cell(cost.saving(Accounting::makespan, plan::ClockKind::wall, false)));
      cells.push_back(saving_cell(cost.saving(Accounting::usage, plan::ClockKind::wall, false)));
      cells.push_back(saving_cell(cost.saving(Accounting::makespan, plan::ClockKind::wall, true)));
      cells.push_back(
          saving_cell(cost.saving(Accounting::makespan, plan::ClockKind::train, false)));
      cells.push_back(saving_cell(findings::steady_saving(study, row, arm)));
      const auto even = cost.break_even();
      cells.push_back(even ? TableCell(fixed(*even, 3), even) : TableCell("-"));
    }
  cells.resize(table.columns.size(), "-");
  table.add(std::move(cells));
}

std::string step_time_note(const findings::StepTimes& times) {
  return fmt::format("step times of {}: {} to {} ms, median {} ms, over {} runs", times.what,
                     significant(times.least * 1e3), significant(times.greatest * 1e3),
                     significant(times.median * 1e3), times.runs);
}

}  // namespace

Table costs(const Study& study) {
  const plan::Cell& cell = study.plan.cells.front();
  const std::vector<std::string> symbols = billed_symbols(cell);
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = study.baseline().name, .group = "dollars"}};
  for (const std::string& symbol : symbols)
    table.columns.push_back({.heading = symbol, .group = "dollars"});
  for (const char* heading : {"makespan (paper)", "usage", "with overheads", "training time only"})
    table.columns.push_back({.heading = heading, .group = "saving"});
  table.columns.push_back({.heading = "at median step times (calibrated)"});
  table.columns.push_back({.heading = "break-even price ratio"});
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds)
      for (const size_t arm : other_arms(seed.runs.cell()))
        add_cost_row(study, row, seed, arm, symbols, table);
  const plan::ArmPlan& arm = cell.arms[other_arms(cell).front()];
  const plan::PhasePlan& first = arm.phases.size() > 1 ? arm.phases[1] : arm.phases[0];
  table.notes = {
      fmt::format("makespan: every {} device is paid until the longest {} ends, as the paper "
                  "counts; usage: each pays for its own time",
                  first.title, first.title),
      "billed time includes checkpoints, start and evaluation on the way; measuring the finished "
      "models is charged to no arm; training time only leaves all of that out of both arms"};
  if (const std::string overheads = overheads_text(arm); !overheads.empty())
    table.notes.push_back(fmt::format(
        "overheads: {}, measured; moving data and checkpoints between machines: n/m, nothing was "
        "moved; preparing the corpus is needed by both arms and charged to neither",
        overheads));
  table.notes.push_back(
      "at median step times: each phase's steps x the model's median step time over all runs of "
      "equal work, training only: what is left when no run was slowed by its neighbours");
  for (const findings::StepTimes& times : findings::step_times(study))
    table.notes.push_back(step_time_note(times));
  return table;
}

Table wall_clock(const Study& study) {
  Table table;
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
          }
    }
  table.notes = {"preparing and clustering a corpus are done once and serve every model"};
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
