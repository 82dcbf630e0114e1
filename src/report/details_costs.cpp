#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "measure/flops.hpp"
#include "report/details.hpp"
#include "report/numbers.hpp"
#include "report/timing.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

Cell seconds_cell(double seconds) { return {seconds_text(seconds), seconds}; }

Cell saving_cell(const std::optional<double>& saving) {
  return saving ? Cell(percent(*saving), saving) : Cell("no price");
}

void add_clock_row(Table& table, const std::string& label, const std::string& phase,
                   const Training& run, bool rule) {
  if (!run.status.done()) {
    table.add({label, phase, run.status.text(), "-", "-", "-", "-", "-", "-", "-"}, rule);
    return;
  }
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
                 const Status& status, double seconds) {
  table.add({label, phase, "-", "-", "-", "-",
             status.done() ? seconds_cell(seconds) : Cell(status.text()), "-", "-", "-"});
}

// The dtype that matrix multiplications run in.
std::string dtype_of(const config::Experiment& experiment) {
  return experiment.match.precision == "fp32" ? "fp32" : "bf16";
}

struct Peak {
  std::string name;  // "measured GEMM"
  std::optional<double> flops;
  std::string missing;  // why there is none
};

std::vector<Peak> peaks_of(const Study& study) {
  const std::string unknown = "no profile of this machine";
  if (!study.options.machine)
    return {{"measured GEMM", std::nullopt, unknown}, {"data sheet", std::nullopt, unknown}};
  const config::Profile& machine = *study.options.machine;
  const std::string dtype = dtype_of(study.experiment());
  return {{"measured GEMM", machine.measured_peak(dtype),
           "no " + dtype + " GEMM was measured on " + machine.name},
          {"data sheet", machine.peak(dtype), machine.missing_peak(dtype)}};
}

Cell mfu_cell(const measure::Utilisation& use, Footnotes& notes) {
  Cell cell = {percent(*use.value), use.value};
  const auto verdict = measure::plausibility(*use.value);
  if (verdict == measure::Plausibility::suspect)
    cell.mark = notes.mark("suspect: more than 75 % of the peak on one device");
  if (verdict == measure::Plausibility::impossible)
    cell.mark = notes.mark("impossible: more than the peak");
  return cell;
}

// Achieved FLOP/s under each convention, then their share of each known peak.
void add_utilisation_rows(Table& table, const std::vector<Peak>& peaks, const std::string& label,
                          const std::string& phase, const Training& run,
                          const config::ModelConfig& model, int64_t sequence) {
  if (!run.status.done()) return;
  const Cell speed = {significant(run.tokens_per_second), run.tokens_per_second};
  std::vector<Cell> achieved = {label, phase, "achieved GFLOP/s", speed};
  for (const measure::Convention convention : measure::all_conventions()) {
    const double flops =
        static_cast<double>(flops_per_token(convention, model, sequence)) * run.tokens_per_second;
    achieved.emplace_back(significant(flops / 1e9), flops / 1e9);
  }
  table.add(std::move(achieved));
  Footnotes notes(table);
  for (const Peak& peak : peaks) {
    if (!peak.flops) continue;
    std::vector<Cell> cells = {label, phase, "MFU of " + peak.name, speed};
    for (const measure::Convention convention : measure::all_conventions())
      cells.push_back(mfu_cell(
          measure::mfu(convention, model, sequence, run.tokens_per_second, peak.flops), notes));
    table.add(std::move(cells));
  }
}

std::string step_time_note(const Study& study, const std::string& model, bool submodels,
                           const StepTimes& times) {
  return fmt::format("step times of {}{}: {} to {} ms, median {} ms, over {} runs",
                     study.experiment().model_entries.at(model).title,
                     submodels ? "'s submodels" : "", significant(times.least * 1e3),
                     significant(times.greatest * 1e3), significant(times.median * 1e3),
                     times.runs);
}

}  // namespace

Table costs(const Study& study) {
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "full", .group = "dollars"},
                   {.heading = "S", .group = "dollars"},
                   {.heading = "F", .group = "dollars"},
                   {.heading = "makespan (paper)", .group = "saving"},
                   {.heading = "usage", .group = "saving"},
                   {.heading = "with overheads", .group = "saving"},
                   {.heading = "training time only", .group = "saving"},
                   {.heading = "at median step times (calibrated)"},
                   {.heading = "break-even price ratio"}};
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds) {
      std::vector<Cell> cells(table.columns.size(), "-");
      cells[0] = row.text(seed);
      if (seed.comparison) {
        const Effort& at = seed.comparison->at;
        const auto dollars = [](const std::optional<double>& value) {
          return value ? Cell(significant(*value), value) : Cell("no price");
        };
        cells[1] = dollars(at.full_dollars);
        cells[2] = dollars(at.submodel_dollars);
        cells[3] = dollars(at.finetune_dollars);
        cells[4] = saving_cell(at.saving);
        cells[5] = saving_cell(at.usage_saving);
        cells[6] = saving_cell(at.overhead_saving);
        cells[7] = saving_cell(at.training_saving);
        cells[8] = saving_cell(steady_saving(study, row));
        cells[9] = {fixed(at.break_even_ratio, 3), at.break_even_ratio};
      }
      table.add(std::move(cells));
    }
  table.notes = {
      "makespan: every submodel device is paid until the longest submodel ends, as the paper "
      "counts; usage: each pays for its own time",
      "billed time includes evaluation, checkpoints and start; training time only leaves them out "
      "of both arms",
      "overheads: clustering (on the submodels' device) and merging (on the fine-tune's), "
      "measured; "
      "moving data and checkpoints between machines: n/m, nothing was moved; preparing the corpus "
      "is needed by both arms and charged to neither",
      "at median step times: each phase's steps x the model's median step time over all runs of "
      "equal work, training only: what is left when no run was slowed by its neighbours"};
  for (const std::string& model : study.experiment().models)
    for (const bool submodels : {false, true})
      if (const auto times = step_times(study, model, submodels))
        table.notes.push_back(step_time_note(study, model, submodels, *times));
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
      const CellOutcome& cell = seed.cell;
      const std::string label = row.text(seed);
      add_clock_row(table, label, "full", cell.full, !table.rows.empty());
      add_job_row(table, label, "prepare", cell.prepare.status, cell.prepare.seconds);
      add_job_row(table, label, "cluster", cell.cluster.status, cell.cluster.seconds);
      for (size_t k = 0; k < cell.submodels.size(); ++k)
        add_clock_row(table, label, fmt::format("submodel {}", k), cell.submodels[k], false);
      add_job_row(table, label, "merge", cell.merge.status, cell.merge.seconds);
      for (size_t k = 0; k < cell.finetunes.size(); ++k)
        add_clock_row(table, label,
                      fmt::format("fine-tune, {} steps", with_commas(cell.cell.finetune_steps[k])),
                      cell.finetunes[k], false);
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
  const std::vector<Peak> peaks = peaks_of(study);
  for (const StudyRow& row : study.rows) {
    const config::ModelConfig& model = study.experiment().model_entries.at(row.model).model;
    for (const Seed& seed : row.seeds) {
      const auto add = [&](const char* phase, const Training& run,
                           const config::ModelConfig& trained) {
        add_utilisation_rows(table, peaks, row.text(seed), phase, run, trained,
                             study.experiment().match.sequence);
      };
      add("full", seed.cell.full, model);
      add("submodel 0", seed.cell.submodels.front(), config::submodel_of(model));
      add("longest fine-tune", seed.cell.finetunes.back(), model);
    }
  }
  for (const Peak& peak : peaks)
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
