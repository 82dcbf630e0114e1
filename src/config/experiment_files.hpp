#pragma once
// Where the files of an experiment lie below the root, and how they are found by name.

#include <filesystem>
#include <string>
#include <vector>

#include "config/node.hpp"

namespace repro::config {

// Names of the TOML files of a folder, without their endings, sorted; none when there is no folder.
std::vector<std::string> stems(const std::filesystem::path& folder);

// Reads experiments/<part>/NAME.toml, shown in messages by its path below the root. Error with the
// nearest name when there is none; `what` says what it would be ("scale", "model").
Node read_part(const std::filesystem::path& root, const std::filesystem::path& relative,
               const char* what);

// The manifest called `name`, as a path below the root. Error when there is none or more than one.
std::filesystem::path find_manifest(const std::filesystem::path& root, const std::string& name);

// The manifest with what it extends beneath it.
Node read_manifest(const std::filesystem::path& root, const std::filesystem::path& relative);

}  // namespace repro::config
