#include "plan/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "plan/arm_builder.hpp"

namespace repro::plan {
namespace {

size_t add_prepare(Plan& plan, const Cell& cell, const nlohmann::json& origins) {
  const Experiment& experiment = plan.experiment;
  config::PrepareSpec spec;
  spec.corpus = experiment.corpus_entries.at(cell.corpus);
  spec.vocabulary = experiment.model_entries.at(cell.model).model.vocabulary;
  spec.tokenizer_megabytes = experiment.match.tokenizer_megabytes;
  spec.max_train_tokens = experiment.match.max_train_tokens;
  run::Job job;
  job.kind = "prepare";
  job.name = fmt::format("prepare-{}-v{}", spec.corpus.name, spec.vocabulary);
  job.spec = config::to_json(spec);
  job.origins = origins;
  return plan.graph.add(std::move(job));
}

// "match.batch" -> "experiments/scales/smoke.toml:14": where each value of the manifest came from.
void collect_origins(const config::Node& node, const std::string& path, nlohmann::json& origins) {
  const std::string prefix = path.empty() ? "" : path + ".";
  if (node.table() != nullptr) {
    for (const auto& [key, value] : *node.table()) collect_origins(value, prefix + key, origins);
    return;
  }
  const std::vector<std::string> names = config::names_of(node);
  if (names.empty()) origins[path] = node.source.text();
  for (const std::string& name : names) collect_origins(*node.member(name), prefix + name, origins);
}

size_t reference_ending(const FullArm& baseline) {
  const auto whole = std::find(baseline.horizons.begin(), baseline.horizons.end(), 1.0);
  check(whole != baseline.horizons.end(), "the baseline runs its whole steps");
  return static_cast<size_t>(whole - baseline.horizons.begin());
}

void plan_cell(Plan& plan, Cell& cell, const nlohmann::json& origins) {
  const Experiment& experiment = plan.experiment;
  cell.prepare = add_prepare(plan, cell, origins);
  cell.baseline = experiment.baseline_index();
  for (size_t i = 0; i < experiment.arms.size(); ++i) {
    ArmBuilder builder(plan, cell, i, origins);
    const Arm& arm = experiment.arms[i];
    ArmPlan planned = std::visit([&](const auto& one) { return plan_arm(builder, one); }, arm);
    planned.name = head_of(arm).name;
    planned.title = title_of(arm);
    planned.method = method_of(arm);
    planned.model = builder.model();
    check(!planned.phases.empty() && !planned.endings.empty(), "an arm has phases and endings");
    cell.arms.push_back(std::move(planned));
  }
  cell.reference = reference_ending(std::get<FullArm>(experiment.arms[cell.baseline]));
}

void add_inputs(const run::JobGraph& graph, size_t job, std::set<size_t>& all) {
  if (!all.insert(job).second) return;
  for (const auto& [role, input] : graph[job].inputs) add_inputs(graph, input, all);
}

}  // namespace

const PhasePlan* ArmPlan::phase(const std::string& phase_name) const {
  for (const PhasePlan& one : phases)
    if (one.name == phase_name) return &one;
  return nullptr;
}

const std::vector<Ending>& ArmPlan::endings_at(double rate) const {
  if (rate == 1) return endings;
  const auto at = std::find_if(rates.begin(), rates.end(),
                               [&](const RateLadder& ladder) { return ladder.rate == rate; });
  check(at != rates.end(), "the arm is tuned over this rate");
  return at->endings;
}

double learning_rate_factor(const Experiment& experiment, const Experiment::ModelEntry& entry) {
  const double ratio =
      static_cast<double>(entry.paper.width) / static_cast<double>(entry.model.width);
  const auto& own = experiment.scale.lr_width_exponents;
  const auto at = own.find(entry.key);
  return std::pow(ratio, at == own.end() ? experiment.scale.lr_width_exponent : at->second);
}

namespace {

void add_phase_jobs(const run::JobGraph& graph, ArmPlan& arm) {
  const auto add = [&](Ending& ending) {
    for (const PhasePlan& phase : arm.phases)
      ending.phase_jobs.push_back(jobs_of(graph, phase, ending));
  };
  for (Ending& ending : arm.endings) add(ending);
  for (RateLadder& ladder : arm.rates)
    for (Ending& ending : ladder.endings) add(ending);
}

}  // namespace

Plan make_plan(Experiment experiment) {
  Plan plan;
  plan.experiment = std::move(experiment);
  nlohmann::json origins = nlohmann::json::object();
  collect_origins(plan.experiment.resolved, "", origins);
  for (const std::string& model : plan.experiment.models)
    for (const std::string& corpus : plan.experiment.corpora)
      for (int64_t seed : plan.experiment.seeds) {
        if (!plan.experiment.has_cell(model, corpus)) continue;
        Cell cell;
        cell.model = model;
        cell.corpus = corpus;
        cell.seed = seed;
        plan_cell(plan, cell, origins);
        for (ArmPlan& arm : cell.arms) add_phase_jobs(plan.graph, arm);
        plan.cells.push_back(std::move(cell));
      }
  return plan;
}

std::vector<size_t> jobs_of(const run::JobGraph& graph, const PhasePlan& phase,
                            const Ending& ending) {
  std::set<size_t> read;
  add_inputs(graph, ending.job, read);
  std::vector<size_t> jobs;
  for (const auto* part : {&phase.jobs, &phase.tuned})
    for (const size_t job : *part)
      if (read.contains(job)) jobs.push_back(job);
  return jobs;
}

std::vector<CellJob> jobs_of(const Cell& cell) {
  std::vector<CellJob> jobs = {{cell.prepare, "", "prepare"}};
  for (const ArmPlan& arm : cell.arms) {
    for (const PhasePlan& phase : arm.phases) {
      for (const size_t job : phase.jobs)
        jobs.push_back({job, arm.name, phase.overhead ? phase.name : phase.title});
      for (const size_t job : phase.tuned) jobs.push_back({job, arm.name, phase.title + ", tuned"});
      for (const size_t job : phase.evals) jobs.push_back({job, arm.name, "eval"});
    }
    for (const Ending& ending : arm.endings)
      for (const size_t job : ending.evals) jobs.push_back({job, arm.name, "eval"});
    for (const RateLadder& ladder : arm.rates)
      for (const Ending& ending : ladder.endings)
        for (const size_t job : ending.evals) jobs.push_back({job, arm.name, "eval"});
  }
  return jobs;
}

}  // namespace repro::plan
