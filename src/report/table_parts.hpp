#pragma once
// What the renderers of a table share: its headings as spans and its machine names.

#include <string>
#include <vector>

#include "report/table.hpp"

namespace repro::report {

struct HeadingSpan {
  std::string group;  // "" = a single column without a group
  size_t first = 0;
  size_t columns = 1;
};

std::vector<HeadingSpan> heading_spans(const Table& table);
bool has_groups(const Table& table);
std::string whole_heading(const Column& column);           // "full: paper $": it stands alone
std::vector<std::string> column_keys(const Table& table);  // for CSV and JSON, no spaces

}  // namespace repro::report
