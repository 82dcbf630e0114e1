#include <fmt/format.h>

#include <array>
#include <utility>

#include "report/table.hpp"
#include "report/table_parts.hpp"

namespace repro::report {
namespace {

// Longest first: ">=" before ">". Characters outside ASCII that reports use are spelt out, so that
// every engine and font sets them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 24> kEscapes = {{
    {">=", "$\\geq$"},
    {"<=", "$\\leq$"},
    {"\\", "\\textbackslash{}"},
    {"&", "\\&"},
    {"%", "\\%"},
    {"$", "\\$"},
    {"#", "\\#"},
    {"_", "\\_"},
    {"{", "\\{"},
    {"}", "\\}"},
    {"~", "\\textasciitilde{}"},
    {"^", "\\textasciicircum{}"},
    {"<", "\\textless{}"},
    {">", "\\textgreater{}"},
    {"|", "\\textbar{}"},
    {"\"", "\\textquotedbl{}"},
    {"≥", "$\\geq$"},
    {"≤", "$\\leq$"},
    {"×", "$\\times$"},
    {"±", "$\\pm$"},
    {"–", "--"},
    {"—", "---"},
    {"→", "$\\rightarrow$"},
    {"·", "$\\cdot$"},
}};

// The rules under the group headings: \cmidrule(lr){2-3}.
std::string group_rows(const Table& table) {
  std::string names, rules;
  for (const HeadingSpan& span : heading_spans(table)) {
    if (span.first > 0) names += " & ";
    if (span.group.empty()) continue;
    names += fmt::format("\\multicolumn{{{}}}{{c}}{{{}}}", span.columns, escape_latex(span.group));
    rules += fmt::format("\\cmidrule(lr){{{}-{}}}", span.first + 1, span.first + span.columns);
  }
  return names + " \\\\\n" + rules + "\n";
}

std::string row_text(const Row& row) {
  std::string out;
  for (const Cell& cell : row.cells) {
    if (&cell != &row.cells.front()) out += " & ";
    out += escape_latex(cell.text);
    if (!cell.mark.empty()) out += "\\textsuperscript{" + escape_latex(cell.mark) + "}";
  }
  return out + " \\\\\n";
}

}  // namespace

std::string escape_latex(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    size_t used = 0;
    for (const auto& [from, to] : kEscapes) {
      if (text.substr(0, from.size()) != from) continue;
      out += to;
      used = from.size();
      break;
    }
    if (used == 0) {
      out += text.front();
      used = 1;
    }
    text.remove_prefix(used);
  }
  return out;
}

std::string to_latex(const Table& table) {
  std::string out = "\\begin{table}[t]\n\\centering\\small\n";
  if (!table.title.empty()) out += "\\caption{" + escape_latex(table.title) + "}\n";
  std::string alignment;
  for (const Column& column : table.columns) alignment += column.align == Align::left ? 'l' : 'r';
  out += "\\begin{tabular}{" + alignment + "}\n\\toprule\n";
  if (has_groups(table)) out += group_rows(table);
  Row headings;
  for (const Column& column : table.columns) headings.cells.emplace_back(column.heading);
  out += row_text(headings) + "\\midrule\n";
  for (const Row& row : table.rows) out += (row.rule_before ? "\\midrule\n" : "") + row_text(row);
  out += "\\bottomrule\n\\end{tabular}\n";
  for (const Footnote& note : table.footnotes)
    out += fmt::format("\\par\\footnotesize\\textsuperscript{{{}}} {}\n", escape_latex(note.mark),
                       escape_latex(note.text));
  for (const std::string& note : table.notes)
    out += "\\par\\footnotesize " + escape_latex(note) + "\n";
  return out + "\\end{table}\n";
}

}  // namespace repro::report
