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
             {speedup.paper_text, speedup.paper},
             ""},
            &row != &study.rows.front());
}

// Held-out loss, perplexity and bits per byte of one run: the first seed's.
std::vector<Cell> quality(const Training& run) {
  std::vector<Cell> cells(3, "-");
  if (run.held_out) cells[0] = {fixed(run.held_out->loss, 3), run.held_out->loss};
  if (run.perplexity) cells[1] = {fixed(run.perplexity->value, 1), run.perplexity->value};
  if (run.held_out) cells[2] = {fixed(run.held_out->bits_per_byte, 3), run.held_out->bits_per_byte};
  return cells;
}

void append(std::vector<Cell>& cells, std::vector<Cell> more) {
  for (Cell& cell : more) cells.push_back(std::move(cell));
}

void add_here_line(const Study& study, const StudyRow& row, const std::vector<Finding>& findings,
                   const Finding& speedup, Table& table) {
  std::vector<Cell> cells = {"",
                             (row.stand_in.empty() ? row.corpus_title : row.stand_in) + ", here"};
  const std::string remark = row_remark(row, speedup.judgement);
  if (row.compared()) {
    const Comparison& comparison = *row.first();
    const Finding& steps = finding(findings, study, row, "disco_steps");
    const Finding& full_loss = finding(findings, study, row, "full_loss");
    const Finding& loss = finding(findings, study, row, "disco_loss");
    append(cells,
           {{with_commas(row.seeds[0].full.steps), static_cast<double>(row.seeds[0].full.steps)},
            {fixed(*full_loss.here, 3), full_loss.here}});
    append(cells, quality(row.seeds[0].full));
    append(cells, {{steps.here_text, steps.here}, {fixed(*loss.here, 3), loss.here}});
    append(cells, quality(row.seeds[0].finetunes[comparison.deciding]));
    cells.emplace_back(speedup.here_text, speedup.here);
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
    for (const CellOutcome& cell : row.seeds)
      if (const auto& ppl = cell.full.perplexity)
        return fmt::format(
            "PPL: {} split, window {} tokens, stride {}; held-out loss and bits per "
            "byte: {} split",
            ppl->split, ppl->window, ppl->stride,
            cell.full.held_out ? cell.full.held_out->split : "no");
  return "PPL: not measured";
}

}  // namespace

View table1_view(const Study& study, const std::vector<Finding>& findings) {
  View view;
  view.table.columns = {{.heading = "model", .align = Align::left},
                        {.heading = "corpus", .align = Align::left}};
  for (const char* arm : {kFull, kDisco}) {
    for (const char* measure : {"steps", "train", "held-out", "PPL", "bit/B"})
      view.table.columns.push_back({.heading = measure, .group = arm});
  }
  view.table.columns.push_back({.heading = "ratio", .group = "steps"});
  view.table.columns.push_back({.heading = "verdict", .align = Align::left});
  for (const StudyRow& row : study.rows) {
    const Finding& speedup = finding(findings, study, row, "step_speedup");
    add_paper_line(study, row, speedup, view.table);
    add_here_line(study, row, findings, speedup, view.table);
  }
  const config::Target& target = study.experiment().target;
  view.sentences = {
      fmt::format("train: mean training loss of the last {} steps, nats a token; target = the full "
                  "arm's + {} nats",
                  target.window, target.tolerance),
      perplexity_sentence(study),
      "steps: fine-tune steps only, as in the paper; the submodels' are in the sample ratio"};
  return view;
}

}  // namespace repro::report
