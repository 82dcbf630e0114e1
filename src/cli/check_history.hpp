#pragma once
// The file of what gates found here, RUNS/check/history.jsonl.

#include <filesystem>
#include <string>

#include "check/golden.hpp"
#include "check/history.hpp"

namespace repro::cli {

struct Checked;

std::filesystem::path history_file(const std::filesystem::path& runs);

// "history: 12 earlier checks with this golden here, 1 suspect and cleared, 0 red".
std::string history_summary(const std::filesystem::path& file, const checks::Golden& golden);

// What the check says of `now`, by this program and, where it can be known, at this revision.
void add_to_history(const std::filesystem::path& file, const std::filesystem::path& root,
                    const checks::Golden& golden, const std::string& program,
                    const Checked& checked, const checks::Observations& now);

// Of the tree that a folder is in: "3f2a9c1b7d04", with "+" where files that git knows were
// changed; "" where there is no git or no tree.
std::string revision_of(const std::filesystem::path& folder);

}  // namespace repro::cli
