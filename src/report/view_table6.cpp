// Table 6: the longest submodel of each cell. Steps are a setting of the manifest; hours are
// measured, and judged only as a share of the full run's hours.

#include "report/numbers.hpp"
#include "report/quantities.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

Cell here_cell(const Finding& found) {
  if (!found.here) return found.here_text;
  return {found.here_text, found.here};
}

void add_row(const Study& study, const StudyRow& row, const std::vector<Finding>& findings,
             Table& table) {
  const auto of = [&](const char* key) -> const Finding& {
    return finding(findings, study, row, key);
  };
  const Finding& share = of("hour_share");
  Cell hours = of("max_hours").here
                   ? Cell(seconds_text(*of("max_hours").here * 3600), of("max_hours").here)
                   : Cell("-");
  std::vector<Cell> cells = {
      row.model_title,
      row.corpus_text(),
      {study.paper_text(row, "table6", "max_steps"), of("max_steps").paper},
      here_cell(of("max_steps")),
      {study.paper_text(row, "table6", "max_hours") + " h", of("max_hours").paper},
      hours,
      {share.paper_text, share.paper},
      here_cell(share),
      verdict_text(share)};
  if (!row.first()) cells[3].mark = Footnotes(table).mark(share.judgement.reason);
  table.add(std::move(cells), starts_new_model(study, row));
}

}  // namespace

Table table6_view(const Study& study, const std::vector<Finding>& findings) {
  Table table;
  table.columns = {{.heading = "model", .align = Align::left},
                   {.heading = "corpus", .align = Align::left},
                   {.heading = "paper", .group = "max steps"},
                   {.heading = "here", .group = "max steps"},
                   {.heading = "paper", .group = "max time", .key = "max_hours_paper"},
                   {.heading = "here", .group = "max time", .key = "max_hours_here"},
                   {.heading = "paper", .group = "share of the full run's time"},
                   {.heading = "here", .group = "share of the full run's time"},
                   {.heading = "verdict", .align = Align::left}};
  for (const StudyRow& row : study.rows) add_row(study, row, findings, table);
  table.notes = {
      "steps are set by the manifest; time is billed wall time of the longest submodel, on the "
      "machine of these runs",
      "the share compares two devices in the paper (its submodels ran on cheaper ones) and one "
      "machine here"};
  return table;
}

}  // namespace repro::report
