#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "config/library.hpp"
#include "plan/manifest.hpp"
#include "plan/manifest_cells.hpp"
#include "plan/manifest_differences.hpp"
#include "plan/manifest_rules.hpp"
#include "plan/task_jobs.hpp"

namespace repro::plan {
namespace {

using config::Node;
using config::Problems;

// What [match] locks must not stand in an arm: it would make the arms unlike.
void reject_locked_keys(Node& arm, const Node& match, Problems& problems) {
  static const std::set<std::string, std::less<>> kLocked = {
      "batch",  "sequence", "accumulate",          "precision",        "device",     "threads",
      "corpus", "data",     "tokenizer_megabytes", "max_train_tokens", "order_seed", "tokenizer"};
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
      if (at->first != "model") reject_locked_keys(at->second, match, problems);
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
  Node paper;  // the manifest before every override
  Node scale;
  std::vector<std::pair<std::string, Node>> model_settings;  // "qwen_moe.layers" -> value
  std::vector<Difference> differences;
  std::vector<std::string> asked;
};

void override_manifest(Tree& tree, const std::string& path, const Node& value, Problems& problems) {
  note_difference(tree.differences, tree.paper, path, value);
  // A word or a number: either may replace the other.
  if (path == "speed") std::get<Node::Table>(tree.manifest.value).erase(path);
  set_path(tree.manifest, path, value, problems);
}

// The member, taken out of its table; an empty table where there is none.
Node take(Node& table, const std::string& key) {
  auto& members = std::get<Node::Table>(table.value);
  const auto at = members.find(key);
  if (at == members.end()) return {Node::Table{}, table.source};
  Node taken = std::move(at->second);
  members.erase(at);
  return taken;
}

void apply_setting(Tree& tree, const std::string& setting, Problems& problems) {
  auto [path, value] = config::parse_setting(setting);
  // Said on the command line, the exponent is every model's.
  if (path == "scale.lr_width_exponent") take(tree.scale, "lr_width_exponents");
  if (path.starts_with("scale."))
    set_path(tree.scale, path.substr(6), value, problems);
  else if (path.starts_with("model."))
    tree.model_settings.emplace_back(path.substr(6), value);
  else
    override_manifest(tree, path, value, problems);
}

// The path of every `train` table below a node.
void collect_trainings(const Node& node, const std::string& path, std::vector<std::string>& paths) {
  if (node.table() == nullptr) return;
  for (const auto& [key, value] : *node.table())
    if (key == "train")
      paths.push_back(path + ".train");
    else
      collect_trainings(value, path + "." + key, paths);
}

// What a scale says of warm-ups, over what the arms say; a phase without one stays without.
void override_warmups(Tree& tree, Problems& problems) {
  const Node* warmup = tree.scale.find("warmup");
  const Node* arms = tree.manifest.find("arm");
  if (warmup == nullptr || arms == nullptr || arms->array() == nullptr) return;
  std::vector<std::string> paths;
  for (const Node& arm : *arms->array())
    if (const Node* name = arm.find("name"); name != nullptr && name->string() != nullptr)
      collect_trainings(arm, "arm." + *name->string(), paths);
  for (const std::string& path : paths) {
    const Node* own = tree.manifest.find(path + ".warmup");
    if (own == nullptr || own->text() != "0")
      override_manifest(tree, path + ".warmup", *warmup, problems);
  }
}

// A scale's settings first: the scale overrides arms, and a setting of an arm overrides the scale.
void apply_settings(Tree& tree, const std::vector<std::string>& settings, Problems& problems) {
  const auto of_scale = [](const std::string& setting) { return setting.starts_with("scale."); };
  for (const std::string& setting : settings)
    if (of_scale(setting)) apply_setting(tree, setting, problems);
  override_warmups(tree, problems);
  for (const std::string& setting : settings)
    if (!of_scale(setting)) apply_setting(tree, setting, problems);
}

// `kept`: values that stand in this file and overrides of another do not touch.
void override_all(Tree& tree, const Node& overrides, Problems& problems,
                  const std::string& kept = "") {
  std::vector<std::pair<std::string, Node>> leaves;
  if (overrides.table() == nullptr)
    return problems.add(overrides.source, "override must be a table of paths");
  collect_leaves(overrides, "", leaves);
  for (const auto& [path, value] : leaves) {
    const Node* before = tree.manifest.find(path);
    const bool keep = !kept.empty() && before != nullptr && before->source.file == kept &&
                      value.source.file != kept;
    if (!keep) override_manifest(tree, path, value, problems);
  }
}

// A manifest's [override.SCALE] must name scales that there are.
void check_scales(const fs::path& root, const Node& overrides, Problems& problems) {
  if (overrides.table() == nullptr) return;
  const std::vector<std::string> known = config::scale_names(root);
  for (const auto& [name, value] : *overrides.table())
    if (std::find(known.begin(), known.end(), name) == known.end())
      problems.add(value.source, "no scale '{}'{}; there are: {}", name, did_you_mean(name, known),
                   join(known, ", "));
}

Tree read_tree(const fs::path& root, const fs::path& manifest, const ExperimentOptions& options,
               Problems& problems) {
  Tree tree;
  auto read = config::read_manifest(root, manifest);
  tree.manifest = tree.paper = std::move(read.node);
  const auto scale = config::read_extended(root, "experiments/scales", options.scale, "scale");
  tree.scale = scale.node;
  override_all(tree, take(tree.scale, "override"), problems);
  const Node own = take(tree.manifest, "override");
  check_scales(root, own, problems);
  // What stands in a manifest itself, the wishes for a scale of one that it extends leave alone.
  for (const std::string& name : scale.names)
    if (const Node* at = own.find(name)) override_all(tree, *at, problems, read.extending);
  tree.asked = asked_of(options, tree.manifest, tree.scale);
  apply_settings(tree, options.settings, problems);
  return tree;
}

// Takes [[arm]] out of the manifest and reads it.
void load_arms(Node manifest, Experiment& experiment, Problems& problems) {
  const Node* arms = manifest.find("arm");
  if (arms == nullptr)
    return problems.add(manifest.source,
                        "no arm; write [[arm]] with name and method, twice or more");
  if (arms->array() == nullptr)
    return problems.add(arms->source, "arm: expected tables; write [[arm]] with a name");
  const Node* match = manifest.find("match");
  std::set<std::string> seen;
  for (Node arm : *arms->array()) {
    if (match != nullptr) reject_locked_keys(arm, *match, problems);
    auto read = read_arm(arm, problems);
    if (!read) continue;
    const ArmHead& head = head_of(*read);
    if (!seen.insert(head.name).second)
      problems.add(arm.source, "arm '{}' is given twice; give it another name", head.name);
    experiment.arms.push_back(std::move(*read));
  }
}

// "peaks", "paper", "measured", "equal" or a ratio above 0.
void load_speed(const Node& node, Speed& speed, Problems& problems) {
  const auto* whole = std::get_if<int64_t>(&node.value);
  const auto* real = std::get_if<double>(&node.value);
  if (whole != nullptr || real != nullptr) {
    speed = {Speed::Rule::given, whole != nullptr ? static_cast<double>(*whole) : *real};
    if (!std::isfinite(speed.ratio) || speed.ratio <= 0)
      problems.add(node.source, "speed = {}: expected a ratio above 0", node.text());
    return;
  }
  const std::string* word = node.string();
  std::vector<std::string> known;
  for (const auto rule :
       {Speed::Rule::peaks, Speed::Rule::paper, Speed::Rule::measured, Speed::Rule::equal}) {
    known.push_back(text({rule}));
    if (word != nullptr && *word == known.back()) speed = {rule};
  }
  if (word == nullptr || std::find(known.begin(), known.end(), *word) == known.end())
    problems.add(node.source, "speed = {}: expected one of {}, or a ratio above 0{}", node.text(),
                 join(known, ", "), word != nullptr ? did_you_mean(*word, known) : "");
}

// The model of one size; what all sizes share stands once, under [common]. Problems across fields
// are told at `source`, or where the size stands.
config::ModelConfig read_size(const Node& file, const std::string& size, Problems& problems,
                              const config::Source* source = nullptr) {
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
  Node whole = *node;
  if (const Node* common = file.find("common"); common != nullptr && common->table() != nullptr) {
    whole = *common;
    overlay(whole, *node);
    whole.source = node->source;
  }
  const auto model = config::from_node<config::ModelConfig>(whole, problems);
  validate(model, source != nullptr ? *source : node->source, problems);
  return model;
}

// With an arm's own values laid over it; what is wrong with them stands at the arm's lines.
config::ModelConfig arm_model(Node file, const std::string& size, const ArmHead& head,
                              const config::ModelConfig& model, Problems& problems) {
  if (file.find("sizes." + size) == nullptr) return model;
  if (head.model.empty()) return head.dense ? dense(model) : model;
  for (const auto& [path, value] : head.model)
    set_path(file, "sizes." + size + "." + path, value, problems);
  const auto own = read_size(file, size, problems, &head.model.front().second.source);
  return head.dense ? dense(own) : own;
}

void load_model(const fs::path& root, const std::string& key, const Tree& tree,
                Experiment& experiment, Problems& problems) {
  const auto found = config::find_file(root, "experiments/models", key, "model");
  Node file = config::read_toml(found.path, found.shown_as);
  Experiment::ModelEntry entry;
  entry.key = key;
  const Node* title = file.find("title");
  entry.title = title && title->string() ? *title->string() : key;
  entry.paper = read_size(file, "paper", problems);
  const std::string& size = experiment.scale.model_size;
  for (const auto& [path, value] : tree.model_settings)
    if (path.starts_with(key + "."))
      set_path(file, "sizes." + size + path.substr(key.size()), value, problems);
  entry.model = read_size(file, size, problems);
  for (const Arm& arm : experiment.arms)
    entry.arm_models.push_back(arm_model(file, size, head_of(arm), entry.model, problems));
  experiment.model_entries[key] = std::move(entry);
}

void load_role(const fs::path& root, const std::string& role, const Node& scale,
               Experiment& experiment, Problems& problems) {
  const auto at = experiment.scale.corpora.find(role);
  if (at == experiment.scale.corpora.end())
    return problems.add(scale.source, "no corpus plays the role '{}'; add it under [corpora]",
                        role);
  const std::string& name = at->second;
  if (const auto file = config::look_up(root, "experiments/corpora", name))
    experiment.corpus_entries[role] = config::load_corpus(file->path, file->shown_as);
  else
    problems.add(scale.find("corpora")->member(role)->source,
                 "no corpus '{}'{}; `repro data list` shows them", name,
                 did_you_mean(name, config::library_names(root, "experiments/corpora")));
}

}  // namespace

Experiment load_experiment(const fs::path& root, const std::string& name,
                           const ExperimentOptions& options) {
  Problems problems;
  const fs::path path = config::find_manifest(root, name);
  Tree tree = read_tree(root, path, options, problems);
  Experiment experiment;
  load_arms(tree.manifest, experiment, problems);
  Node rest = tree.manifest;
  std::get<Node::Table>(rest.value).erase("arm");
  if (const Node* speed = rest.find("speed")) {
    load_speed(*speed, experiment.speed, problems);
    std::get<Node::Table>(rest.value).erase("speed");
  }
  read_node(
      rest, [&](config::Fields& fields) { describe(fields, experiment); }, problems);
  read_node(
      tree.scale, [&](config::Fields& fields) { describe(fields, experiment.scale); }, problems);
  experiment.name = path.stem().string();
  experiment.folder = path.parent_path().filename().string();
  experiment.scale.name = options.scale;
  if (experiment.seeds.empty()) experiment.seeds = {0};
  if (options.seeds) {
    experiment.seeds.clear();
    for (int64_t seed = 0; seed < *options.seeds; ++seed) experiment.seeds.push_back(seed);
  }
  check_rules(root, experiment, tree.manifest, problems);
  load_tasks(root, experiment, tree.manifest, problems);
  problems.throw_if_any();
  keep_only(options.only, experiment);
  for (const std::string& key : experiment.models)
    load_model(root, key, tree, experiment, problems);
  for (const std::string& role : experiment.corpora)
    load_role(root, role, tree.scale, experiment, problems);
  check_models(experiment, problems);
  problems.throw_if_any();
  experiment.asked = std::move(tree.asked);
  for (const std::string& one : options.only) experiment.asked.push_back("only=" + one);
  experiment.differences = std::move(tree.differences);
  add_differences(experiment, tree.scale);
  experiment.resolved = std::move(tree.manifest);
  return experiment;
}

}  // namespace repro::plan
