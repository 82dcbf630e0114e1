#include "report/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "report/table_parts.hpp"

namespace repro::report {

using nlohmann::json;

void Table::add(std::vector<TableCell> cells, bool rule_before) {
  check(cells.size() == columns.size(), "a row has as many cells as the table has columns");
  rows.push_back({std::move(cells), rule_before});
}

std::vector<HeadingSpan> heading_spans(const Table& table) {
  std::vector<HeadingSpan> spans;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const std::string& group = table.columns[i].group;
    const bool continues = !spans.empty() && !group.empty() && spans.back().group == group;
    if (continues)
      ++spans.back().columns;
    else
      spans.push_back({group, i, 1});
  }
  return spans;
}

std::string whole_heading(const Column& column) {
  if (column.group.empty() || column.heading.empty()) return column.group + column.heading;
  return column.group + ": " + column.heading;
}

bool has_groups(const Table& table) {
  for (const Column& column : table.columns)
    if (!column.group.empty()) return true;
  return false;
}

namespace {

// Lower case, a run of anything but letters and digits as one '_'.
std::string machine_key(const std::string& heading) {
  std::string key;
  for (const char c : heading) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool kept = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (kept)
      key += static_cast<char>(upper ? c - 'A' + 'a' : c);
    else if (!key.empty() && key.back() != '_')
      key += '_';
  }
  if (!key.empty() && key.back() == '_') key.pop_back();
  return key.empty() ? "column" : key;
}

const std::string& machine_text(const TableCell& cell) {
  return cell.said.empty() ? cell.text : cell.said;
}

bool is_number(const TableCell& cell) { return cell.value && std::isfinite(*cell.value); }

}  // namespace

std::vector<std::string> column_keys(const Table& table) {
  std::vector<std::string> keys;
  for (const Column& column : table.columns) {
    const std::string key =
        machine_key(!column.key.empty() ? column.key : column.group + " " + column.heading);
    std::string own = key;
    for (int twin = 2; std::find(keys.begin(), keys.end(), own) != keys.end(); ++twin)
      own = fmt::format("{}_{}", key, twin);
    keys.push_back(own);
  }
  return keys;
}

std::string machine_unit(const std::string& unit) {
  if (unit.empty()) return "none";
  return unit == "%" ? "fraction" : unit;
}

nlohmann::json to_json(const Table& table) {
  const std::vector<std::string> keys = column_keys(table);
  auto columns = nlohmann::json::array();
  for (size_t i = 0; i < keys.size(); ++i) {
    const Column& column = table.columns[i];
    columns.push_back({{"key", keys[i]}, {"heading", column.heading}, {"group", column.group}});
  }
  auto rows = nlohmann::json::array();
  for (const TableRow& row : table.rows) {
    auto object = nlohmann::json::object();
    for (size_t i = 0; i < keys.size(); ++i) {
      nlohmann::json& cell = object[keys[i]];
      cell["text"] = machine_text(row.cells[i]);
      if (is_number(row.cells[i])) cell["value"] = *row.cells[i].value;
      if (!row.cells[i].mark.empty()) cell["note"] = row.cells[i].mark;
    }
    rows.push_back(std::move(object));
  }
  auto footnotes = nlohmann::json::object();
  for (const Footnote& note : table.footnotes) footnotes[note.mark] = note.text;
  return {{"title", table.title},
          {"columns", columns},
          {"rows", rows},
          {"notes", table.notes},
          {"footnotes", footnotes}};
}

namespace {

json printable_json(const json& value) {
  if (value.is_string()) return printable(value.get_ref<const std::string&>());
  if (value.is_array()) {
    json list = json::array();
    for (const json& item : value) list.push_back(printable_json(item));
    return list;
  }
  if (!value.is_object()) return value;
  json object = json::object();
  for (const auto& [key, member] : value.items()) object[printable(key)] = printable_json(member);
  return object;
}

// Signed numbers and lone signs calculate nothing; whatever else begins like a formula may be one.
bool looks_like_formula(std::string_view text) {
  constexpr std::string_view kBegins = "=+-@";
  return text.size() > 1 && kBegins.find(text.front()) != kBegins.npos &&
         text.find_first_not_of("0123456789.,+-% ") != text.npos;
}

std::string csv_text(const std::string& text) {
  const std::string shown = printable_line(text);
  return looks_like_formula(trim(shown)) ? "'" + shown : shown;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

std::string json_text(const json& value, int indent) { return printable_json(value).dump(indent); }

std::string to_csv(const Table& table) {
  std::string out;
  const auto line = [&](const std::vector<std::string>& fields) {
    for (size_t i = 0; i < fields.size(); ++i) out += (i ? "," : "") + csv_field(fields[i]);
    out += "\r\n";
  };
  std::vector<std::string> keys;
  for (const std::string& key : column_keys(table)) keys.push_back(csv_text(key));
  line(keys);
  std::vector<bool> numbers(table.columns.size(), false);
  for (const TableRow& row : table.rows)
    for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = numbers[i] || row.cells[i].value;
  for (const TableRow& row : table.rows) {
    std::vector<std::string> fields;
    for (size_t i = 0; i < numbers.size(); ++i) {
      const TableCell& cell = row.cells[i];
      if (is_number(cell))
        fields.push_back(fmt::format("{}", *cell.value));
      else
        fields.push_back(numbers[i] ? "" : csv_text(machine_text(cell)));
    }
    line(fields);
  }
  return out;
}

}  // namespace repro::report
