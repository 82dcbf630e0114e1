#include "plan/manifest_differences.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace repro::plan {
namespace {

using config::Node;

// "21150 (qwen_moe/c4), 12500 (qwen_moe/wikitext2)".
std::string cells_text(const Node& cells) {
  std::vector<std::string> parts;
  if (cells.table() != nullptr)
    for (const auto& [cell, steps] : *cells.table())
      parts.push_back(fmt::format("{} ({})", steps.text(), cell));
  return join(parts, ", ");
}

// A number of steps that the manifest leaves to its cells, or an arm to the baseline, is theirs.
std::string paper_text(const Node& paper, const std::string& path) {
  constexpr std::string_view kSteps = "steps";
  const Node* value = paper.find(path);
  if (path == kSteps || path.ends_with(".steps")) {
    const std::string before = path.substr(0, path.size() - kSteps.size());
    if (const Node* cells = paper.find(before + "cell_steps")) return cells_text(*cells);
    if (path != kSteps && (value == nullptr || value->text() == "0"))
      return paper_text(paper, std::string(kSteps));
  }
  return value != nullptr ? value->text() : "(default)";
}

}  // namespace

void note_difference(std::vector<Difference>& differences, const Node& paper,
                     const std::string& path, const Node& value) {
  std::erase_if(differences, [&](const Difference& one) { return one.path == path; });
  const std::string own = paper_text(paper, path);
  if (own != value.text()) differences.push_back({path, own, value.text(), value.source.text()});
}

std::vector<std::string> asked_of(const ExperimentOptions& options, const Node& manifest,
                                  const Node& scale) {
  constexpr std::string_view kScale = "scale.";
  std::map<std::string, std::string> last;
  for (const std::string& setting : options.settings) {
    const auto [path, value] = config::parse_setting(setting);
    // A whole table is told as it was typed.
    last[path] = value.table() != nullptr ? setting.substr(setting.find('=') + 1) : value.text();
  }
  if (options.seeds) {
    std::vector<std::string> seeds;
    for (int64_t seed = 0; seed < *options.seeds; ++seed) seeds.push_back(std::to_string(seed));
    last["seeds"] = "[" + join(seeds, ", ") + "]";
  }
  std::vector<std::string> asked;
  for (const auto& [path, text] : last) {
    const Node* said =
        path.starts_with(kScale) ? scale.find(path.substr(kScale.size())) : manifest.find(path);
    if (said == nullptr || said->text() != text) asked.push_back(path + "=" + text);
  }
  return asked;
}

void add_differences(Experiment& experiment, const Node& scale) {
  for (const auto& [key, entry] : experiment.model_entries) {
    const nlohmann::json paper = config::to_full_json(entry.paper).flatten();
    const nlohmann::json here = config::to_full_json(entry.model).flatten();
    for (const auto& [pointer, value] : here.items()) {
      if (paper.contains(pointer) && paper[pointer] == value) continue;
      std::string path = pointer.substr(1);
      std::replace(path.begin(), path.end(), '/', '.');
      experiment.differences.push_back({"model." + key + "." + path,
                                        paper.contains(pointer) ? paper[pointer].dump() : "-",
                                        value.dump(), "experiments/models/" + key + ".toml"});
    }
  }
  for (const auto& [role, corpus] : experiment.corpus_entries) {
    if (corpus.is(role)) continue;
    const Node* given = scale.find("corpora." + role);
    experiment.differences.push_back(
        {"corpus." + role, role, corpus.name,
         given != nullptr ? given->source.text() : "scale " + experiment.scale.name});
  }
}

}  // namespace repro::plan
