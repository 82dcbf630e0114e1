#pragma once
// Runs a package manager's download command. Nothing goes through a shell.

#include <filesystem>
#include <string>
#include <vector>

namespace repro::data {

// Runs `command` in `folder` with no standard input. Error (run_failed) naming the command and its
// last lines of output when it cannot start or does not exit with 0.
void run_command(const std::vector<std::string>& command, const std::filesystem::path& folder);

}  // namespace repro::data
