#pragma once
// Runs by their names: what a runs/ folder holds, and which run a user means.

#include <filesystem>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "run/run_directory.hpp"

namespace repro::cli {

// The run directories below `runs`, sorted.
std::vector<std::string> run_names(const std::filesystem::path& runs);

// A directory, its name below runs/, or a beginning of it that only one run has. Error with the
// likely name when there is none, with all of them when there are several.
run::RunDirectory find_run(const Context& context, const std::string& subject);

// "not started", "unfinished", "done", "failed"
const char* state_text(run::State state);

}  // namespace repro::cli
