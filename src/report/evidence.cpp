#include "report/evidence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "findings/findings.hpp"
#include "findings/interval_text.hpp"
#include "findings/judging.hpp"
#include "findings/numbers.hpp"
#include "findings/values.hpp"

namespace repro::report {
namespace {

using findings::Finding;
using findings::Seed;
using findings::Study;
using findings::StudyRow;

// "1 - 0.0227 / 0.0245": the formula with what the names are worth in one seed; "" where one is not
// known.
std::string with_numbers(const claims::Quantity& quantity, const Study& study, const Seed& seed) {
  if (!seed.comparison) return "";
  const findings::Positions at(seed.runs.cell().arms.size(), findings::Position::at);
  std::vector<std::string> printed;
  for (const claims::Reference& reference : quantity.here->references()) {
    const auto value =
        findings::value_of(claims::parse_here(reference.name), seed, at, findings::terms_of(study));
    if (!value) return "";
    printed.push_back(findings::significant(*value, 4));
  }
  return quantity.here->substitute(printed);
}

void add_formula_here(const claims::Quantity& quantity, const Study& study, const StudyRow& row,
                      std::vector<EvidenceLine>& lines) {
  lines.push_back({"formula here", quantity.here->text(), /*typed=*/true});
  for (const Seed& seed : row.seeds)
    if (const std::string text = with_numbers(quantity, study, seed); !text.empty())
      lines.push_back({row.seeds.size() == 1 ? std::string("in numbers")
                                             : fmt::format("seed {}", seed.runs.cell().seed),
                       text, /*typed=*/true});
}

std::string paper_source(const claims::Quantity& quantity, const Study& study) {
  const claims::ClaimTable* table = study.sources.claims.table(quantity.table);
  return table == nullptr ? "" : ", " + table->where;
}

void add_formulas(const claims::Quantity& quantity, const Study& study, const StudyRow& row,
                  std::vector<EvidenceLine>& lines) {
  if (quantity.here) add_formula_here(quantity, study, row, lines);
  if (quantity.paper)
    lines.push_back({"formula of the paper", quantity.paper->text() + paper_source(quantity, study),
                     /*typed=*/true});
}

std::string unit_after(const std::string& unit) { return unit.empty() ? "" : " " + unit; }

// `quantity`: null of a score on a task, which its seeds' answers make up.
Evidence number_evidence(const claims::Quantity* quantity, const Study& study, const StudyRow& row,
                         const Finding& one) {
  Evidence evidence{one.id, one.row + ", " + one.quantity, {}};
  auto& lines = evidence.lines;
  lines.push_back({"here", one.here_text + unit_after(one.here ? one.unit : "")});
  if (one.range) {
    const double factor = one.unit == "%" ? 100 : 1;
    lines.push_back(
        {"range, 95 %", findings::range_text({one.range->low * factor, one.range->high * factor}) +
                            unit_after(one.unit)});
  }
  for (const std::string& part : findings::part_lines(one)) lines.push_back({"", part});
  if (one.paper) lines.push_back({"paper", one.paper_text + unit_after(one.unit)});
  if (quantity != nullptr)
    add_formulas(*quantity, study, row, lines);
  else
    for (const std::string& input : one.inputs) lines.push_back({"", input});
  lines.push_back({"evidence", one.evidence == "-" ? "none yet" : one.evidence});
  lines.push_back({"verdict", findings::verdict_text(one) + ": " + one.judgement.reason});
  if (const std::string p = findings::p_text(one.judgement); !p.empty())
    lines.push_back({"test", p});
  lines.push_back({"inputs and runs", one.row, /*typed=*/false, row_key(row)});
  lines.push_back({"explain", "repro explain " + shell_quoted(one.id) + asked_options(study),
                   /*typed=*/true});
  return evidence;
}

// A job that two arms share stands once.
void add_run_lines(const Study& study, const StudyRow& row, std::vector<EvidenceLine>& lines) {
  std::vector<size_t> seen;
  for (const Seed& seed : row.seeds)
    for (const plan::CellJob& one : plan::jobs_of(seed.runs.cell())) {
      const findings::Status& status = study.outcomes[one.job].status;
      const bool known = std::find(seen.begin(), seen.end(), one.job) != seen.end();
      if (known || (status.state == run::State::absent && !status.wanted)) continue;
      seen.push_back(one.job);
      lines.push_back({status.text(), status.directory, /*typed=*/true});
    }
}

Evidence row_evidence(const Study& study, const StudyRow& row, const Finding& any) {
  Evidence evidence{row_key(row), "Runs of " + row.text(), {}};
  for (const std::string& input : any.inputs) evidence.lines.push_back({"", input});
  add_run_lines(study, row, evidence.lines);
  evidence.lines.push_back({"explain", "repro explain RUN", /*typed=*/true});
  return evidence;
}

bool is_numeric(const TableCell& cell) {
  return cell.value || std::any_of(cell.text.begin(), cell.text.end(),
                                   [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

std::string row_key(const StudyRow& row) { return "runs of " + row.model + "/" + row.corpus; }

std::string anchor_of(const std::string& about) {
  std::string id = "e-";
  for (const char c : about)
    id += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ? c : '-';
  return id;
}

std::string asked_options(const Study& study) {
  constexpr std::string_view kOnly = "only=";
  std::string text = " --scale " + shell_quoted(study.experiment().scale.name);
  for (const std::string& one : study.experiment().asked)
    text += one.starts_with(kOnly) ? " --only " + shell_quoted(one.substr(kOnly.size()))
                                   : " --set " + shell_quoted(one);
  if (const std::string& prices = study.sources.prices.name; prices != "paper")
    text += " --prices " + shell_quoted(prices);
  return text;
}

std::vector<Evidence> evidence_of(const Study& study, const std::vector<Finding>& found) {
  std::vector<Evidence> all;
  for (const StudyRow& row : study.rows) {
    const std::string ids = findings::finding_id(study, row, "");
    const Finding* first = nullptr;
    for (const Finding& one : found) {
      if (!one.id.starts_with(ids)) continue;
      if (first == nullptr) first = &one;
      all.push_back(number_evidence(study.sources.claims.quantity(one.id.substr(ids.size())), study,
                                    row, one));
    }
    if (first != nullptr) all.push_back(row_evidence(study, row, *first));
  }
  return all;
}

void link_rows(const Study& study, Table& table) {
  for (TableRow& line : table.rows) {
    const std::string& label = line.cells.front().text;
    const auto row = std::find_if(study.rows.begin(), study.rows.end(), [&](const StudyRow& one) {
      return label == one.text() || label.starts_with(one.text() + ", ");
    });
    if (row == study.rows.end()) continue;
    for (size_t i = 1; i < line.cells.size(); ++i)
      if (line.cells[i].about.empty() && is_numeric(line.cells[i]))
        line.cells[i].about = row_key(*row);
  }
}

}  // namespace repro::report
