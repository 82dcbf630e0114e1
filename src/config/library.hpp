#pragma once
// The library of inputs: how a file NAME.toml of experiments/ or hardware_profiles/ is found by its
// name, with the nearest name where there is none. The one place that does it.

#include <filesystem>
#include <string>
#include <vector>

#include "config/node.hpp"

namespace repro::config {

// Names of the TOML files of a folder, without their endings, sorted; none when there is no folder.
std::vector<std::string> stems(const std::filesystem::path& folder);

struct LibraryFile {
  std::filesystem::path path;
  std::string shown_as;  // in messages: its path below the root, or as the user typed it
};

// FOLDER/NAME.toml below the root ('-' and '_' are the same), or `name` itself when it ends in
// ".toml". Error "no WHAT 'NAME' (did you mean ...); there are: ..." when there is none.
LibraryFile find_file(const std::filesystem::path& root, const std::filesystem::path& folder,
                      const std::string& name, std::string_view what);

// The manifest called `name` ("table3", or "moe_disco/table3"), as a path below the root. Error
// when there is none or more than one.
std::filesystem::path find_manifest(const std::filesystem::path& root, const std::string& name);

// A file with what it extends beneath it, and the names of both, the lower one first.
struct Extended {
  Node node;
  std::vector<std::string> names;
};
Extended read_extended(const std::filesystem::path& root, const std::filesystem::path& folder,
                       const std::string& name, std::string_view what);
// The manifest with what it extends beneath it.
Node read_manifest(const std::filesystem::path& root, const std::filesystem::path& relative);

// Names of all experiments and scales: for lists and spelling suggestions.
std::vector<std::string> experiment_names(const std::filesystem::path& root);
std::vector<std::string> scale_names(const std::filesystem::path& root);

// What experiments/defaults.toml says for `key`. Error naming the file when it says nothing.
std::string default_of(const std::filesystem::path& root, std::string_view key);

}  // namespace repro::config
