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

// Of stacked cells the widest line: their own newlines are the only ones (printable_table).
size_t width_of(const std::string& text) {
  size_t width = 0;
  for (const std::string& line : split(text, '\n')) width = std::max(width, display_width(line));
  return width;
}

std::string padded(const std::string& text, size_t width, Align align, Tone tone = Tone::plain) {
  const size_t used = display_width(text);
  const std::string space(width > used ? width - used : 0, ' ');
  return align == Align::left ? toned(tone, text) + space : space + toned(tone, text);
}

std::string without_trailing_space(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::vector<size_t> natural_widths(const Table& table) {
  std::vector<size_t> widths;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    size_t width = display_width(table.columns[i].heading);
    for (const TableRow& row : table.rows) width = std::max(width, width_of(shown(row.cells[i])));
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

// Stacked cells are not broken: their numbers stand below each other.
size_t longest_word(std::string_view text) {
  if (text.find('\n') != text.npos) return width_of(std::string(text));
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
                       const std::vector<std::string>& texts, const TableRow* tones = nullptr) {
  std::vector<std::vector<std::string>> parts;
  size_t height = 1;
  for (size_t i = 0; i < texts.size(); ++i) {
    const bool fits = width_of(texts[i]) <= widths[i];
    parts.push_back(fits ? split(texts[i], '\n') : wrap(texts[i], widths[i]));
    height = std::max(height, parts.back().size());
  }
  std::string out;
  for (size_t k = 0; k < height; ++k) {
    std::string line;
    for (size_t i = 0; i < parts.size(); ++i) {
      const std::string text = k < parts[i].size() ? parts[i][k] : "";
      const Tone tone = tones != nullptr ? tones->cells[i].tone : Tone::plain;
      line += std::string(kGap, ' ') + padded(text, widths[i], table.columns[i].align, tone);
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
    for (TableCell& cell : row.cells) {
      cell.text = printable_line(cell.text);
      cell.said = printable_line(cell.said);
    }
  for (Footnote& note : table.footnotes) note.text = printable_line(note.text);
  for (std::string& note : table.notes) note = printable_line(note);
  return table;
}

// Columns beside each other, as wide as they are.
std::string aligned(const Table& table, const std::vector<size_t>& widths, bool tones) {
  std::string out;
  if (has_groups(table)) out += group_line(table, widths);
  std::vector<std::string> headings;
  for (const Column& column : table.columns) headings.push_back(column.heading);
  out += text_lines(table, widths, headings) + rule(widths);
  for (const TableRow& row : table.rows) {
    std::vector<std::string> texts;
    for (const TableCell& cell : row.cells) texts.push_back(shown(cell));
    if (row.rule_before) out += rule(widths);
    out += text_lines(table, widths, texts, tones ? &row : nullptr);
  }
  return out;
}

// The columns of a group as one: a line each, its heading before it.
TableCell stacked_cell(const Table& table, const TableRow& row, const HeadingSpan& span) {
  size_t name_width = 0, text_width = 0;
  for (size_t i = span.first; i < span.first + span.columns; ++i) {
    name_width = std::max(name_width, display_width(table.columns[i].heading));
    for (const TableRow& any : table.rows)
      text_width = std::max(text_width, display_width(shown(any.cells[i])));
  }
  TableCell cell;
  for (size_t i = span.first; i < span.first + span.columns; ++i)
    cell.text += (i == span.first ? "" : "\n") +
                 padded(table.columns[i].heading, name_width, Align::left) + " " +
                 padded(shown(row.cells[i]), text_width, Align::right);
  return cell;
}

Table with_stacked_groups(const Table& table) {
  Table stacked;
  const std::vector<HeadingSpan> spans = heading_spans(table);
  for (const HeadingSpan& span : spans) {
    Column column = table.columns[span.first];
    if (span.columns > 1) column = {.heading = span.group, .align = Align::left};
    stacked.columns.push_back(std::move(column));
  }
  for (const TableRow& row : table.rows) {
    TableRow line{{}, /*rule_before=*/&row != &table.rows.front()};
    for (const HeadingSpan& span : spans)
      line.cells.push_back(span.columns > 1 ? stacked_cell(table, row, span)
                                            : row.cells[span.first]);
    stacked.rows.push_back(std::move(line));
  }
  return stacked;
}

// A line a cell, a rule between rows.
std::string cell_by_cell(const Table& table, size_t width, bool tones) {
  size_t names = 0;
  for (const Column& column : table.columns)
    names = std::max(names, display_width(whole_heading(column)));
  names = std::min(names, width / 2);
  const size_t margin = names + 2 * kGap;
  std::string out;
  for (const TableRow& row : table.rows) {
    if (&row != &table.rows.front()) out += rule({std::max(width, 2 * kGap) - 2 * kGap});
    for (size_t i = 0; i < row.cells.size(); ++i) {
      // What a reader of columns finds in the row above must be said here.
      const TableCell& cell = row.cells[i];
      const std::string whole = cell.text.empty() ? cell.said : shown(cell);
      if (whole.empty()) continue;
      const std::vector<std::string> name = wrap(whole_heading(table.columns[i]), names);
      const std::vector<std::string> text = wrap(whole, width > margin ? width - margin : width);
      for (size_t k = 0; k < std::max(name.size(), text.size()); ++k) {
        std::string line = padded(k < name.size() ? name[k] : "", names, Align::left);
        if (k < text.size())
          line += std::string(kGap, ' ') + toned(tones ? cell.tone : Tone::plain, text[k]);
        out += without_trailing_space(std::string(kGap, ' ') + line) + "\n";
      }
    }
  }
  return out;
}

// In the widest layout that fits.
std::string laid_out(const Table& table, size_t width, bool tones) {
  std::vector<size_t> widths = natural_widths(table);
  shrink(table, widths, width);
  if (total(widths) <= width || table.rows.empty()) return aligned(table, widths, tones);
  if (has_groups(table)) {
    const Table stacked = with_stacked_groups(table);
    widths = natural_widths(stacked);
    shrink(stacked, widths, width);
    if (total(widths) <= width) return aligned(stacked, widths, tones);
  }
  return cell_by_cell(table, width, tones);
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

std::string to_terminal(const Table& given, size_t width, bool tones) {
  const Table table = printable_table(given);
  std::string out;
  if (!table.title.empty()) out += indented("", table.title, width);
  out += laid_out(table, width, tones);
  for (const Footnote& note : table.footnotes)
    out += indented("  " + note.mark + "  ", note.text, width);
  for (const std::string& note : table.notes) out += indented("  ", note, width);
  return out;
}

}  // namespace repro::report
