#pragma once
// Experiments at smoke scale through the real programs, on real text. The corpora are fetched from
// the registries the first time and come from the cache afterwards.

#include <filesystem>
#include <string>
#include <vector>

#include "process.hpp"

namespace repro {

namespace fs = std::filesystem;

// `repro run` of an experiment at smoke scale into `runs`.
inline std::vector<std::string> run_arguments(const std::string& table, const fs::path& runs) {
  return {"run", table, "--scale", "smoke", "--runs", runs.string()};
}

inline std::vector<fs::path> run_directories(const fs::path& runs) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(runs))
    if (fs::exists(entry.path() / "job.json")) found.push_back(entry.path());
  return found;
}

}  // namespace repro
