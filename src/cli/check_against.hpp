#pragma once
// Two sets of runs, or a golden and logs, without running anything.

#include <filesystem>
#include <string>
#include <vector>

#include "cli/check_gate.hpp"

namespace repro::cli {

struct FileOptions {
  std::string format;  // of logs that do not tell it themselves: `repro import log --format`
  GateOptions gate;
};

// A run, a folder of runs, a log, or a folder of logs: one file a seed, in the order of their
// names. Error when there is nothing to compare.
checks::Observations read_any(const std::filesystem::path& path, const FileOptions& options,
                              int64_t window);

// NEW against what BASE did. Settings that differ make a training not comparable.
Checked check_against(const std::string& base, const std::string& fresh,
                      const FileOptions& options);

// A golden of files against others.
Checked check_files(const checks::Golden& golden, const std::vector<std::filesystem::path>& files,
                    const FileOptions& options);

}  // namespace repro::cli
