#pragma once
// Rows of tables as JSON objects, whatever the file: Arrow streams and files, Parquet, JSON lines,
// CSV; compressed or not, recognised by their first bytes. For the items of downstream tasks, where
// a row is more than one text. Keys keep the file's order.

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace repro::data {

using VisitRow = std::function<void(nlohmann::ordered_json&& row)>;

// A CSV file's first line names its columns, unless `csv_columns` does; every value is a text.
// Error naming file and line (or row) where the bytes are damaged, a line is no JSON object, two
// columns have one name, or a column is of a type that JSON has no word for.
void for_each_row(const std::filesystem::path& path, const std::vector<std::string>& csv_columns,
                  const VisitRow& visit);

}  // namespace repro::data
