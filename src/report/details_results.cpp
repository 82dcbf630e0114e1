#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "report/details.hpp"
#include "report/numbers.hpp"
#include "report/quantities.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

Cell ratio_cell(const Finding& finding) {
  if (!finding.here || !finding.paper || *finding.paper == 0) return "-";
  const double ratio = *finding.here / *finding.paper;
  return {significant(ratio), ratio};
}

std::string shown_range(const Finding& finding) {
  if (!finding.range) return "-";
  const double factor = finding.unit == "%" ? 100 : 1;
  return range_text({finding.range->low * factor, finding.range->high * factor});
}

Cell loss_cell(double loss) { return {loss_text(loss), loss}; }

void add_quality(Table& table, const std::string& label, const std::string& what,
                 const Training& run, int64_t window, bool rule) {
  if (!run.status.done()) {
    table.add({label, what, run.status.text(), "-", "-", "-"}, rule);
    return;
  }
  const auto number = [](const std::optional<double>& value, int decimals) {
    return value ? Cell(fixed(*value, decimals), value) : Cell("-");
  };
  std::optional<double> held, ppl, bits;
  if (run.held_out) held = run.held_out->loss, bits = run.held_out->bits_per_byte;
  if (run.perplexity) ppl = run.perplexity->value;
  table.add({label, what, loss_cell(final_loss(run, window)), number(held, 4), number(ppl, 2),
             number(bits, 4)},
            rule);
}

// The full arm's final loss at a horizon: log-linear between its ladder's ends and the full run.
std::optional<double> full_loss_at(const CellOutcome& cell, double steps, int64_t window) {
  std::vector<const Training*> runs;
  for (const Training& run : cell.full_ladder)
    if (run.status.done()) runs.push_back(&run);
  if (cell.full.status.done()) runs.push_back(&cell.full);
  for (size_t i = 0; i < runs.size(); ++i) {
    const auto above = static_cast<double>(runs[i]->steps);
    if (steps == above) return final_loss(*runs[i], window);
    if (steps > above) continue;
    if (i == 0) return std::nullopt;
    const auto below = static_cast<double>(runs[i - 1]->steps);
    const double part = std::log(steps / below) / std::log(above / below);
    const double from = final_loss(*runs[i - 1], window), to = final_loss(*runs[i], window);
    return from + part * (to - from);
  }
  return std::nullopt;
}

Cell difference_cell(const std::optional<double>& full, double disco) {
  if (!full) return "-";
  return {fmt::format("{:+.4f}", disco - *full), disco - *full};
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
    table.add(
        {finding.row,
         finding.quantity,
         finding.unit,
         {finding.paper_text, finding.paper},
         {finding.here_text, finding.here},
         shown_range(finding),
         ratio_cell(finding),
         finding.evidence,
         {verdict_text(finding), std::nullopt, Footnotes(table).mark(finding.judgement.reason)}},
        new_row);
  }
  table.notes = {
      "range: one seed: what the ladder's spacing leaves open; several seeds: 95 % interval of "
      "each "
      "cell by itself",
      "a ratio or a saving within a tenth of the published one counts as it",
      "evidence: measured = these runs ran; calibrated = measured step time x the paper's steps; "
      "projected = from a data sheet; columns never mix them"};
  return table;
}

Table findings_table(const std::vector<Finding>& findings) {
  Table table;
  for (const char* key : {"id", "cell", "quantity", "unit", "paper", "here", "here_text", "low",
                          "high", "here_over_paper", "evidence", "verdict", "stand_in", "reason"})
    table.columns.push_back({.heading = key});
  for (const Finding& finding : findings) {
    const auto number = [](const std::optional<double>& value) { return Cell("", value); };
    std::optional<double> low, high;
    if (finding.range) low = finding.range->low, high = finding.range->high;
    Cell ratio = ratio_cell(finding);
    ratio.text.clear();
    table.add({finding.id, finding.row, finding.quantity, finding.unit, number(finding.paper),
               number(finding.here), finding.here_text, number(low), number(high), ratio,
               finding.evidence, std::string(measure::name(finding.judgement.verdict)),
               finding.scope.empty() ? "no" : "yes", finding.judgement.reason});
  }
  return table;
}

Table work_ratios(const Study& study) {
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left}};
  struct Ratio {
    const char* title;
    double Effort::*member;
  };
  const std::vector<Ratio> ratios = {{"fine-tune steps, full / F", &Effort::step_speedup},
                                     {"wall clock, full / (S+F)", &Effort::wall_speedup},
                                     {"samples", &Effort::sample_ratio},
                                     {"FLOPs, megatron", &Effort::flop_ratio_megatron},
                                     {"FLOPs, palm", &Effort::flop_ratio_palm},
                                     {"device-hours", &Effort::device_hour_ratio}};
  for (const Ratio& ratio : ratios) table.columns.push_back({.heading = ratio.title});
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds) {
      std::vector<Cell> cells = {row.text(seed)};
      for (const Ratio& ratio : ratios) {
        if (!seed.comparison) {
          cells.emplace_back("-");
          continue;
        }
        const double value = seed.comparison->at.*ratio.member;
        cells.emplace_back(times(value), value);
      }
      table.add(std::move(cells));
    }
  table.notes = {
      "the last four are MoE-DisCo / full, submodels counted: above 1 means more work than full "
      "training, whatever it costs",
      "at the fine-tune's steps to the target, or at its bound where that is all that is known"};
  return table;
}

Table steps_to_target(const Study& study) {
  const int64_t window = study.experiment().target.window;
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "target"},
                   {.heading = "fine-tune's horizon: final loss", .align = Align::left},
                   {.heading = "steps to target (interval]"},
                   {.heading = "of the full run"},
                   {.heading = "first touch in the longest run"}};
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds) {
      const CellOutcome& cell = seed.cell;
      std::vector<std::string> rungs;
      for (size_t k = 0; k < cell.finetunes.size(); ++k) {
        const Training& run = cell.finetunes[k];
        const std::string loss =
            run.status.done() ? loss_text(final_loss(run, window)) : run.status.text();
        rungs.push_back(with_commas(cell.cell.finetune_steps[k]) + ": " + loss);
      }
      std::vector<Cell> cells = {row.text(seed), "-", join(rungs, ", "), "-", "-", "-"};
      if (const auto& comparison = seed.comparison) {
        cells[1] = loss_cell(comparison->target.threshold());
        cells[3] = {comparison->to_target.text(), comparison->to_target.estimate};
        const double share = comparison->to_target.estimate / static_cast<double>(cell.full.steps);
        cells[4] = {fixed(share, 3), share};
        if (comparison->first_touch) cells[5] = comparison->first_touch->text();
      }
      table.add(std::move(cells));
    }
  table.notes = {
      fmt::format("target: the full arm's mean loss over its last {} steps + {} nats", window,
                  study.experiment().target.tolerance),
      "a cosine run's loss depends on its horizon: each horizon is a run of its own, and steps to "
      "target is the smallest horizon whose final loss reaches it, interpolated in log-steps",
      "first touch: where the window mean inside the longest fine-tune first reaches the target"};
  return table;
}

Table model_quality(const Study& study) {
  const int64_t window = study.experiment().target.window;
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "model", .align = Align::left},
                   {.heading = "train loss"},
                   {.heading = "held-out loss"},
                   {.heading = "PPL"},
                   {.heading = "bits per byte"}};
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds) {
      const CellOutcome& cell = seed.cell;
      const std::string label = row.text(seed);
      const bool rule = &seed != &study.rows.front().seeds.front();
      add_quality(table, label, "full", cell.full, window, rule);
      std::vector<Cell> merged = {label, "merged, before fine-tuning", "-", "-", "-", "-"};
      if (cell.merge.train_loss) merged[2] = loss_cell(*cell.merge.train_loss);
      if (cell.merge.valid_loss) merged[3] = loss_cell(*cell.merge.valid_loss);
      table.add(std::move(merged));
      for (size_t k = 0; k < cell.finetunes.size(); ++k)
        add_quality(table, label,
                    fmt::format("fine-tune, {} steps", with_commas(cell.cell.finetune_steps[k])),
                    cell.finetunes[k], window, false);
    }
  table.notes = {
      "train and held-out loss in nats a token; PPL is exp of the test split's loss and "
      "not of the train loss"};
  return table;
}

Table equal_work(const Study& study) {
  const int64_t window = study.experiment().target.window;
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "fine-tune steps"},
                   {.heading = "fine-tune"},
                   {.heading = "full", .group = "at equal steps", .key = "full_equal_steps"},
                   {.heading = "difference", .group = "at equal steps"},
                   {.heading = "full steps", .group = "at equal samples"},
                   {.heading = "full", .group = "at equal samples", .key = "full_equal_samples"},
                   {.heading = "difference", .group = "at equal samples"}};
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds) {
      const CellOutcome& cell = seed.cell;
      double submodel_tokens = 0;
      for (const Training& run : cell.submodels) submodel_tokens += static_cast<double>(run.tokens);
      for (const Training& run : cell.finetunes) {
        if (!run.status.done() || !cell.full.status.done()) continue;
        const double disco = final_loss(run, window);
        const auto steps = static_cast<double>(run.steps);
        const double per_step = static_cast<double>(run.tokens) / steps;
        const double equal_samples = steps + submodel_tokens / per_step;
        const auto at_steps = full_loss_at(cell, steps, window);
        const auto at_samples = full_loss_at(cell, equal_samples, window);
        const auto shown = [](const std::optional<double>& loss) {
          return loss ? loss_cell(*loss) : Cell("-");
        };
        table.add({row.text(seed), with_commas(run.steps), loss_cell(disco), shown(at_steps),
                   difference_cell(at_steps, disco), with_commas(std::llround(equal_samples)),
                   shown(at_samples), difference_cell(at_samples, disco)});
      }
    }
  table.notes = {"final training loss, nats a token; difference below zero: MoE-DisCo is better",
                 "equal samples counts the submodels' tokens; the full arm's loss there is "
                 "interpolated in log-steps between its own horizons"};
  return table;
}

}  // namespace repro::report
