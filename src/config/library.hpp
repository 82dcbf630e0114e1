#pragma once
// The library of inputs: how a file NAME.toml of experiments/ or hardware_profiles/ is found by its
// name, with the nearest name where there is none. The one place that does it. Two folders hold
// them: the root, and the user's own, which no checkout contains and every root sees.

#include <filesystem>
#include <optional>
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

// ${XDG_DATA_HOME:-$HOME/.local/share}/repro: where the user's own corpora, profiles, prices and
// claims are, in the folders that a root has. Empty when neither variable is set.
std::filesystem::path user_library();

// stems() of the folder below the root and below user_library(), sorted, each once.
std::vector<std::string> library_names(const std::filesystem::path& root,
                                       const std::filesystem::path& folder);

// FOLDER/NAME.toml below the root, else below user_library() ('-' and '_' are the same); empty when
// there is none.
std::optional<LibraryFile> look_up(const std::filesystem::path& root,
                                   const std::filesystem::path& folder, const std::string& name);

// FOLDER/NAME.toml below the root, else below user_library() ('-' and '_' are the same), or `name`
// itself when it ends in
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
  std::string extending;  // the upper file as its nodes' sources name it; "" = it extends none
};
Extended read_extended(const std::filesystem::path& root, const std::filesystem::path& folder,
                       const std::string& name, std::string_view what);
// The manifest with what it extends beneath it.
Extended read_manifest(const std::filesystem::path& root, const std::filesystem::path& relative);

// Names of all experiments and scales: for lists and spelling suggestions.
std::vector<std::string> experiment_names(const std::filesystem::path& root);
std::vector<std::string> scale_names(const std::filesystem::path& root);

// What experiments/defaults.toml says for `key`. Error naming the file when it says nothing.
std::string default_of(const std::filesystem::path& root, std::string_view key);

}  // namespace repro::config
