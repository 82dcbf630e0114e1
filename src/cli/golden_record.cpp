#include "cli/golden_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "check/drift.hpp"
#include "check/manifest.hpp"
#include "check/observed_files.hpp"
#include "check/observed_runs.hpp"
#include "check/rehearse.hpp"
#include "check/replay.hpp"
#include "check/step_time.hpp"
#include "cli/check_gate.hpp"
#include "cli/golden_view.hpp"
#include "cli/printing.hpp"
#include "run/environment.hpp"

namespace repro::cli {
namespace {

using checks::Golden;
using checks::NamedJob;
using checks::Observations;

constexpr int64_t kUsualSeeds = 10;

checks::Policy policy_of(const RecordChoice& choice) {
  if (choice.policy) return *choice.policy;
  checks::Policy policy;
  for (const checks::Sides sides :
       {checks::Sides::two_sided, checks::Sides::one_sided, checks::Sides::non_inferiority})
    if (name(sides) == choice.sides) policy.sides = sides;
  policy.exact_gates = choice.exact_gates;
  if (choice.margin)
    for (const char* number : {"final_loss", "unseen_loss", "ppl_loss"})
      policy.margins[number] = *choice.margin;
  return policy;
}

// Every run of the plan and, beside it, the same from a start beside its own.
struct Twins {
  run::JobGraph graph;
  std::vector<NamedJob> jobs, twins;
};

Twins plan_twins(const plan::Plan& plan) {
  Twins twins{.graph = plan.graph, .jobs = checks::named_jobs(plan), .twins = {}};
  std::vector<size_t> trainings;
  for (const NamedJob& job : twins.jobs)
    if (!job.evaluates) trainings.push_back(job.job);
  config::RehearsalSpec how;
  how.jitter = checks::twin_jitter(plan.experiment.match.precision);
  twins.twins = checks::moved(twins.jobs, checks::rehearse(twins.graph, trainings, how));
  return twins;
}

void require_whole(const Observations& observed) {
  for (const auto& [name, ensemble] : observed.trainings)
    for (const auto& [seed, member] : ensemble) {
      if (!member.failure.empty())
        throw Error(Exit::run_failed, "{}, seed {}: {}; nothing is recorded", name, seed,
                    member.failure);
      for (const auto& [series, values] : member.series)
        for (size_t i = 0; i < values.values.size(); ++i)
          if (!std::isfinite(values.values[i]))
            throw Error("{}, seed {}: {} at step {} is not a number; nothing is recorded", name,
                        seed, series, values.steps[i]);
    }
  for (const auto& [name, ensemble] : observed.trainings)
    for (const std::string& repeated : checks::repeated_seeds(ensemble))
      throw Error("{}: {}; nothing is recorded", name, repeated);
}

struct Recorded {
  Golden golden;
  Exit exit = Exit::ok;
  checks::TimeGolden time = {};
};

Recorded record_runs(const Context& context, const RecordChoice& choice) {
  const plan::Plan plan = load_plan(context, choice.choice);
  const Twins twins = plan_twins(plan);
  CheckRuns runs(context, "golden record " + choice.choice.text(), choice.runs);
  if (const Exit exit = runs.run(twins.graph); exit != Exit::ok) return {{}, exit};
  const int64_t window = plan.experiment.target.window;
  const Observations straight =
      checks::observe_runs(twins.graph, twins.jobs, runs.folder(), window);
  const Observations beside = checks::observe_runs(twins.graph, twins.twins, runs.folder(), window);
  require_whole(straight);
  require_whole(beside);
  const checks::Recipe recipe{.experiment = choice.choice.name,
                              .scale = choice.choice.scale,
                              .settings = choice.choice.settings,
                              .window = window,
                              .gate_seeds = choice.gate_seeds};
  Recorded recorded{checks::make_golden(straight, &beside, recipe, policy_of(choice))};
  checks::note_manifest(recorded.golden, plan);
  recorded.golden.reliability = checks::replay(straight, &beside, recorded.golden);
  recorded.time = checks::make_time_golden(straight, choice.name);
  return recorded;
}

Recorded record_files(const RecordChoice& choice) {
  Observations observed = checks::observe_files({choice.from, choice.format, "training", 1});
  int64_t last = 0;
  for (const auto& [seed, member] : observed.trainings.begin()->second)
    if (const auto loss = member.series.find("loss"); loss != member.series.end())
      last = std::max(last, loss->second.steps.empty() ? 0 : loss->second.steps.back());
  checks::Recipe recipe;
  recipe.window = std::clamp<int64_t>(last / 10, 1, 50);
  observed = checks::observe_files({choice.from, choice.format, "training", recipe.window});
  require_whole(observed);
  Recorded recorded{checks::make_golden(observed, nullptr, recipe, policy_of(choice))};
  recorded.golden.reliability = checks::replay(observed, nullptr, recorded.golden);
  return recorded;
}

void fill_choice(RecordChoice& choice) {
  if (choice.why.empty())
    throw Error(Exit::usage, "golden record: --why says why these runs are right");
  if (!choice.from.empty()) {
    if (choice.name.empty()) throw Error(Exit::usage, "golden record --from: give a --name");
    return;
  }
  if (choice.choice.name.empty())
    throw Error(Exit::usage, "golden record: name an experiment, or files with --from");
  if (choice.choice.seeds == 0) choice.choice.seeds = kUsualSeeds;
  if (choice.choice.seeds < checks::kFewestSeeds)
    throw Error("golden record: {} seed{} say too little about noise; give --seeds {} or more",
                choice.choice.seeds, choice.choice.seeds == 1 ? "" : "s", checks::kFewestSeeds);
  if (choice.gate_seeds == 0) choice.gate_seeds = (choice.choice.seeds + 1) / 2;
  if (choice.gate_seeds > choice.choice.seeds)
    throw Error(Exit::usage, "golden record: --gate-seeds {} of {} seeds", choice.gate_seeds,
                choice.choice.seeds);
  if (choice.name.empty()) {
    const size_t slash = choice.choice.name.rfind('/');
    choice.name = choice.choice.name.substr(slash == std::string::npos ? 0 : slash + 1) + "-" +
                  choice.choice.scale;
  }
}

// A renewal that names no experiment is of the golden's own, with its seeds and its policy.
void repeat_recipe(RecordChoice& choice, const Golden& golden) {
  if (golden.recipe.experiment.empty())
    throw Error(Exit::usage,
                "golden '{}' is of another program's files; give those of now with --from",
                golden.name);
  choice.choice.name = golden.recipe.experiment;
  choice.choice.scale = golden.recipe.scale;
  choice.choice.settings = golden.recipe.settings;
  choice.choice.seeds = static_cast<int64_t>(golden.seeds().size());
  choice.gate_seeds = golden.recipe.gate_seeds;
  choice.policy = golden.policy;
}

// The golden that is there; Error when its place may not be taken.
std::optional<Golden> previous_golden(const fs::path& path, const RecordChoice& choice) {
  if (!fs::exists(path)) {
    if (choice.renew) throw Error("{}: there is none to renew; leave out --renew", path.string());
    return std::nullopt;
  }
  if (!choice.renew)
    throw Error(
        "{}: there is one; renew it with --renew --cause \"what changed\", or give another "
        "--name",
        path.string());
  if (choice.cause.empty())
    throw Error(Exit::usage, "golden record --renew: --cause says what moved the numbers");
  return checks::read_golden(path);
}

}  // namespace

Exit record_golden(const Context& context, RecordChoice choice) {
  const fs::path root = context.root();
  if (choice.renew && choice.choice.name.empty() && choice.from.empty() && !choice.name.empty())
    repeat_recipe(choice, checks::find_golden(root, choice.name));
  fill_choice(choice);
  const fs::path path = checks::golden_path(root, choice.name);
  const std::optional<Golden> previous = previous_golden(path, choice);
  Recorded recorded = choice.from.empty() ? record_runs(context, choice) : record_files(choice);
  if (recorded.exit != Exit::ok) return recorded.exit;
  Golden& golden = recorded.golden;
  golden.name = choice.name;
  golden.why = printable_line(choice.why);
  golden.recorded = run::utc_now();
  golden.version = REPRO_VERSION;
  if (previous)
    golden.renewal = checks::renewal_of(*previous, golden, printable_line(choice.cause));
  checks::write_golden(path, golden);
  if (choice.time && !recorded.time.machine.empty()) {
    recorded.time.recorded = golden.recorded;
    checks::write_time_golden(checks::time_golden_path(root, choice.name, recorded.time.machine),
                              recorded.time);
  }
  show_golden(context, golden, path);
  return Exit::ok;
}

}  // namespace repro::cli
