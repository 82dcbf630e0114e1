#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "measure/flops.hpp"
#include "report/details.hpp"
#include "report/numbers.hpp"
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
    table.add({label, phase, run.status.text(), "-", "-", "-", "-", "-"}, rule);
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
             {significant(run.tokens_per_second), run.tokens_per_second}},
            rule);
}

void add_job_row(Table& table, const std::string& label, const std::string& phase,
                 const Status& status, double seconds) {
  table.add({label, phase, "-", "-", "-", "-",
             status.done() ? seconds_cell(seconds) : Cell(status.text()), "-"});
}

// The dtype that matrix multiplications run in.
std::string dtype_of(const config::Experiment& experiment) {
  return experiment.match.precision == "fp32" ? "fp32" : "bf16";
}

struct Peaks {
  std::optional<double> measured, data_sheet;
  std::string missing_measured = "no profile of this machine";
  std::string missing_data_sheet = "no profile of this machine";
};

Peaks peaks_of(const Study& study) {
  Peaks peaks;
  if (!study.options.machine) return peaks;
  const config::Profile& machine = *study.options.machine;
  const std::string dtype = dtype_of(study.experiment());
  peaks.measured = machine.measured_peak(dtype);
  peaks.data_sheet = machine.peak(dtype);
  peaks.missing_measured = "no " + dtype + " GEMM was measured on " + machine.name;
  peaks.missing_data_sheet = machine.missing_peak(dtype);
  return peaks;
}

Cell mfu_cell(const measure::Utilisation& use, Footnotes& notes) {
  if (!use.value) return {"null", std::nullopt, notes.mark(use.reason)};
  const auto verdict = measure::plausibility(*use.value);
  Cell cell = {percent(*use.value), use.value};
  if (verdict == measure::Plausibility::suspect)
    cell.mark = notes.mark("suspect: more than 75 % of the peak on one device");
  if (verdict == measure::Plausibility::impossible)
    cell.mark = notes.mark("impossible: more than the peak");
  return cell;
}

void add_mfu_row(Table& table, const Study& study, const Peaks& peaks, const std::string& label,
                 const std::string& phase, const Training& run, const config::ModelConfig& model) {
  if (!run.status.done()) return;
  Footnotes notes(table);
  std::vector<Cell> cells = {
      label, phase, {significant(run.tokens_per_second), run.tokens_per_second}};
  for (const measure::Convention convention :
       {measure::Convention::megatron, measure::Convention::palm, measure::Convention::nanogpt}) {
    const auto use = [&](const std::optional<double>& peak, const std::string& why) {
      return measure::mfu(convention, model, study.experiment().match.sequence,
                          run.tokens_per_second, peak, why);
    };
    cells.push_back(mfu_cell(use(peaks.measured, peaks.missing_measured), notes));
    cells.push_back(mfu_cell(use(peaks.data_sheet, peaks.missing_data_sheet), notes));
  }
  table.add(std::move(cells));
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
        cells[8] = {fixed(at.break_even_ratio, 3), at.break_even_ratio};
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
      "is needed by both arms and charged to neither"};
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
                   {.heading = "tokens / s"}};
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
                   {.heading = "tokens / s"}};
  for (const char* convention : {"megatron", "palm", "nanogpt"}) {
    table.columns.push_back({.heading = "of measured peak", .group = convention});
    table.columns.push_back({.heading = "of data sheet", .group = convention});
  }
  const Peaks peaks = peaks_of(study);
  for (const StudyRow& row : study.rows) {
    const config::ModelConfig& model = study.experiment().model_entries.at(row.model).model;
    for (const Seed& seed : row.seeds) {
      const CellOutcome& cell = seed.cell;
      const std::string label = row.text(seed);
      add_mfu_row(table, study, peaks, label, "full", cell.full, model);
      if (!cell.submodels.empty())
        add_mfu_row(table, study, peaks, label, "submodel 0", cell.submodels.front(),
                    config::submodel_of(model));
      if (!cell.finetunes.empty())
        add_mfu_row(table, study, peaks, label, "longest fine-tune", cell.finetunes.back(), model);
    }
  }
  const auto peak_text = [](const std::optional<double>& peak) {
    return peak ? fmt::format("{} GFLOP/s", significant(*peak / 1e9)) : std::string("unknown");
  };
  table.notes = {
      fmt::format("peaks in {}: measured GEMM {}, data sheet {}; tokens / s of training time",
                  dtype_of(study.experiment()), peak_text(peaks.measured),
                  peak_text(peaks.data_sheet)),
      "FLOPs a token: megatron 6 x active matmul weights + causal half of the attention; palm the "
      "same with full attention; nanogpt 6 x all parameters + full attention"};
  return table;
}

}  // namespace repro::report
