#include "cli/plan_origins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

struct Origin {
  std::string path;
  std::string value;
  std::string origin;
};

void collect(const config::Node& node, const std::string& path, std::vector<Origin>& origins) {
  const config::Node::Table* members = node.table();
  if (members == nullptr) {
    origins.push_back({path, node.text(), node.source.text()});
    return;
  }
  for (const auto& [key, member] : *members)
    collect(member, path.empty() ? key : path + "." + key, origins);
}

// Values that no file sets keep the default that stands in the source.
void collect_defaults(const json& spec, const std::string& path, const config::Node& resolved,
                      std::vector<Origin>& origins) {
  for (const auto& [key, value] : spec.items())
    if (resolved.find(path + "." + key) == nullptr)
      origins.push_back({path + "." + key, value.dump(), "default"});
}

void collect_model(const config::Experiment& experiment,
                   const config::Experiment::ModelEntry& entry, const ExperimentChoice& choice,
                   std::vector<Origin>& origins) {
  const json fields = config::to_json(entry.model);
  for (const auto& [key, value] : fields.items()) {
    const std::string path = fmt::format("model.{}.{}", entry.key, key);
    const bool set =
        std::any_of(choice.settings.begin(), choice.settings.end(),
                    [&](const std::string& setting) { return setting.starts_with(path + "="); });
    origins.push_back({path, value.dump(),
                       set ? "--set"
                           : fmt::format("experiments/models/{}.toml [sizes.{}]", entry.key,
                                         experiment.scale.model_size)});
  }
}

std::vector<Origin> collect_all(const config::Experiment& experiment,
                                const ExperimentChoice& choice) {
  std::vector<Origin> origins;
  collect(experiment.resolved, "", origins);
  const std::pair<const char*, const config::OptimizerSpec&> optimizers[] = {
      {"arm.full.train", experiment.full.train},
      {"arm.disco.submodel.train", experiment.disco.submodel.train},
      {"arm.disco.finetune.train", experiment.disco.finetune.train}};
  for (const auto& [path, spec] : optimizers)
    collect_defaults(config::to_json(spec), path, experiment.resolved, origins);
  for (const auto& [key, entry] : experiment.model_entries)
    collect_model(experiment, entry, choice, origins);
  for (const auto& [role, corpus] : experiment.corpus_entries)
    origins.push_back({"corpus." + role, corpus.name,
                       fmt::format("experiments/scales/{}.toml", experiment.scale.name)});
  return origins;
}

}  // namespace

void show_origins(const Context& context, const config::Experiment& experiment,
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
    fmt::print("{:<{}}  {:<{}}  {}\n", o.path, path_width, o.value, value_width, o.origin);
}

}  // namespace repro::cli
