#include <fmt/format.h>

#include "base/unicode.hpp"
#include "report/table.hpp"
#include "report/table_parts.hpp"

namespace repro::report {
namespace {

// Readable on paper and on screen, light or dark; numbers line up because their digits do.
constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
.lead { font-size: 1.1rem; border-left: 4px solid #d90; padding-left: .8rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding-bottom: .4rem; }
th, td { padding: .25rem .6rem; text-align: right; vertical-align: top; }
td { white-space: nowrap; }
th.l, td.l { text-align: left; white-space: normal; }
thead th { border-bottom: 1px solid var(--line); }
thead th.g { text-align: center; }
tbody tr.rule td { border-top: 1px solid var(--line); }
tbody tr:hover { background: var(--soft); }
.notes { font-size: .87rem; padding-left: 1.2rem; }
figure { margin: 1.2rem 0; background: #fff; color: #222; padding: .5rem; }
figure svg { max-width: 100%; height: auto; }
figcaption { font-size: .87rem; }
)";

std::string attribute(Align align) { return align == Align::left ? " class=\"l\"" : ""; }

std::string head(const Table& table) {
  std::string out = "<thead>\n";
  if (has_groups(table)) {
    out += "<tr>";
    for (const HeadingSpan& span : heading_spans(table))
      out += fmt::format("<th class=\"g\" colspan=\"{}\">{}</th>", span.columns,
                         escape_html(span.group));
    out += "</tr>\n";
  }
  out += "<tr>";
  for (const Column& column : table.columns)
    out += fmt::format("<th{}>{}</th>", attribute(column.align), escape_html(column.heading));
  return out + "</tr>\n</thead>\n";
}

std::string body_row(const Table& table, const TableRow& row) {
  std::string out = row.rule_before ? "<tr class=\"rule\">" : "<tr>";
  for (size_t i = 0; i < row.cells.size(); ++i) {
    const TableCell& cell = row.cells[i];
    out += fmt::format("<td{}>{}", attribute(table.columns[i].align), escape_html(cell.text));
    if (!cell.mark.empty()) out += fmt::format("<sup>{}</sup>", escape_html(cell.mark));
    out += "</td>";
  }
  return out + "</tr>\n";
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : printable_line(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string to_html(const Table& table) {
  std::string out = "<div class=\"scroll\">\n<table>\n";
  if (!table.title.empty()) out += "<caption>" + escape_html(table.title) + "</caption>\n";
  out += head(table) + "<tbody>\n";
  for (const TableRow& row : table.rows) out += body_row(table, row);
  out += "</tbody>\n</table>\n</div>\n";
  if (table.footnotes.empty() && table.notes.empty()) return out;
  out += "<ul class=\"notes\">\n";
  for (const Footnote& note : table.footnotes)
    out +=
        fmt::format("<li><sup>{}</sup> {}</li>\n", escape_html(note.mark), escape_html(note.text));
  for (const std::string& note : table.notes) out += "<li>" + escape_html(note) + "</li>\n";
  return out + "</ul>\n";
}

std::string html_page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n"
      "<style>{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      escape_html(title), kStyle, body);
}

}  // namespace repro::report
