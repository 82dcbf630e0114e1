#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "base/text.hpp"
#include "base/unicode.hpp"
#include "report/table.hpp"
#include "report/table_parts.hpp"

namespace repro::report {
namespace {

// Longest first: ">=" before ">". Characters outside ASCII that reports use are spelt out, so that
// every engine and font sets them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 25> kEscapes = {{
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
    {"\uFFFD", "?"},
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

std::string row_text(const TableRow& row) {
  std::string out;
  for (const TableCell& cell : row.cells) {
    if (&cell != &row.cells.front()) out += " & ";
    out += escape_latex(cell.text);
    if (!cell.mark.empty()) out += "\\textsuperscript{" + escape_latex(cell.mark) + "}";
  }
  return out + " \\\\\n";
}

}  // namespace

std::string escape_latex(std::string_view given) {
  static const std::string kFirsts = [] {
    std::string firsts;
    for (const auto& [from, to] : kEscapes) firsts += from.front();
    return firsts;
  }();
  const std::string shown = printable_line(given);
  std::string_view text = shown;
  std::string out;
  while (!text.empty()) {
    const size_t plain = std::min(text.find_first_of(kFirsts), text.size());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto escape = std::find_if(std::begin(kEscapes), std::end(kEscapes),
                                     [&](const auto& one) { return text.starts_with(one.first); });
    const bool known = escape != std::end(kEscapes);
    out += known ? std::string_view(escape->second) : text.substr(0, 1);
    text.remove_prefix(known ? std::string_view(escape->first).size() : 1);
  }
  return out;
}

namespace {

// Characters of \small across the text of an A4 page with the document's margins.
constexpr size_t kPage = 100;
constexpr size_t kNarrowestText = 12;
constexpr size_t kGap = 2;
// More rows than this do not fit one page.
constexpr size_t kLongest = 30;

size_t total(const std::vector<size_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), kGap * widths.size());
}

std::vector<size_t> natural_widths(const Table& table) {
  std::vector<size_t> widths;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    widths.push_back(display_width(table.columns[i].heading));
    for (const TableRow& row : table.rows)
      widths.back() = std::max(widths.back(), display_width(row.cells[i].text));
  }
  return widths;
}

// LaTeX breaks no word of the kind "accuracies_above_guessing".
size_t longest_word(const Table& table, size_t column) {
  size_t longest = kNarrowestText;
  for (const TableRow& row : table.rows)
    for (const std::string& word : split(row.cells[column].text, ' '))
      longest = std::max(longest, display_width(word));
  return longest;
}

// "lrr"; texts that make the table wider than the page become paragraphs that share what is left.
std::string column_types(const Table& table) {
  const std::vector<size_t> natural = natural_widths(table);
  std::vector<size_t> widths = natural;
  std::vector<size_t> least;
  for (size_t i = 0; i < widths.size(); ++i) least.push_back(longest_word(table, i));
  while (total(widths) > kPage) {
    size_t* widest = nullptr;
    for (size_t i = 0; i < widths.size(); ++i) {
      const bool can = table.columns[i].align == Align::left && widths[i] > least[i];
      if (can && (widest == nullptr || widths[i] > *widest)) widest = &widths[i];
    }
    if (widest == nullptr) break;
    --*widest;
  }
  std::string types;
  for (size_t i = 0; i < widths.size(); ++i) {
    if (widths[i] == natural[i])
      types += table.columns[i].align == Align::left ? 'l' : 'r';
    else
      types += fmt::format(">{{\\raggedright\\arraybackslash}}p{{{:.2f}\\linewidth}}",
                           static_cast<double>(widths[i]) / static_cast<double>(kPage));
  }
  return types;
}

std::string heading_rows(const Table& table) {
  TableRow headings;
  for (const Column& column : table.columns) headings.cells.emplace_back(column.heading);
  return "\\toprule\n" + (has_groups(table) ? group_rows(table) : "") + row_text(headings) +
         "\\midrule\n";
}

std::string body_rows(const Table& table) {
  std::string out;
  for (const TableRow& row : table.rows)
    out += (row.rule_before ? "\\midrule\n" : "") + row_text(row);
  return out;
}

std::string notes_below(const Table& table) {
  std::string out;
  for (const Footnote& note : table.footnotes)
    out += fmt::format("\\par\\footnotesize\\textsuperscript{{{}}} {}\n", escape_latex(note.mark),
                       escape_latex(note.text));
  for (const std::string& note : table.notes)
    out += "\\par\\footnotesize " + escape_latex(note) + "\n";
  return out;
}

// Over as many pages as it takes, the headings repeated on each.
std::string long_table(const Table& table) {
  const std::string caption =
      table.title.empty() ? "" : "\\caption{" + escape_latex(table.title) + "} \\\\\n";
  return "{\\small\n\\begin{longtable}{" + column_types(table) + "}\n" + caption +
         heading_rows(table) + "\\endfirsthead\n" + heading_rows(table) +
         "\\endhead\n\\bottomrule\n\\endfoot\n" + body_rows(table) + "\\end{longtable}\n" +
         notes_below(table) + "\\par}\n";
}

}  // namespace

std::string to_latex(const Table& table) {
  if (table.rows.size() > kLongest) return long_table(table);
  std::string out = "\\begin{table}[t]\n\\centering\\small\n";
  if (!table.title.empty()) out += "\\caption{" + escape_latex(table.title) + "}\n";
  return out + "\\begin{tabular}{" + column_types(table) + "}\n" + heading_rows(table) +
         body_rows(table) + "\\bottomrule\n\\end{tabular}\n" + notes_below(table) +
         "\\end{table}\n";
}

}  // namespace repro::report
