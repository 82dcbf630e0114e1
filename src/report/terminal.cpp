#include <algorithm>

#include "base/text.hpp"
#include "base/unicode.hpp"
#include "report/table.hpp"
#include "report/table_parts.hpp"

namespace repro::report {
namespace {

constexpr size_t kGap = 2;             // spaces between columns
constexpr size_t kNarrowestText = 12;  // a wrapped column is not made narrower than this

std::string shown(const TableCell& cell) {
  return cell.mark.empty() ? cell.text : cell.text + " " + cell.mark;
}

std::string padded(const std::string& text, size_t width, Align align) {
  const size_t used = display_width(text);
  const std::string space(width > used ? width - used : 0, ' ');
  return align == Align::left ? text + space : space + text;
}

std::string without_trailing_space(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::vector<size_t> natural_widths(const Table& table) {
  std::vector<size_t> widths;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    size_t width = display_width(table.columns[i].heading);
    for (const TableRow& row : table.rows)
      width = std::max(width, display_width(shown(row.cells[i])));
    widths.push_back(width);
  }
  // A group's heading may be wider than what stands below it.
  for (const HeadingSpan& span : heading_spans(table)) {
    size_t below = kGap * (span.columns - 1);
    for (size_t i = 0; i < span.columns; ++i) below += widths[span.first + i];
    const size_t needed = display_width(span.group);
    if (needed > below) widths[span.first + span.columns - 1] += needed - below;
  }
  return widths;
}

size_t total(const std::vector<size_t>& widths) {
  size_t sum = 0;
  for (size_t width : widths) sum += width + kGap;
  return sum;  // the first gap is the table's indentation
}

size_t longest_word(std::string_view text) {
  size_t longest = 0;
  for (const std::string& word : wrap(text, 1)) longest = std::max(longest, display_width(word));
  return longest;
}

// A wrapped column holds its longest word: a broken one would push its neighbours out of line.
size_t narrowest(const Table& table, size_t column) {
  size_t width = std::max(kNarrowestText, longest_word(table.columns[column].heading));
  for (const TableRow& row : table.rows)
    width = std::max(width, longest_word(shown(row.cells[column])));
  return width;
}

// Takes columns off the widest left-aligned column until the table fits or none can give more.
void shrink(const Table& table, std::vector<size_t>& widths, size_t limit) {
  std::vector<size_t> least;
  for (size_t i = 0; i < widths.size(); ++i) least.push_back(narrowest(table, i));
  while (total(widths) > limit) {
    size_t* widest = nullptr;
    for (size_t i = 0; i < widths.size(); ++i) {
      const bool can = table.columns[i].align == Align::left && widths[i] > least[i];
      if (can && (!widest || widths[i] > *widest)) widest = &widths[i];
    }
    if (!widest) return;
    --*widest;
  }
}

std::string group_line(const Table& table, const std::vector<size_t>& widths) {
  std::string line;
  for (const HeadingSpan& span : heading_spans(table)) {
    size_t width = kGap * (span.columns - 1);
    for (size_t i = 0; i < span.columns; ++i) width += widths[span.first + i];
    const size_t spare = width - std::min(width, display_width(span.group));
    const std::string centred = std::string(spare / 2, ' ') + span.group;
    line += std::string(kGap, ' ') + padded(centred, width, Align::left);
  }
  return without_trailing_space(line) + "\n";
}

std::string text_lines(const Table& table, const std::vector<size_t>& widths,
                       const std::vector<std::string>& texts) {
  std::vector<std::vector<std::string>> parts;
  size_t height = 1;
  for (size_t i = 0; i < texts.size(); ++i) {
    const bool fits = display_width(texts[i]) <= widths[i];
    parts.push_back(fits ? std::vector<std::string>{texts[i]} : wrap(texts[i], widths[i]));
    height = std::max(height, parts.back().size());
  }
  std::string out;
  for (size_t k = 0; k < height; ++k) {
    std::string line;
    for (size_t i = 0; i < parts.size(); ++i) {
      const std::string text = k < parts[i].size() ? parts[i][k] : "";
      line += std::string(kGap, ' ') + padded(text, widths[i], table.columns[i].align);
    }
    out += without_trailing_space(line) + "\n";
  }
  return out;
}

std::string rule(const std::vector<size_t>& widths) {
  return std::string(kGap, ' ') + std::string(total(widths) - kGap, '-') + "\n";
}

std::string indented(const std::string& first, std::string_view text, size_t width) {
  std::string out;
  const size_t margin = display_width(first);
  const auto lines = wrap(text, width > margin ? width - margin : width);
  for (size_t i = 0; i < lines.size(); ++i)
    out += (i == 0 ? first : std::string(margin, ' ')) + lines[i] + "\n";
  return out;
}

// A newline in a cell would make lines that look like rows of their own.
Table printable_table(Table table) {
  table.title = printable_line(table.title);
  for (Column& column : table.columns) {
    column.heading = printable_line(column.heading);
    column.group = printable_line(column.group);
  }
  for (TableRow& row : table.rows)
    for (TableCell& cell : row.cells) cell.text = printable_line(cell.text);
  for (Footnote& note : table.footnotes) note.text = printable_line(note.text);
  for (std::string& note : table.notes) note = printable_line(note);
  return table;
}

}  // namespace

std::vector<std::string> wrap(std::string_view text, size_t width) {
  std::vector<std::string> lines = {""};
  for (const std::string& word : split(text, ' ')) {
    std::string& line = lines.back();
    if (line.empty())
      line = word;
    else if (display_width(line) + 1 + display_width(word) <= width)
      line += " " + word;
    else
      lines.push_back(word);
  }
  return lines;
}

std::string to_terminal(const Table& given, size_t width) {
  const Table table = printable_table(given);
  std::vector<size_t> widths = natural_widths(table);
  shrink(table, widths, width);
  std::string out;
  if (!table.title.empty()) out += indented("", table.title, width);
  if (has_groups(table)) out += group_line(table, widths);
  std::vector<std::string> headings;
  for (const Column& column : table.columns) headings.push_back(column.heading);
  out += text_lines(table, widths, headings) + rule(widths);
  for (const TableRow& row : table.rows) {
    std::vector<std::string> texts;
    for (const TableCell& cell : row.cells) texts.push_back(shown(cell));
    if (row.rule_before) out += rule(widths);
    out += text_lines(table, widths, texts);
  }
  for (const Footnote& note : table.footnotes)
    out += indented("  " + note.mark + "  ", note.text, width);
  for (const std::string& note : table.notes) out += indented("  ", note, width);
  return out;
}

}  // namespace repro::report
