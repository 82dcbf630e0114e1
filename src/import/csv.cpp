#include "import/csv.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace repro::imports {
namespace {

class CsvParser {
 public:
  CsvParser(std::string_view text, const std::string& file, Exit damaged)
      : text_(text), file_(file), damaged_(damaged) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  }

  bool next(CsvRow& row) {
    while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) step();
    if (at_ >= text_.size()) return false;
    row = {.line = line_, .cells = {}};
    do row.cells.push_back(cell());
    while (take(','));
    take('\r');
    take('\n');
    return true;
  }

 private:
  char step() {
    if (text_[at_] == '\n') ++line_;
    return text_[at_++];
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    step();
    return true;
  }
  std::string cell() {
    std::string value;
    if (!take('"')) {
      while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n' && text_[at_] != '\r')
        value += step();
      return value;
    }
    const size_t opened = line_;
    while (true) {
      if (at_ >= text_.size())
        throw Error(damaged_, "{}:{}: a quote is not closed; the file is truncated", file_, opened);
      if (!take('"'))
        value += step();
      else if (take('"'))
        value += '"';
      else
        return value;
    }
  }

  std::string_view text_;
  const std::string& file_;
  Exit damaged_;
  size_t at_ = 0;
  size_t line_ = 1;
};

}  // namespace

CsvTable::CsvTable(std::string_view text, std::string file, Exit damaged)
    : file_(std::move(file)), damaged_(damaged) {
  read(text, nullptr);
}

CsvTable::CsvTable(std::string_view text, std::string file, std::vector<std::string>& bad_rows)
    : file_(std::move(file)) {
  read(text, &bad_rows);
}

void CsvTable::read(std::string_view text, std::vector<std::string>* bad_rows) {
  CsvParser parser(text, file_, damaged_);
  CsvRow row;
  if (!parser.next(row))
    throw Error(damaged_, "{}:1: the file is empty; expected a line of column names", file_);
  headings_ = std::move(row.cells);
  while (parser.next(row)) {
    if (row.cells.size() == headings_.size()) {
      rows_.push_back(std::move(row));
      continue;
    }
    const Error error(damaged_,
                      "{}:{}: {} cells, expected {} as in the first line; the row is damaged or "
                      "the file truncated",
                      file_, row.line, row.cells.size(), headings_.size());
    if (bad_rows == nullptr) throw error;
    bad_rows->push_back(error.what());
  }
}

std::optional<size_t> CsvTable::optional_column(std::string_view heading) const {
  const auto found = std::find(headings_.begin(), headings_.end(), heading);
  if (found == headings_.end()) return std::nullopt;
  return static_cast<size_t>(found - headings_.begin());
}

size_t CsvTable::column(std::string_view heading) const {
  if (const auto found = optional_column(heading)) return *found;
  throw Error(damaged_, "{}:1: no column '{}'{}; the first line names {}", file_, heading,
              did_you_mean(heading, headings_), join(headings_, ", "));
}

}  // namespace repro::imports
