#include "config/library.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

namespace repro::config {
namespace {

// Folders of experiments/ that hold parts of experiments, not experiments.
const std::set<std::string> kParts = {"models", "scales", "corpora", "claims"};

std::vector<std::string> experiment_folders(const fs::path& root) {
  std::vector<std::string> folders;
  for (const auto& entry : fs::directory_iterator(root / "experiments"))
    if (entry.is_directory() && !kParts.contains(entry.path().filename().string()))
      folders.push_back(entry.path().filename().string());
  std::sort(folders.begin(), folders.end());
  return folders;
}

bool same_name(std::string a, std::string b) {
  std::replace(a.begin(), a.end(), '-', '_');
  std::replace(b.begin(), b.end(), '-', '_');
  return a == b;
}

}  // namespace

std::vector<std::string> stems(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

fs::path user_library() {
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && *data != '\0') return fs::path(data) / "repro";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') return {};
  return fs::path(home) / ".local/share/repro";
}

std::vector<std::string> library_names(const fs::path& root, const fs::path& folder) {
  std::vector<std::string> names = stems(root / folder);
  const fs::path own = user_library();
  if (own.empty()) return names;
  for (const std::string& name : stems(own / folder)) names.push_back(name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::optional<LibraryFile> look_up(const fs::path& root, const fs::path& folder,
                                   const std::string& name) {
  for (const std::string& stem : stems(root / folder))
    if (same_name(stem, name)) {
      const fs::path relative = folder / (stem + ".toml");
      return LibraryFile{root / relative, relative.string()};
    }
  const fs::path own = user_library();
  if (own.empty()) return std::nullopt;
  for (const std::string& stem : stems(own / folder))
    if (same_name(stem, name)) {
      const fs::path path = own / folder / (stem + ".toml");
      return LibraryFile{path, path.string()};
    }
  return std::nullopt;
}

LibraryFile find_file(const fs::path& root, const fs::path& folder, const std::string& name,
                      std::string_view what) {
  if (name.ends_with(".toml")) return {name, name};
  if (const auto found = look_up(root, folder, name)) return *found;
  const std::vector<std::string> known = library_names(root, folder);
  throw Error("{}: no {} '{}'{}; there are: {}", (folder / (name + ".toml")).string(), what, name,
              did_you_mean(name, known), join(known, ", "));
}

fs::path find_manifest(const fs::path& root, const std::string& name) {
  if (name.find('/') != std::string::npos) return fs::path("experiments") / (name + ".toml");
  std::vector<fs::path> found;
  for (const std::string& folder : experiment_folders(root)) {
    const fs::path relative = fs::path("experiments") / folder / (name + ".toml");
    if (fs::exists(root / relative)) found.push_back(relative);
  }
  if (found.size() > 1)
    throw Error("experiment '{}' is ambiguous; say {} or {}", name,
                found[0].parent_path().filename().string() + "/" + name,
                found[1].parent_path().filename().string() + "/" + name);
  if (found.size() == 1) return found[0];
  const std::vector<std::string> known = experiment_names(root);
  throw Error("no experiment '{}'{}; there are: {}", name, did_you_mean(name, known),
              join(known, ", "));
}

Extended read_extended(const fs::path& root, const fs::path& folder, const std::string& name,
                       std::string_view what) {
  const auto read = [&](const std::string& one) {
    const LibraryFile file = find_file(root, folder, one, what);
    return read_toml(file.path, file.shown_as);
  };
  Node node = read(name);
  const Node* extends = node.find("extends");
  if (extends == nullptr) return {std::move(node), {name}, ""};
  if (extends->string() == nullptr)
    throw Error("{}: extends = {}: expected the name of another {}", extends->source.text(),
                extends->text(), what);
  const std::string below = *extends->string();
  Node base = read(below);
  if (const Node* chained = base.find("extends"))
    throw Error("{}: '{}' extends another {} itself; extend that one instead",
                extends->source.text(), chained->text(), what);
  std::get<Node::Table>(node.value).erase("extends");
  overlay(base, node);
  base.source = node.source;
  return {std::move(base), {below, name}, node.source.file};
}

Extended read_manifest(const fs::path& root, const fs::path& relative) {
  return read_extended(root, relative.parent_path(), relative.stem().string(), "experiment");
}

std::string default_of(const fs::path& root, std::string_view key) {
  const char* shown_as = "experiments/defaults.toml";
  const Node defaults = read_toml(root / shown_as, shown_as);
  const Node* value = defaults.find(key);
  if (value == nullptr || value->string() == nullptr)
    throw Error("{}: no {} = \"...\" there; name an experiment instead", shown_as, key);
  return *value->string();
}

std::vector<std::string> experiment_names(const fs::path& root) {
  std::vector<std::string> names;
  for (const std::string& folder : experiment_folders(root))
    for (const std::string& name : stems(root / "experiments" / folder)) names.push_back(name);
  return names;
}

std::vector<std::string> scale_names(const fs::path& root) {
  return stems(root / "experiments/scales");
}

}  // namespace repro::config
