#include "check/golden.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "check/noise.hpp"
#include "check/targets.hpp"

namespace repro::checks {
namespace {

constexpr int64_t kMostSteps = 200;  // of a series that a golden keeps

int64_t sampling_of(const Series& series) {
  if (series.steps.empty()) return 1;
  // Rounded up; a step may be as large as its type holds.
  return (series.steps.back() - 1) / kMostSteps + 1;
}

int64_t count_series(const Observations& observed) {
  int64_t n = 0;
  for (const auto& [name, ensemble] : observed.trainings)
    if (!ensemble.empty())
      for (const auto& [series, values] : ensemble.begin()->second.series) n += series != "lr";
  return n;
}

}  // namespace

Ensemble as_kept(Ensemble ensemble) {
  for (auto& [seed, member] : ensemble) {
    for (auto& [name, series] : member.series) series = sampled(series, sampling_of(series));
    member.directory.clear();
  }
  return ensemble;
}

std::vector<int64_t> Golden::seeds() const {
  std::vector<int64_t> most;
  for (const auto& [unused, training] : trainings)
    if (training.seeds.size() > most.size()) most = seeds_of(training.seeds);
  return most;
}

std::vector<int64_t> Golden::gate_seeds() const {
  std::vector<int64_t> first = seeds();
  const auto n = static_cast<size_t>(std::max<int64_t>(recipe.gate_seeds, 0));
  if (n > 0 && n < first.size()) first.resize(n);
  return first;
}

std::vector<int64_t> Golden::reserve_seeds() const {
  const std::vector<int64_t> all = seeds();
  return {all.begin() + static_cast<std::ptrdiff_t>(gate_seeds().size()), all.end()};
}

Golden make_golden(const Observations& observed, const Observations* twins, const Recipe& recipe,
                   const Policy& policy) {
  Golden golden;
  golden.recipe = recipe;
  golden.policy = policy;
  golden.paired = observed.paired;
  golden.platform = observed.platform;
  golden.environment = observed.environment;
  const std::map<std::string, double> targets = target_losses(observed, recipe.window);
  Observations measured = observed;
  add_steps_to_loss(measured, targets, recipe.window);
  Observations beside = twins ? *twins : Observations();
  add_steps_to_loss(beside, targets, recipe.window);
  const int64_t series = count_series(observed);
  for (auto& [name, ensemble] : measured.trainings) {
    TrainingGolden& training = golden.trainings[name];
    training.seeds = as_kept(std::move(ensemble));
    if (const auto at = targets.find(name); at != targets.end()) training.target_loss = at->second;
    const auto twin = beside.trainings.find(name);
    const Ensemble others = twin == beside.trainings.end() ? Ensemble() : as_kept(twin->second);
    measure_noise(training, others.empty() ? nullptr : &others, policy, series);
  }
  const auto seeds = static_cast<int64_t>(golden.gate_seeds().size());
  for (auto& [name, training] : golden.trainings)
    set_margins(training, policy, seeds, golden.paired);
  return golden;
}

void measure_like(Observations& observed, const Golden& golden) {
  std::map<std::string, double> targets;
  for (const auto& [name, training] : golden.trainings)
    if (training.target_loss > 0) targets[name] = training.target_loss;
  add_steps_to_loss(observed, targets, golden.recipe.window);
}

fs::path golden_path(const fs::path& root, const std::string& name) {
  if (!is_plain_name(name))
    throw Error("golden '{}': a name is of letters, digits and - _ . +; give such a name",
                printable_line(name));
  return root / "goldens" / (name + ".json");
}

std::vector<std::string> golden_names(const fs::path& root) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(root / "goldens", ignored)) {
    const fs::path& path = entry.path();
    if (path.extension() == ".json" && is_plain_name(path.stem().string()) &&
        path.stem().string().find(".time.") == std::string::npos)
      names.push_back(path.stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Golden find_golden(const fs::path& root, const std::string& name) {
  const fs::path path = golden_path(root, name);
  if (fs::exists(path)) return read_golden(path);
  const std::vector<std::string> known = golden_names(root);
  throw Error(
      "{}: no golden '{}'{}; {}", (root / "goldens").string(), name, did_you_mean(name, known),
      known.empty() ? "`repro golden record` makes one" : "there are: " + join(known, ", "));
}

}  // namespace repro::checks
