#include "import/csv_log.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <vector>

#include "base/text.hpp"
#include "import/csv.hpp"

namespace repro::imports {
namespace {

using Names = std::vector<std::string>;

std::string lower_case(std::string_view text) {
  std::string lower(trim(text));
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

class CsvLog {
 public:
  CsvLog(const std::string& text, const std::string& file)
      : file_(file), table_(text, file, Exit::bad_log) {
    for (const std::string& heading : table_.headings()) headings_.push_back(lower_case(heading));
    step_ = required({"step", "global_step", "_step", "iteration", "iter"});
    loss_ = required({"loss", "train_loss", "train/loss"});
    valid_ = find({"valid_loss", "val_loss", "validation_loss", "eval_loss", "valid/loss",
                   "val/loss", "eval/loss"});
    test_ = find({"test_loss", "test/loss"});
    split_ = find({"split", "phase", "stage", "set"});
    rank_ = find({"rank", "local_rank", "global_rank"});
    seconds_ = find({"seconds", "elapsed_seconds", "time_s", "time_seconds", "_runtime"});
    milliseconds_ = find({"milliseconds", "ms", "elapsed_ms", "time_ms"});
    unitless_ = find({"time", "elapsed", "wall_time", "timestamp"});
  }

  CsvRows read(LogBuilder& log) {
    const std::vector<const CsvRow*> rows = of_one_rank();
    for (const CsvRow* row : rows) read_row(*row, log);
    if (!seconds_ && !milliseconds_ && unitless_)
      log.untimed("column '" + table_.headings()[*unitless_] +
                  "' states no unit; call it seconds or milliseconds");
    return {static_cast<int64_t>(table_.rows().size()),
            static_cast<int64_t>(table_.rows().size() - rows.size())};
  }

 private:
  std::optional<size_t> find(const Names& names) const {
    for (const std::string& name : names) {
      const auto found = std::find(headings_.begin(), headings_.end(), name);
      if (found == headings_.end()) continue;
      if (std::find(found + 1, headings_.end(), name) != headings_.end())
        throw Error(Exit::bad_log, "{}:1: two columns '{}'; remove one", file_, name);
      return static_cast<size_t>(found - headings_.begin());
    }
    return std::nullopt;
  }

  size_t required(const Names& names) const {
    const auto found = find(names);
    return found ? *found : table_.column(names.front());
  }

  const std::string& heading(size_t column) const { return table_.headings()[column]; }

  // Blank, "None", ... = no value.
  std::optional<double> cell(const CsvRow& row, std::optional<size_t> column) const {
    if (!column || means_no_value(row.cells[*column])) return std::nullopt;
    const auto value = whole_number_text(row.cells[*column]);
    if (!value)
      throw Error(
          Exit::bad_log,
          "{}:{}: {} = '{}': not a number; write it with a decimal point and nothing behind", file_,
          row.line, heading(*column), excerpt(row.cells[*column]));
    return value;
  }

  // Of the process; a sentinel or NaN is no time.
  std::optional<double> elapsed(const CsvRow& row) const {
    for (const auto column : {seconds_, milliseconds_, unitless_}) {
      if (!column) continue;
      if (const auto clock = clock_seconds(row.cells[*column])) return clock;
      if (column == unitless_) return std::nullopt;
      const auto value = cell(row, column);
      return column == milliseconds_ && value ? std::optional(*value * 1e-3) : value;
    }
    return std::nullopt;
  }

  std::optional<int64_t> tokens(const CsvRow& row) const {
    const auto column = find({"tokens", "consumed_tokens", "num_tokens"});
    const auto value = cell(row, column);
    if (!value || std::isnan(*value) || *value < 0) return std::nullopt;
    return checked_count(*value, heading(*column), {file_, row.line});
  }

  int64_t step(const CsvRow& row) const {
    const auto value = cell(row, step_);
    if (!value)
      throw Error(Exit::bad_log, "{}:{}: no {}; complete or remove the row", file_, row.line,
                  heading(step_));
    return checked_count(*value, heading(step_), {file_, row.line});
  }

  // "train", "valid" or "test", of a row.
  std::string split(const CsvRow& row) const {
    if (!split_) return "train";
    const std::string name = lower_case(row.cells[*split_]);
    for (const char* known : {"train", "training"})
      if (name == known) return "train";
    for (const char* known : {"valid", "val", "validation", "eval", "evaluation", "dev"})
      if (name == known) return "valid";
    if (name == "test") return name;
    throw Error(Exit::bad_log, "{}:{}: {} = '{}': expected train, valid or test", file_, row.line,
                heading(*split_), excerpt(row.cells[*split_]));
  }

  void read_row(const CsvRow& row, LogBuilder& log) const {
    const int64_t at = step(row);
    const auto loss = cell(row, loss_);
    const std::string of = split(row);
    const auto valid = cell(row, valid_);
    const auto test = cell(row, test_);
    if (of != "train") {
      if (loss) log.evaluation(at, of, *loss);
    } else if (loss || (!valid && !test)) {
      log.step({.step = at,
                .loss = loss,
                .lr = cell(row, find({"lr", "learning_rate"})),
                .grad_norm = cell(row, find({"grad_norm"})),
                .tokens = tokens(row),
                .elapsed = elapsed(row)},
               row.line);
    }
    if (valid) log.evaluation(at, "valid", *valid);
    if (test) log.evaluation(at, "test", *test);
  }

  bool has_loss(const CsvRow& row) const {
    const auto loss = cell(row, loss_);
    return loss && std::isfinite(*loss) && *loss >= 0;
  }

  // Several processes that write into one file: of each step the first line counts, or of a column
  // `rank` the first rank that has a loss.
  std::vector<const CsvRow*> of_one_rank() const {
    std::vector<const CsvRow*> rows;
    for (const CsvRow& row : table_.rows()) rows.push_back(&row);
    if (rank_) {
      const auto first =
          std::find_if(rows.begin(), rows.end(), [&](const CsvRow* row) { return has_loss(*row); });
      if (first == rows.end()) return rows;
      const std::string rank = (*first)->cells[*rank_];
      std::erase_if(rows, [&](const CsvRow* row) { return row->cells[*rank_] != rank; });
      return rows;
    }
    const auto repeats = [&](const CsvRow* before, const CsvRow* row) {
      return split(*row) == split(*before) && step(*row) == step(*before) &&
             cell(*row, valid_).has_value() == cell(*before, valid_).has_value();
    };
    std::vector<const CsvRow*> single;
    for (const CsvRow* row : rows)
      if (single.empty() || !repeats(single.back(), row)) single.push_back(row);
    // Once or twice is a restart at that step; as a rule it is another process.
    return rows.size() >= 4 && (rows.size() - single.size()) * 3 >= rows.size() ? single : rows;
  }

  std::string file_;
  CsvTable table_;
  Names headings_;
  size_t step_ = 0, loss_ = 0;
  std::optional<size_t> valid_, test_, split_, rank_, seconds_, milliseconds_, unitless_;
};

}  // namespace

CsvRows read_csv_log(const std::string& text, const std::string& file, LogBuilder& log) {
  return CsvLog(text, file).read(log);
}

}  // namespace repro::imports
