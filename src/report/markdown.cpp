#include <cctype>

#include "base/unicode.hpp"
#include "report/table.hpp"
#include "report/table_parts.hpp"

namespace repro::report {
// An underscore inside a word is not emphasis; "$" would start a formula on GitHub.
std::string escape_markdown(std::string_view given) {
  const std::string text = printable_line(given);
  const auto is_word = [&](size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at]));
  };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool inner_underscore = c == '_' && i > 0 && is_word(i - 1) && is_word(i + 1);
    if (std::string_view("\\`*_<[]|$").find(c) != std::string_view::npos && !inner_underscore)
      out += '\\';
    out += c;
  }
  return out;
}

std::string to_markdown(const Table& table) {
  std::string out;
  if (!table.title.empty()) out += "**" + escape_markdown(table.title) + "**\n\n";
  out += "|";
  for (const Column& column : table.columns)
    out += " " + escape_markdown(whole_heading(column)) + " |";
  out += "\n|";
  for (const Column& column : table.columns) out += column.align == Align::left ? ":--|" : "--:|";
  out += "\n";
  for (const TableRow& row : table.rows) {
    out += "|";
    for (const TableCell& cell : row.cells) {
      out += " " + escape_markdown(cell.text);
      if (!cell.mark.empty()) out += "<sup>" + escape_markdown(cell.mark) + "</sup>";
      out += " |";
    }
    out += "\n";
  }
  if (!table.footnotes.empty() || !table.notes.empty()) out += "\n";
  for (const Footnote& note : table.footnotes)
    out += "- <sup>" + escape_markdown(note.mark) + "</sup> " + escape_markdown(note.text) + "\n";
  for (const std::string& note : table.notes) out += "- " + escape_markdown(note) + "\n";
  return out;
}

}  // namespace repro::report
