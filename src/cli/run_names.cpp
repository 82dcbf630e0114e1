#include "cli/run_names.hpp"

#include <algorithm>

#include "run/run_directory.hpp"

namespace repro::cli {

std::vector<std::string> run_names(const std::filesystem::path& runs) {
  std::vector<std::string> names;
  if (!std::filesystem::exists(runs)) return names;
  for (const auto& entry : std::filesystem::directory_iterator(runs))
    if (std::filesystem::exists(run::RunDirectory(entry.path()).job_file()))
      names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace repro::cli
