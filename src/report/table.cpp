#include "report/table.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "report/table_parts.hpp"

namespace repro::report {

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

bool has_groups(const Table& table) {
  for (const Column& column : table.columns)
    if (!column.group.empty()) return true;
  return false;
}

std::vector<std::string> column_keys(const Table& table) {
  std::vector<std::string> keys;
  for (const Column& column : table.columns) {
    std::string key = column.key;
    if (key.empty())
      key = column.group.empty() ? column.heading : column.group + " " + column.heading;
    for (char& c : key)
      if (c == ' ') c = '_';
    keys.push_back(key);
  }
  return keys;
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
      cell["text"] = row.cells[i].text;
      if (row.cells[i].value) cell["value"] = *row.cells[i].value;
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

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

std::string to_csv(const Table& table) {
  std::string out;
  const auto line = [&](const std::vector<std::string>& fields) {
    for (size_t i = 0; i < fields.size(); ++i) out += (i ? "," : "") + csv_field(fields[i]);
    out += "\r\n";
  };
  line(column_keys(table));
  for (const TableRow& row : table.rows) {
    std::vector<std::string> fields;
    for (const TableCell& cell : row.cells)
      fields.push_back(cell.value ? fmt::format("{}", *cell.value) : cell.text);
    line(fields);
  }
  return out;
}

}  // namespace repro::report
