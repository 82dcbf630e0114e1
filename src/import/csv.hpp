#pragma once
// Comma-separated values as RFC 4180 has them: quoted cells may hold commas, doubled quotes and
// line ends. Columns are found by their heading, so their order does not matter.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace repro::imports {

struct CsvRow {
  size_t line = 0;  // where it begins, from 1
  std::vector<std::string> cells;
};

class CsvTable {
 public:
  // Error "file:line: ...", of exit `damaged`, for a row whose number of cells is not that of the
  // heading, or a quote that is not closed: a truncated file.
  CsvTable(std::string_view text, std::string file, Exit damaged = Exit::bad_input);
  // Rows whose number of cells is wrong are left out, and what is wrong with them is put there.
  CsvTable(std::string_view text, std::string file, std::vector<std::string>& bad_rows);

  const std::vector<std::string>& headings() const { return headings_; }
  const std::vector<CsvRow>& rows() const { return rows_; }
  size_t column(std::string_view heading) const;  // Error naming the columns there are
  std::optional<size_t> optional_column(std::string_view heading) const;

 private:
  void read(std::string_view text, std::vector<std::string>* bad_rows);

  std::string file_;
  Exit damaged_ = Exit::bad_input;
  std::vector<std::string> headings_;
  std::vector<CsvRow> rows_;
};

}  // namespace repro::imports
