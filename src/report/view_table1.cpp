// Table 1: fine-tune steps to the full arm's final training loss, and how good the models are
// there. Two lines a cell: the paper's, then ours. Train loss, held-out loss, perplexity and bits
// per byte are four different things and four columns; the paper gives two of them.

#include <fmt/format.h>

#include "base/text.hpp"
#include "report/numbers.hpp"
#include "report/quantities.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

constexpr const char* kFull = "full";
constexpr const char* kDisco = "MoE-DisCo at the target";

Cell printed(const Study& study, const StudyRow& row, const char* column) {
  return {study.paper_text(row, "table1", column), study.paper(row, "table1", column)};
}

std::string with_times(const std::string& text, const std::optional<double>& value) {
  return value ? text + "x" : text;
}

void add_paper_line(const Study& study, const StudyRow& row, const Finding& speedup, Table& table) {
  table.add({row.model_title,
             row.corpus_title + ", paper",
             printed(study, row, "full_steps"),
             printed(study, row, "full_loss"),
             "-",
             printed(study, row, "full_ppl"),
             "-",
             printed(study, row, "disco_steps"),
             printed(study, row, "disco_loss"),
             "-",
             printed(study, row, "disco_ppl"),
             "-",
             {with_times(speedup.paper_text, speedup.paper), speedup.paper},
             ""},
            starts_new_model(study, row));
}

// Held-out loss, perplexity and bits per byte: means over the seeds.
std::vector<Cell> quality(const std::vector<const Training*>& runs) {
  std::vector<double> losses, perplexities, bits;
  for (const Training* run : runs) {
    if (run->held_out) losses.push_back(run->held_out->loss);
    if (run->held_out) bits.push_back(run->held_out->bits_per_byte);
    if (run->perplexity) perplexities.push_back(run->perplexity->value);
  }
  const auto cell = [&](const std::vector<double>& values, int decimals) {
    if (values.size() != runs.size()) return Cell("-");
    const double value = measure::mean(values);
    return Cell(fixed(value, decimals), value);
  };
  return {cell(losses, 3), cell(perplexities, 1), cell(bits, 3)};
}

void append(std::vector<Cell>& cells, std::vector<Cell> more) {
  for (Cell& cell : more) cells.push_back(std::move(cell));
}

void add_here_line(const Study& study, const StudyRow& row, const std::vector<Finding>& findings,
                   const Finding& speedup, Table& table) {
  std::vector<Cell> cells = {"",
                             (row.stand_in.empty() ? row.corpus_title : row.stand_in) + ", here"};
  const std::string remark = row_remark(row, speedup.judgement);
  if (row.first()) {
    std::vector<const Training*> full, tuned;
    for (const Seed* seed : row.compared()) {
      full.push_back(&seed->cell.full);
      tuned.push_back(&seed->cell.finetunes[seed->comparison->deciding]);
    }
    const Finding& steps = finding(findings, study, row, "disco_steps");
    const Finding& full_loss = finding(findings, study, row, "full_loss");
    const Finding& loss = finding(findings, study, row, "disco_loss");
    append(cells, {{with_commas(full[0]->steps), static_cast<double>(full[0]->steps)},
                   {fixed(*full_loss.here, 3), full_loss.here}});
    append(cells, quality(full));
    append(cells, {{steps.here_text, steps.here}, {fixed(*loss.here, 3), loss.here}});
    append(cells, quality(tuned));
    cells.emplace_back(with_times(speedup.here_text, speedup.here), speedup.here);
  } else {
    cells.resize(12, "-");
    cells.emplace_back(speedup.here_text);
  }
  if (!remark.empty()) cells.back().mark = Footnotes(table).mark(remark);
  cells.emplace_back(verdict_text(speedup));
  table.add(std::move(cells));
}

// How the perplexity was taken: the same for all runs of a plan.
std::string perplexity_sentence(const Study& study) {
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds)
      if (const auto& ppl = seed.cell.full.perplexity)
        return fmt::format(
            "valid: held-out loss, nats a token; bit/B: bits per byte, {} split; PPL: {} split, "
            "window {} tokens, stride {}",
            seed.cell.full.held_out ? seed.cell.full.held_out->split : "no", ppl->split,
            ppl->window, ppl->stride);
  return "PPL: not measured";
}

}  // namespace

Table table1_view(const Study& study, const std::vector<Finding>& findings) {
  Table table;
  table.columns = {{.heading = "model", .align = Align::left},
                   {.heading = "corpus", .align = Align::left}};
  for (const char* arm : {kFull, kDisco}) {
    for (const char* measure : {"steps", "train", "valid", "PPL", "bit/B"})
      table.columns.push_back({.heading = measure, .group = arm});
  }
  table.columns.push_back({.heading = "steps", .group = "ratio"});
  table.columns.push_back({.heading = "verdict", .align = Align::left});
  for (const StudyRow& row : study.rows) {
    const Finding& speedup = finding(findings, study, row, "step_speedup");
    add_paper_line(study, row, speedup, table);
    add_here_line(study, row, findings, speedup, table);
  }
  const config::Target& target = study.experiment().target;
  table.notes = {
      fmt::format("train: mean training loss of the last {} steps, nats a token; target = the full "
                  "arm's + {} nats",
                  target.window, target.tolerance),
      perplexity_sentence(study),
      "steps: fine-tune steps only, as in the paper; the submodels' are in the sample ratio"};
  return table;
}

}  // namespace repro::report
