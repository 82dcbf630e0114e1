#pragma once
// Does a log of :::MLLOG lines keep the rules that MLPerf training 6.1 has for every benchmark?
// Each rule is data over a closed set of predicates; nothing of a log or a rule is executed. A
// benchmark's own rules (its targets, its samples) are not asked.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace repro::checks {

struct LogProblem {
  int64_t line = 0;  // of the file, from 1; 0 = of the whole log
  std::string key;
  std::string what;
};

struct LogReport {
  int64_t lines = 0;  // that carry the token
  std::vector<LogProblem> errors;
  std::vector<LogProblem> warnings;  // a key given twice with the same value
  bool passes() const { return errors.empty(); }
};

// The token may stand anywhere in a line; what is before it is a launcher's.
LogReport check_mlperf_log(std::string_view text);

}  // namespace repro::checks
