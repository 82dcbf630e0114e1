#pragma once
// A training log as a table. Columns by their headings, whatever their case and order:
//
//   step | global_step | _step | iteration          required
//   loss | train_loss | train/loss                  required; blank = no value
//   valid_loss | val_loss | eval_loss | test_loss   evaluations, also as rows by a column `split`
//   tokens, lr, grad_norm, rank
//   seconds | elapsed_seconds | _runtime, or milliseconds | time_ms; a column `time` only where its
//   cells are h:m:s, because a bare number there has no unit

#include "import/log_builder.hpp"

namespace repro::imports {

// Returns the rows read, and those of other ranks than the one that counts.
struct CsvRows {
  int64_t all = 0;
  int64_t other_ranks = 0;
};
CsvRows read_csv_log(const std::string& text, const std::string& file, LogBuilder& log);

}  // namespace repro::imports
