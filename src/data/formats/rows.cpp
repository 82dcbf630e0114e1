#include "data/formats/rows.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/unicode.hpp"
#include "data/formats/columnar.hpp"
#include "data/formats/input.hpp"

namespace repro::data {
namespace {

using nlohmann::ordered_json;

ordered_json parse_object(std::string_view line, const std::string& where) {
  if (is_too_deep(line)) throw Error("{}: nested deeper than {}", where, kDeepestJson);
  ordered_json row = parse_ordered_json(line);
  if (!row.is_object()) throw Error("{}: no JSON object", where);
  return row;
}

void visit_lines(Input& input, const VisitRow& visit) {
  LineReader lines(input);
  std::string_view line;
  for (int64_t number = 1; lines.next(line); ++number)
    if (line.find_first_not_of(" \t") != std::string_view::npos)
      visit(parse_object(line, fmt::format("{}:{}", input.name(), number)));
}

// One record of RFC 4180 from the front of `text`: quoted values may hold commas, quotes (doubled)
// and newlines.
std::vector<std::string> take_record(std::string_view& text, int64_t& line,
                                     const std::string& file) {
  std::vector<std::string> values = {""};
  const int64_t first = line;
  bool quoted = false;
  size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\n') ++line;
    if (quoted && c == '"' && text.substr(at + 1, 1) == "\"")
      values.back() += text[++at];
    else if (c == '"' && (quoted || values.back().empty()))
      quoted = !quoted;
    else if (!quoted && c == ',')
      values.emplace_back();
    else if (!quoted && c == '\n')
      break;
    else if (quoted || c != '\r')
      values.back() += c;
  }
  if (quoted) throw Error("{}:{}: a quote that is not closed", file, first);
  text.remove_prefix(std::min(at + 1, text.size()));
  return values;
}

void require_distinct(const std::vector<std::string>& columns, const std::string& file) {
  std::set<std::string> seen;
  for (const std::string& column : columns)
    if (!seen.insert(column).second)
      throw Error(
          "{}: two columns are called '{}'; a file without names needs `columns` in its task", file,
          printable_line(column));
}

void visit_csv(Input& input, std::vector<std::string> columns, const VisitRow& visit) {
  const std::string whole = read_all(input);
  std::string_view text = whole;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  int64_t line = 1;
  const bool named = columns.empty();
  if (named) columns = take_record(text, line, input.name());
  require_distinct(columns, input.name());
  while (!text.empty()) {
    const int64_t first = line;
    const std::vector<std::string> values = take_record(text, line, input.name());
    if (values == std::vector<std::string>{""}) continue;
    if (values.size() != columns.size())
      throw Error("{}:{}: {} values, {} {} columns", input.name(), first, values.size(),
                  named ? "the first line names" : "`columns` names", columns.size());
    ordered_json row;
    for (size_t i = 0; i < columns.size(); ++i) row[columns[i]] = values[i];
    visit(std::move(row));
  }
}

}  // namespace

void for_each_row(const std::filesystem::path& path, const std::vector<std::string>& csv_columns,
                  const VisitRow& visit) {
  const auto input = decompress(open_input(path));
  const std::string_view head = input->peek(6);
  if (is_columnar(head)) {
    for_each_columnar_row(path, visit);
  } else if (head.starts_with('{')) {
    visit_lines(*input, visit);
  } else {
    visit_csv(*input, csv_columns, visit);
  }
}

}  // namespace repro::data
