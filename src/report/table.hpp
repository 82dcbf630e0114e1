#pragma once
// A table as people read it, independent of where it is shown: headings in groups, aligned cells,
// footnotes below. One renderer a format; every renderer escapes what its format would misread, and
// none lets characters pass that steer a terminal or reorder a line (base/unicode.hpp). The machine
// formats (CSV, JSON) carry a cell's full-precision value where it has one, and follow one
// convention: docs/tables.md.

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/tone.hpp"

namespace repro::report {

enum class Align { left, right };

struct Column {
  std::string heading;     // "paper"
  std::string group = {};  // neighbours of equal group share one heading above; "" = none
  Align align = Align::right;
  std::string key = {};  // name in CSV and JSON: a-z, 0-9, _; "" = made of group and heading
};

struct TableCell {
  std::string text = {};
  std::optional<double> value = {};  // for CSV and JSON, all digits, in the unit of the convention;
                                     // the text stays beside it in JSON
  std::string mark = {};             // of a footnote: "a"
  std::string said = {};             // for CSV and JSON where people are shown less; "" = the text
  Tone tone = Tone::plain;           // of a verdict
  std::string about = {};            // what the page shows of it on demand: a finding's id, or the
                                     // key of a row's runs; "" = nothing

  TableCell() = default;
  TableCell(std::string shown) : text(std::move(shown)) {}  // NOLINT: a string is a cell
  TableCell(const char* shown) : text(shown) {}             // NOLINT
  TableCell(std::string shown, std::optional<double> number, std::string footnote = {})
      : text(std::move(shown)), value(number), mark(std::move(footnote)) {}
  // Blank for people, who read it in the row above.
  static TableCell repeated(std::string same) {
    TableCell cell;
    cell.said = std::move(same);
    return cell;
  }
};

struct TableRow {
  std::vector<TableCell> cells;  // as many as columns
  bool rule_before = false;      // a line above: a new group of rows
};

struct Footnote {
  std::string mark;
  std::string text;
};

struct Table {
  std::string title = {};
  std::vector<Column> columns = {};
  std::vector<TableRow> rows = {};
  std::vector<Footnote> footnotes = {};
  std::vector<std::string> notes = {};  // lines below the footnotes

  // A row of texts or cells; a repro::check that their number is the number of columns.
  void add(std::vector<TableCell> cells, bool rule_before = false);
};

// Aligned columns. Wider than `width`: left-aligned columns are wrapped at words, the widest first;
// still wider, columns of one group are set one below the other; wider than that, each cell gets a
// line of its own. Ends with a newline. `tones`: marked as report/tone.hpp says.
std::string to_terminal(const Table& table, size_t width = 120, bool tones = false);
// GitHub's tables. Groups have no line of their own there: "full: paper".
std::string to_markdown(const Table& table);
// <table> with <caption>, to be put into a page.
std::string to_html(const Table& table);
// A booktabs tabular inside a table environment, or a longtable when it is longer than a page.
// Wider than a page, its texts become paragraphs. Needs the packages array, booktabs, graphicx and
// longtable.
std::string to_latex(const Table& table);
// The same as a file to be read by \input: its first lines say which packages it needs. No wider
// than the text.
std::string to_latex_fragment(const Table& table);
// RFC 4180: a heading line of keys. A column in which any cell has a value is a column of numbers:
// all digits, and nothing where a number is missing or has no end. Else texts; one that a
// spreadsheet would take for a formula begins with an apostrophe.
std::string to_csv(const Table& table);
// {"title", "columns": [{"key", "heading", "group"}], "rows": [{key: {"text", "value", "note"}}],
// "notes"}
nlohmann::json to_json(const Table& table);

// A unit as machine formats name it: their shares are fractions ("%" -> "fraction"), and no unit is
// "none".
std::string machine_unit(const std::string& unit);
// What every file and answer in JSON is written by: strings and keys printable, `indent` spaces.
std::string json_text(const nlohmann::json& value, int indent);

// A whole page around a body: style inline, no reference to any other file.
std::string html_page(std::string_view title, std::string_view body);

std::string escape_markdown(std::string_view text);
std::string escape_html(std::string_view text);
std::string escape_latex(std::string_view text);

// Breaks at spaces so that no line is wider than `width`, unless one word is.
std::vector<std::string> wrap(std::string_view text, size_t width);

}  // namespace repro::report
