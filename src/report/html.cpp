#include <fmt/format.h>

#include "base/hash.hpp"
#include "base/unicode.hpp"
#include "report/evidence.hpp"
#include "report/page_assets.hpp"
#include "report/table.hpp"
#include "report/table_parts.hpp"

namespace repro::report {
namespace {

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

// With its heading, for a screen that has no room for columns, and the way to what it rests on.
std::string cell_html(const Column& column, const TableCell& cell) {
  std::string text = escape_html(cell.text);
  if (cell.tone != Tone::plain)
    text = fmt::format("<span class=\"tone {}\">{}</span>", name(cell.tone), text);
  if (!cell.about.empty() && !cell.text.empty())
    text = fmt::format("<a class=\"ev\" href=\"#{}\">{}</a>", anchor_of(cell.about), text);
  if (!cell.mark.empty()) text += fmt::format("<sup>{}</sup>", escape_html(cell.mark));
  return fmt::format("<td{} data-h=\"{}\">{}</td>", attribute(column.align),
                     escape_html(whole_heading(column)), text);
}

std::string body_row(const Table& table, const TableRow& row) {
  std::string out = row.rule_before ? "<tr class=\"rule\">" : "<tr>";
  for (size_t i = 0; i < row.cells.size(); ++i) out += cell_html(table.columns[i], row.cells[i]);
  return out + "</tr>\n";
}

// What a page may do: its own style, and the scripts whose bytes are these. No network, and no text
// of a report that would be taken for a script.
std::string content_policy() {
  std::string policy = "default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; script-src";
  for (const std::string_view script : {chart_script(), page_script()})
    policy += " &#39;sha256-" + sha256_base64(script) + "&#39;";
  return policy;
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
  constexpr size_t kWide = 9;  // columns: beyond them paper needs a smaller type
  std::string out = fmt::format("<div class=\"scroll\">\n<table{}>\n",
                                table.columns.size() > kWide ? " class=\"wide\"" : "");
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
      "<!doctype html>\n<html lang=\"en\" class=\"no-script\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n<title>{}</title>\n"
      "<style>{}\n{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      content_policy(), escape_html(title), chart_style(), page_style(), body);
}

}  // namespace repro::report
