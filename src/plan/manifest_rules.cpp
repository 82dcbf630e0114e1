#include "plan/manifest_rules.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "config/library.hpp"
#include "plan/methods.hpp"

namespace repro::plan {
namespace {

using config::Node;
using config::Problems;
using config::Source;

Source source_of(const Node& manifest, const std::string& path) {
  const Node* node = manifest.find(path);
  return node ? node->source : manifest.source;
}

void check_steps(const Experiment& experiment, const Node& manifest, Problems& problems) {
  for (const std::string& model : experiment.models)
    for (const std::string& corpus : experiment.corpora)
      if (const std::string cell = model + "/" + corpus; experiment.baseline_steps(cell) == 0)
        problems.add(manifest.source, "steps = 0 and cell_steps has no \"{}\"; set one of them",
                     cell);
  for (const std::string& model : experiment.models)
    for (const std::string& corpus : experiment.corpora) {
      const int64_t steps = experiment.baseline_steps(model + "/" + corpus);
      const double tokens = static_cast<double>(steps) *
                            static_cast<double>(experiment.match.batch) *
                            static_cast<double>(experiment.match.sequence);
      if (tokens > config::kMostCounted)
        problems.add(manifest.source,
                     "{} steps of {} sequences of {} tokens are more than {:.0e} tokens; lower one",
                     steps, experiment.match.batch, experiment.match.sequence,
                     config::kMostCounted);
    }
  if (experiment.steps > 0 && experiment.target.window > experiment.steps)
    problems.add(source_of(manifest, "target.window"),
                 "window = {} is more than the run's {} steps", experiment.target.window,
                 experiment.steps);
}

// Where the arm names the profile: in itself, or in one of its phases.
const Source* source_of_profile(const Node& arm, const std::string& profile) {
  if (arm.table() == nullptr) return nullptr;
  for (const auto& [key, value] : *arm.table()) {
    if (key == "profile" && value.string() != nullptr && *value.string() == profile)
      return &value.source;
    if (const Source* found = source_of_profile(value, profile)) return found;
  }
  return nullptr;
}

void check_profiles(const std::filesystem::path& root, const Experiment& experiment,
                    const Node& manifest, Problems& problems) {
  const std::vector<std::string> known = config::library_names(root, "hardware_profiles");
  for (const Arm& arm : experiment.arms)
    for (const std::string& profile : profiles_of(arm)) {
      if (profile.empty() || std::count(known.begin(), known.end(), profile)) continue;
      const Node* node = manifest.find("arm." + head_of(arm).name);
      const Source* said = node != nullptr ? source_of_profile(*node, profile) : nullptr;
      problems.add(said != nullptr ? *said : head_of(arm).source,
                   "arm '{}': no hardware profile '{}'{}; there are: {}", head_of(arm).name,
                   profile, did_you_mean(profile, known), join(known, ", "));
    }
}

// One ratio compares two devices.
void check_speed(const Experiment& experiment, const Node& manifest, Problems& problems) {
  const auto rule = experiment.speed.rule;
  if (rule != Speed::Rule::given && rule != Speed::Rule::paper) return;
  if (const auto others = experiment.other_profiles(); others.size() > 1)
    problems.add(source_of(manifest, "speed"),
                 "speed = {} is one ratio, but the arms name {} devices besides the baseline's: "
                 "{}; set speed to peaks, measured or equal",
                 text(experiment.speed), others.size(), join(others, ", "));
}

// The baseline's run of its whole steps gives the target or the budget: it must be there.
bool runs_whole(const Arm& arm) {
  const auto* full = std::get_if<FullArm>(&arm);
  return full != nullptr && std::count(full->horizons.begin(), full->horizons.end(), 1.0) == 1;
}

void check_arms(const Experiment& experiment, const Node& manifest, Problems& problems) {
  std::vector<std::string> names;
  for (const Arm& arm : experiment.arms) names.push_back(head_of(arm).name);
  if (!experiment.baseline.empty() && !std::count(names.begin(), names.end(), experiment.baseline))
    problems.add(source_of(manifest, "baseline"),
                 "baseline = \"{}\": no arm of that name{}; there are: {}", experiment.baseline,
                 did_you_mean(experiment.baseline, names), join(names, ", "));
  if (experiment.arms.size() < 2 && manifest.find("arm") != nullptr && !experiment.arms.empty())
    problems.add(source_of(manifest, "arm"), "one arm compares with nothing; add another [[arm]]");
  if (experiment.arms.empty()) return;
  const Arm& baseline = experiment.arms[experiment.baseline_index()];
  if (!runs_whole(baseline))
    problems.add(head_of(baseline).source,
                 "arm '{}' is the baseline: it needs method = \"full\" and horizons with 1 in it",
                 head_of(baseline).name);
}

void check_seeds(const Experiment& experiment, const Node& manifest, Problems& problems) {
  std::set<int64_t> seen;
  for (const int64_t seed : experiment.seeds)
    if (!seen.insert(seed).second)
      problems.add(source_of(manifest, "seeds"),
                   "seed {} is given twice; equal runs are no second sample", seed);
}

void check_rates(const Experiment& experiment, const Node& manifest, Problems& problems) {
  std::set<double> seen = {1};
  for (const double rate : experiment.check.rates)
    if (!seen.insert(rate).second)
      problems.add(source_of(manifest, "check.rates"),
                   "rate {} stands twice (1 is always run); give each other factor once", rate);
  // A role that the scale knows may be left out of this run's corpora.
  std::vector<std::string> roles;
  for (const auto& [role, corpus] : experiment.scale.corpora) roles.push_back(role);
  for (const std::string& role : experiment.check.corpora)
    if (!std::count(roles.begin(), roles.end(), role))
      problems.add(source_of(manifest, "check.corpora"), "no role \"{}\"{}; there are: {}", role,
                   did_you_mean(role, roles), join(roles, ", "));
}

}  // namespace

config::Range horizon_range() {
  config::Range range(0, 1000);
  range.exclusive_minimum = true;
  return range;
}

void check_horizons(const std::vector<double>& horizons, const Node& arm, const std::string& path,
                    Problems& problems) {
  const Node* node = arm.find(path);
  const Source source = node ? node->source : arm.source;
  if (horizons.empty()) problems.add(source, "horizons is empty; give at least one");
  for (size_t i = 1; i < horizons.size(); ++i)
    if (horizons[i] <= horizons[i - 1])
      problems.add(source, "horizons must increase: {} follows {}", horizons[i], horizons[i - 1]);
}

void describe_parallel(config::Fields& fields, Parallel& parallel) {
  fields.field("ranks", parallel.ranks, config::between(1, 4096));
  fields.field("shard_optimizer", parallel.shard_optimizer);
}

void check_parallel(const Parallel& parallel, const Experiment& experiment, const Node& arm,
                    const std::string& phase, Problems& problems) {
  const int64_t rows = parallel.ranks * experiment.match.accumulate;
  if (rows <= experiment.match.batch) return;
  const Node* node = arm.find(phase + "ranks");
  problems.add(node ? node->source : arm.source,
               "{}ranks = {}{} needs {} rows of a batch, which has {}; use at most {} ranks", phase,
               parallel.ranks,
               experiment.match.accumulate > 1
                   ? fmt::format(" with match.accumulate = {}", experiment.match.accumulate)
                   : "",
               rows, experiment.match.batch, experiment.match.batch / experiment.match.accumulate);
}

void check_rules(const std::filesystem::path& root, const Experiment& experiment,
                 const Node& manifest, Problems& problems) {
  check_arms(experiment, manifest, problems);
  for (const Arm& arm : experiment.arms) {
    const Node* node = manifest.find("arm." + head_of(arm).name);
    if (node != nullptr)
      std::visit([&](const auto& one) { validate(one, experiment, *node, problems); }, arm);
  }
  if (experiment.match.accumulate > 0 && experiment.match.batch % experiment.match.accumulate != 0)
    problems.add(source_of(manifest, "match.accumulate"),
                 "accumulate = {} does not divide batch = {}", experiment.match.accumulate,
                 experiment.match.batch);
  for (const char* list : {"models", "corpora", "seeds"})
    if (const Node* node = manifest.find(list); node && node->array() && node->array()->empty())
      problems.add(node->source, "{} is empty; give at least one", list);
  check_seeds(experiment, manifest, problems);
  check_rates(experiment, manifest, problems);
  check_steps(experiment, manifest, problems);
  check_profiles(root, experiment, manifest, problems);
  check_speed(experiment, manifest, problems);
}

void check_models(const Experiment& experiment, Problems& problems) {
  for (const auto& model_entry : experiment.model_entries)
    for (size_t i = 0; i < model_entry.second.arm_models.size(); ++i)
      std::visit(
          [&](const auto& arm) {
            const std::string& key = model_entry.first;
            const config::ModelConfig& model = model_entry.second.arm_models[i];
            if constexpr (requires { check_model(arm, experiment, key, model, problems); })
              check_model(arm, experiment, key, model, problems);
          },
          experiment.arms[i]);
}

}  // namespace repro::plan
