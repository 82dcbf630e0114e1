#include "cli/plan_origins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/printing.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

struct Origin {
  std::string path;
  std::string value;
  std::string origin;
};

void collect(const config::Node& node, const std::string& path, std::vector<Origin>& origins) {
  const std::string prefix = path.empty() ? "" : path + ".";
  if (const config::Node::Table* members = node.table()) {
    for (const auto& [key, member] : *members) collect(member, prefix + key, origins);
    return;
  }
  const std::vector<std::string> names = config::names_of(node);
  if (names.empty()) origins.push_back({path, node.text(), node.source.text()});
  for (const std::string& name : names) collect(*node.member(name), prefix + name, origins);
}

// Values that no file sets keep the default that stands in the source.
void collect_defaults(const json& spec, const std::string& path, const config::Node& resolved,
                      std::vector<Origin>& origins) {
  for (const auto& [key, value] : spec.items()) {
    const std::string inner = path + "." + key;
    if (value.is_object() && !value.empty())
      collect_defaults(value, inner, resolved, origins);
    else if (resolved.find(inner) == nullptr)
      origins.push_back({inner, value.dump(), "default"});
  }
}

bool is_set(const ExperimentChoice& choice, const std::string& path) {
  return std::any_of(choice.settings.begin(), choice.settings.end(),
                     [&](const std::string& setting) { return setting.starts_with(path + "="); });
}

void collect_model(const plan::Experiment& experiment, const plan::Experiment::ModelEntry& entry,
                   const ExperimentChoice& choice, std::vector<Origin>& origins) {
  const json fields = config::to_full_json(entry.model);
  for (const auto& [key, value] : fields.items()) {
    const std::string path = fmt::format("model.{}.{}", entry.key, key);
    origins.push_back({path, value.dump(),
                       is_set(choice, path) ? "--set"
                                            : fmt::format("experiments/models/{}.toml [sizes.{}]",
                                                          entry.key, experiment.scale.model_size)});
  }
}

std::vector<Origin> collect_all(const plan::Experiment& experiment,
                                const ExperimentChoice& choice) {
  std::vector<Origin> origins;
  collect(experiment.resolved, "", origins);
  for (const plan::Arm& arm : experiment.arms)
    collect_defaults(plan::to_full_json(arm), "arm." + plan::head_of(arm).name, experiment.resolved,
                     origins);
  for (const auto& [key, entry] : experiment.model_entries)
    collect_model(experiment, entry, choice, origins);
  for (const auto& [role, corpus] : experiment.corpus_entries)
    origins.push_back({"corpus." + role, corpus.name,
                       is_set(choice, "scale.corpora." + role)
                           ? "--set"
                           : fmt::format("experiments/scales/{}.toml", experiment.scale.name)});
  return origins;
}

}  // namespace

void show_origins(const Context& context, const plan::Experiment& experiment,
                  const ExperimentChoice& choice) {
  std::vector<Origin> origins = collect_all(experiment, choice);
  if (context.json) {
    json answer = json::array();
    for (const Origin& o : origins)
      answer.push_back({{"path", o.path}, {"value", o.value}, {"origin", o.origin}});
    return print(answer);
  }
  size_t path_width = 0;
  size_t value_width = 0;
  for (const Origin& o : origins) {
    path_width = std::max(path_width, o.path.size());
    if (o.value.size() <= 40) value_width = std::max(value_width, o.value.size());
  }
  for (const Origin& o : origins)
    say("{:<{}}  {:<{}}  {}\n", o.path, path_width, o.value, value_width, o.origin);
}

}  // namespace repro::cli
