#pragma once
// What a gate said before, a line a check: how often it was suspect of nothing is its false-alarm
// rate on this machine, which no simulation can give.

#include <filesystem>
#include <string>

#include "check/golden.hpp"

namespace repro::cli {

struct Checked;

class CheckHistory {
 public:
  // <folder>/history.jsonl; a line that cannot be read is passed over.
  explicit CheckHistory(const std::filesystem::path& folder);

  // "history: 12 earlier checks with this golden, 1 of them suspect and cleared, 0 red".
  std::string summary(const checks::Golden& golden) const;
  void add(const checks::Golden& golden, const std::string& program, const Checked& checked) const;

 private:
  std::filesystem::path path_;
};

}  // namespace repro::cli
