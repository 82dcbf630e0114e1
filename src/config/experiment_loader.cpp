#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "config/experiment.hpp"
#include "config/experiment_files.hpp"

namespace repro::config {

void describe(Fields& fields, Experiment& experiment);
void describe(Fields& fields, Experiment::ScaleInfo& scale);

namespace {

// What [match] locks must not stand in an arm: it would make the arms unlike.
void reject_locked_keys(Node& arm, const Node& match, Problems& problems) {
  static const std::set<std::string, std::less<>> kLocked = {"batch",
                                                             "sequence",
                                                             "accumulate",
                                                             "precision",
                                                             "device",
                                                             "order_seed",
                                                             "model",
                                                             "tokenizer",
                                                             "data",
                                                             "corpus",
                                                             "tokenizer_megabytes",
                                                             "max_train_tokens"};
  auto* members = std::get_if<Node::Table>(&arm.value);
  if (members == nullptr) return;
  for (auto at = members->begin(); at != members->end();) {
    if (kLocked.contains(at->first)) {
      const Node* shared = match.find(at->first);
      problems.add(at->second.source,
                   "'{}' is shared by all arms{}; set it under [match] and remove it here",
                   at->first, shared ? " (" + shared->source.text() + ")" : "");
      at = members->erase(at);
    } else {
      reject_locked_keys(at->second, match, problems);
      ++at;
    }
  }
}

// Every leaf of a scale's [override] table as a dotted path.
void collect_leaves(const Node& node, const std::string& prefix,
                    std::vector<std::pair<std::string, Node>>& leaves) {
  for (const auto& [key, value] : *node.table()) {
    const std::string path = prefix.empty() ? key : prefix + "." + key;
    if (value.table() != nullptr)
      collect_leaves(value, path, leaves);
    else
      leaves.emplace_back(path, value);
  }
}

// The files of one experiment as nodes, with overrides applied.
struct Tree {
  Node manifest;
  Node scale;
  std::vector<std::pair<std::string, Node>> model_settings;  // "qwen_moe.layers" -> value
  std::vector<Difference> differences;
};

void override_manifest(Tree& tree, const std::string& path, const Node& value, Problems& problems) {
  const Node* before = tree.manifest.find(path);
  const std::string paper = before ? before->text() : "(default)";
  if (paper != value.text())
    tree.differences.push_back({path, paper, value.text(), value.source.text()});
  set_path(tree.manifest, path, value, problems);
}

void apply_setting(Tree& tree, const std::string& setting, Problems& problems) {
  auto [path, value] = parse_setting(setting);
  if (path.starts_with("scale."))
    set_path(tree.scale, path.substr(6), value, problems);
  else if (path.starts_with("model."))
    tree.model_settings.emplace_back(path.substr(6), value);
  else
    override_manifest(tree, path, value, problems);
}

Tree read_tree(const fs::path& root, const fs::path& manifest, const ExperimentOptions& options,
               Problems& problems) {
  Tree tree;
  tree.manifest = read_manifest(root, manifest);
  tree.scale = read_part(root, fs::path("experiments/scales") / (options.scale + ".toml"), "scale");
  auto& members = std::get<Node::Table>(tree.scale.value);
  if (const auto at = members.find("override"); at != members.end()) {
    std::vector<std::pair<std::string, Node>> leaves;
    if (at->second.table() == nullptr)
      problems.add(at->second.source, "[override] must be a table of paths");
    else
      collect_leaves(at->second, "", leaves);
    for (const auto& [path, value] : leaves) override_manifest(tree, path, value, problems);
    members.erase(at);
  }
  for (const std::string& setting : options.settings) apply_setting(tree, setting, problems);
  return tree;
}

ModelConfig read_size(const Node& file, const std::string& size, Problems& problems) {
  const Node* sizes = file.find("sizes");
  const Node* node = file.find("sizes." + size);
  if (node == nullptr) {
    std::vector<std::string> known;
    if (sizes != nullptr && sizes->table() != nullptr)
      for (const auto& [name, ignored] : *sizes->table()) known.push_back(name);
    problems.add(file.source, "no size '{}'{}; there are: {}", size, did_you_mean(size, known),
                 join(known, ", "));
    return {};
  }
  const ModelConfig model = from_node<ModelConfig>(*node, problems);
  validate(model, node->source, problems);
  return model;
}

void load_model(const fs::path& root, const std::string& key, const Tree& tree,
                Experiment& experiment, Problems& problems) {
  Node file = read_part(root, fs::path("experiments/models") / (key + ".toml"), "model");
  Experiment::ModelEntry entry;
  entry.key = key;
  const Node* title = file.find("title");
  entry.title = title && title->string() ? *title->string() : key;
  entry.paper = read_size(file, "paper", problems);
  for (const auto& [path, value] : tree.model_settings)
    if (path.starts_with(key + "."))
      set_path(file, "sizes." + experiment.scale.model_size + path.substr(key.size()), value,
               problems);
  entry.model = read_size(file, experiment.scale.model_size, problems);
  if (experiment.disco.cluster.k != entry.model.experts)
    problems.add(file.source, "experts = {} but arm.disco.cluster.k = {}; one cluster an expert",
                 entry.model.experts, experiment.disco.cluster.k);
  experiment.model_entries[key] = std::move(entry);
}

void load_role(const fs::path& root, const std::string& role, const Node& scale,
               Experiment& experiment, Problems& problems) {
  const auto at = experiment.scale.corpora.find(role);
  if (at == experiment.scale.corpora.end()) {
    problems.add(scale.source, "no corpus plays the role '{}'; add it under [corpora]", role);
    return;
  }
  const std::string& name = at->second;
  const fs::path relative = fs::path("experiments/corpora") / (name + ".toml");
  if (fs::exists(root / relative))
    experiment.corpus_entries[role] = load_corpus(root / relative, relative.string());
  else
    problems.add(scale.find("corpora." + role)->source,
                 "no corpus '{}'{}; `repro data list` shows them", name,
                 did_you_mean(name, stems(root / "experiments/corpora")));
}

Source source_of(const Node& manifest, const std::string& path) {
  const Node* node = manifest.find(path);
  return node ? node->source : manifest.source;
}

void check_cell_steps(const Experiment& experiment, const Node& manifest, Problems& problems) {
  for (const std::string& model : experiment.models)
    for (const std::string& corpus : experiment.corpora) {
      const std::string cell = model + "/" + corpus;
      if (experiment.full.steps == 0 && !experiment.full.cell_steps.contains(cell))
        problems.add(source_of(manifest, "arm.full"),
                     "arm.full.steps = 0 and cell_steps has no \"{}\"; set one of them", cell);
      const SubmodelOptions& submodel = experiment.disco.submodel;
      if (submodel.steps == 0 && submodel.epochs == 0 && !submodel.cell_steps.contains(cell))
        problems.add(source_of(manifest, "arm.disco.submodel"),
                     "steps = 0, epochs = 0 and cell_steps has no \"{}\"; set one of them", cell);
    }
}

void check_profiles(const fs::path& root, const Experiment& experiment, const Node& manifest,
                    Problems& problems) {
  const std::vector<std::string> known = stems(root / "hardware_profiles");
  const std::pair<const char*, const std::string&> uses[] = {
      {"arm.full.profile", experiment.full.profile},
      {"arm.disco.submodel.profile", experiment.disco.submodel.profile},
      {"arm.disco.finetune.profile", experiment.disco.finetune.profile}};
  for (const auto& [path, profile] : uses)
    if (!profile.empty() && !std::count(known.begin(), known.end(), profile))
      problems.add(source_of(manifest, path), "no hardware profile '{}'{}", profile,
                   did_you_mean(profile, known));
}

void validate_experiment(const fs::path& root, const Experiment& experiment, const Node& manifest,
                         Problems& problems) {
  const std::vector<double>& horizons = experiment.disco.finetune.horizons;
  const Source at_horizons = source_of(manifest, "arm.disco.finetune.horizons");
  if (horizons.empty()) problems.add(at_horizons, "horizons is empty; give at least one");
  for (size_t i = 1; i < horizons.size(); ++i)
    if (horizons[i] <= horizons[i - 1])
      problems.add(at_horizons, "horizons must increase: {} follows {}", horizons[i],
                   horizons[i - 1]);
  if (experiment.match.batch % experiment.match.accumulate != 0)
    problems.add(source_of(manifest, "match.accumulate"),
                 "accumulate = {} does not divide batch = {}", experiment.match.accumulate,
                 experiment.match.batch);
  for (const char* list : {"models", "corpora", "seeds"})
    if (const Node* node = manifest.find(list); node && node->array() && node->array()->empty())
      problems.add(node->source, "{} is empty; give at least one", list);
  check_cell_steps(experiment, manifest, problems);
  check_profiles(root, experiment, manifest, problems);
  if (experiment.full.steps > 0 && experiment.target.window > experiment.full.steps)
    problems.add(source_of(manifest, "target.window"),
                 "window = {} is more than the run's {} steps", experiment.target.window,
                 experiment.full.steps);
}

void add_model_differences(Experiment& experiment) {
  for (const auto& [key, entry] : experiment.model_entries) {
    const std::pair<const char*, int64_t ModelConfig::*> sizes[] = {
        {"vocabulary", &ModelConfig::vocabulary},
        {"width", &ModelConfig::width},
        {"layers", &ModelConfig::layers},
        {"heads", &ModelConfig::heads},
        {"head_width", &ModelConfig::head_width},
        {"experts", &ModelConfig::experts},
        {"top_k", &ModelConfig::top_k},
        {"expert_width", &ModelConfig::expert_width},
        {"shared_width", &ModelConfig::shared_width}};
    for (const auto& [name, member] : sizes)
      if (entry.paper.*member != entry.model.*member)
        experiment.differences.push_back(
            {"model." + key + "." + name, std::to_string(entry.paper.*member),
             std::to_string(entry.model.*member), "experiments/models/" + key + ".toml"});
  }
  for (const auto& [role, corpus] : experiment.corpus_entries)
    if (!corpus.stands_for.empty())
      experiment.differences.push_back(
          {"corpus." + role, corpus.stands_for, corpus.name, "scale " + experiment.scale.name});
}

}  // namespace

Experiment load_experiment(const std::filesystem::path& root, const std::string& name,
                           const ExperimentOptions& options) {
  Problems problems;
  const fs::path path = find_manifest(root, name);
  Tree tree = read_tree(root, path, options, problems);
  Experiment experiment;
  if (const Node* match = tree.manifest.find("match"))
    if (auto& members = std::get<Node::Table>(tree.manifest.value); members.contains("arm"))
      reject_locked_keys(members.at("arm"), *match, problems);
  read_node(
      tree.manifest, [&](Fields& fields) { describe(fields, experiment); }, problems);
  read_node(
      tree.scale, [&](Fields& fields) { describe(fields, experiment.scale); }, problems);
  experiment.name = path.stem().string();
  experiment.folder = path.parent_path().filename().string();
  experiment.scale.name = options.scale;
  if (experiment.seeds.empty()) experiment.seeds = {0};
  if (options.seeds) {
    experiment.seeds.clear();
    for (int64_t seed = 0; seed < *options.seeds; ++seed) experiment.seeds.push_back(seed);
  }
  validate_experiment(root, experiment, tree.manifest, problems);
  problems.throw_if_any();
  for (const std::string& key : experiment.models)
    load_model(root, key, tree, experiment, problems);
  for (const std::string& role : experiment.corpora)
    load_role(root, role, tree.scale, experiment, problems);
  problems.throw_if_any();
  experiment.differences = std::move(tree.differences);
  add_model_differences(experiment);
  experiment.resolved = std::move(tree.manifest);
  return experiment;
}

}  // namespace repro::config
