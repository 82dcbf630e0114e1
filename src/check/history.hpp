#pragma once
// What gates found, a line a check: how often one was suspect of nothing is its false-alarm rate on
// this machine, which no simulation can give; and where a number has moved in steps too small for
// any one gate, or accepted one by one.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "check/golden.hpp"
#include "check/verdict.hpp"
#include "measure/levels.hpp"

namespace repro::checks {

struct StoredNumber {
  double value = 0;
  double tolerance = 0;  // a move up to this is none that matters
  int worse = 1;         // the direction in which it gets worse
};

struct HistoryEntry {
  std::string golden;    // its checksum
  std::string name;      // and its name
  std::string manifest;  // of the jobs' keys: numbers of two manifests are not one history
  std::string program, machine;
  std::string revision;                         // of the tree that was checked; "" = not known
  std::string at;                               // UTC
  std::map<std::string, StoredNumber> numbers;  // "TRAINING: QUANTITY"
  int64_t rows = 0, cleared = 0, red = 0, exit = 0;
};

std::string manifest_id(const Golden& golden);
// Of rows that hold one number of all seeds, and the seconds of a step of each training.
std::map<std::string, StoredNumber> numbers_of_rows(const std::vector<Row>& rows,
                                                    const Observations& now);

std::string to_line(const HistoryEntry& entry);
// In the file's order; none where there is no file. A line that cannot be read is passed over and
// counted.
struct StoredHistory {
  std::vector<HistoryEntry> entries;
  int64_t unreadable = 0;
};
StoredHistory read_history(const std::filesystem::path& path);

// The first and the last revision at which a program was checked, or the program itself where
// revisions are not known.
struct Seen {
  std::string first, last;
};

// One number of one golden on one machine, over the programs that were checked: each once.
struct NumberHistory {
  std::string name, metric, machine;
  std::vector<double> values;
  std::vector<Seen> seen;  // as many
  std::vector<measure::Level> levels;
  double moved = 0;       // of the last level from the best of those before
  bool is_worse = false;  // by more than the tolerance and the levels' own error
  bool is_better = false;
  size_t step = 0;  // first value of the level in which it got so; 0 = none

  // "between REVISION and REVISION".
  std::string where() const;
};

// By name, metric and machine. Of a number its last `most` values.
std::vector<NumberHistory> find_steps(const std::vector<HistoryEntry>& entries, size_t most = 500);

}  // namespace repro::checks
