#pragma once
// A CSV file as a program reads it that knows nothing of ours, and what docs/tables.md promises it.

#include <algorithm>
#include <catch2/catch.hpp>
#include <charconv>
#include <regex>
#include <string>
#include <vector>

namespace repro::report {

struct MachineTable {
  std::vector<std::string> keys;
  std::vector<std::vector<std::string>> rows;

  std::vector<std::string> column(const std::string& key) const {
    const auto at = std::find(keys.begin(), keys.end(), key);
    REQUIRE(at != keys.end());
    std::vector<std::string> cells;
    for (const auto& row : rows) cells.push_back(row.at(static_cast<size_t>(at - keys.begin())));
    return cells;
  }
  bool has_number(const std::string& key) const {
    const auto cells = column(key);
    return std::any_of(cells.begin(), cells.end(), [](const auto& cell) { return !cell.empty(); });
  }
};

// RFC 4180.
inline MachineTable read_machine_table(const std::string& text) {
  MachineTable table;
  std::vector<std::string> row = {""};
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      if (quoted && i + 1 < text.size() && text[i + 1] == '"')
        row.back() += text[++i];
      else
        quoted = !quoted;
    } else if (c == ',' && !quoted) {
      row.emplace_back();
    } else if (c == '\r' && !quoted) {
      ++i;  // the line feed
      (table.keys.empty() ? table.keys : table.rows.emplace_back()) = row;
      row = {""};
    } else {
      row.back() += c;
    }
  }
  return table;
}

inline bool is_plain_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() &&
         text.find_first_of("infa") == std::string::npos;
}

// Columns of numbers hold numbers or nothing, the others texts that are never blank.
inline void check_convention(const MachineTable& table, const std::vector<std::string>& numbers) {
  CHECK_FALSE(table.rows.empty());
  for (const std::string& key : table.keys) {
    INFO("column " << key);
    CHECK(std::regex_match(key, std::regex("[a-z0-9]+(_[a-z0-9]+)*")));
    const bool number = std::find(numbers.begin(), numbers.end(), key) != numbers.end();
    for (const std::string& cell : table.column(key)) {
      INFO("cell '" << cell << "'");
      CHECK((number ? cell.empty() || is_plain_number(cell)
                    : !cell.empty() && !is_plain_number(cell)));
    }
  }
}

}  // namespace repro::report
