#include "config/experiment_files.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "config/experiment.hpp"

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

// Overlays `top` on `base`, table by table.
void overlay(Node& base, const Node& top) {
  for (const auto& [key, value] : *top.table()) {
    auto& members = std::get<Node::Table>(base.value);
    const auto at = members.find(key);
    if (at != members.end() && at->second.table() != nullptr && value.table() != nullptr)
      overlay(at->second, value);
    else
      members.insert_or_assign(key, value);
  }
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

Node read_part(const fs::path& root, const fs::path& relative, const char* what) {
  if (fs::exists(root / relative)) return read_toml(root / relative, relative.string());
  const std::string name = relative.stem().string();
  const std::vector<std::string> known = stems((root / relative).parent_path());
  throw Error("{}: no {} '{}'{}; there are: {}", relative.string(), what, name,
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

Node read_manifest(const fs::path& root, const fs::path& relative) {
  Node node = read_part(root, relative, "experiment");
  const Node* extends = node.find("extends");
  if (extends == nullptr) return node;
  if (extends->string() == nullptr)
    throw Error("{}: extends = {}: expected the name of a manifest", extends->source.text(),
                extends->text());
  const fs::path base_path = relative.parent_path() / (*extends->string() + ".toml");
  Node base = read_part(root, base_path, "experiment");
  if (const Node* chained = base.find("extends"))
    throw Error("{}: '{}' extends another manifest itself; extend that one instead",
                extends->source.text(), chained->text());
  std::get<Node::Table>(node.value).erase("extends");
  overlay(base, node);
  base.source = node.source;
  return base;
}

std::vector<std::string> experiment_names(const std::filesystem::path& root) {
  std::vector<std::string> names;
  for (const std::string& folder : experiment_folders(root))
    for (const std::string& name : stems(root / "experiments" / folder)) names.push_back(name);
  return names;
}

std::vector<std::string> scale_names(const std::filesystem::path& root) {
  return stems(root / "experiments/scales");
}

}  // namespace repro::config
