#pragma once
// The files of a downstream task: fetched into the cache and unpacked there once, or the user's own
// where they lie.

#include <filesystem>
#include <vector>

#include "config/task.hpp"
#include "data/text/document.hpp"

namespace repro::data {

struct TaskFiles {
  std::vector<std::filesystem::path> items;  // sorted by name
  std::vector<std::filesystem::path> shots;  // none where the definition holds its examples
};

// Error when a file cannot be had, is not the one that the definition declares, or a glob matches
// nothing.
TaskFiles bring_files(const config::Task& task, const std::filesystem::path& cache,
                      const ProgressCallback& progress);

}  // namespace repro::data
