#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.hpp"
#include "report/table.hpp"
#include "report/table_parts.hpp"

namespace repro::report {
namespace {

constexpr size_t kGap = 2;             // spaces between columns
constexpr size_t kNarrowestText = 12;  // a wrapped column is not made narrower than this

// One code point of UTF-8; a byte that starts none counts as itself.
char32_t next_code_point(std::string_view text, size_t& at) {
  const auto lead = static_cast<uint8_t>(text[at++]);
  const int following = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
  char32_t point = following == 0 ? lead : lead & (0x3F >> following);
  for (int i = 0; i < following && at < text.size(); ++i)
    point = point << 6 | (static_cast<uint8_t>(text[at++]) & 0x3F);
  return point;
}

struct Range {
  char32_t first, last;
};
// The blocks that reports can meet: corpus titles may be in any script.
constexpr std::array<Range, 5> kZeroWidth = {
    {{0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}}};
constexpr std::array<Range, 7> kWide = {{{0x1100, 0x115F},
                                         {0x2E80, 0xA4CF},
                                         {0xAC00, 0xD7A3},
                                         {0xF900, 0xFAFF},
                                         {0xFF00, 0xFF60},
                                         {0x1F300, 0x1FAFF},
                                         {0x20000, 0x3FFFD}}};

template <size_t N>
bool contains(const std::array<Range, N>& ranges, char32_t point) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const Range& range) {
    return range.first <= point && point <= range.last;
  });
}

std::string shown(const Cell& cell) {
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
    for (const Row& row : table.rows) width = std::max(width, display_width(shown(row.cells[i])));
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
  for (const Row& row : table.rows) width = std::max(width, longest_word(shown(row.cells[column])));
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

}  // namespace

size_t display_width(std::string_view text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    const char32_t point = next_code_point(text, at);
    if (contains(kZeroWidth, point)) continue;
    width += contains(kWide, point) ? 2 : 1;
  }
  return width;
}

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

std::string to_terminal(const Table& table, size_t width) {
  std::vector<size_t> widths = natural_widths(table);
  shrink(table, widths, width);
  std::string out;
  if (!table.title.empty()) out += indented("", table.title, width);
  if (has_groups(table)) out += group_line(table, widths);
  std::vector<std::string> headings;
  for (const Column& column : table.columns) headings.push_back(column.heading);
  out += text_lines(table, widths, headings) + rule(widths);
  for (const Row& row : table.rows) {
    std::vector<std::string> texts;
    for (const Cell& cell : row.cells) texts.push_back(shown(cell));
    if (row.rule_before) out += rule(widths);
    out += text_lines(table, widths, texts);
  }
  for (const Footnote& note : table.footnotes)
    out += indented("  " + note.mark + "  ", note.text, width);
  for (const std::string& note : table.notes) out += indented("  ", note, width);
  return out;
}

}  // namespace repro::report
