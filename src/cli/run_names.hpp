#pragma once
// The run directories of a folder, by name.

#include <filesystem>
#include <string>
#include <vector>

namespace repro::cli {

// Sorted; empty when the folder is absent.
std::vector<std::string> run_names(const std::filesystem::path& runs);

}  // namespace repro::cli
