#include "plan/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "plan/methods.hpp"
#include "plan/task_jobs.hpp"

namespace repro::plan {
namespace {

constexpr std::string_view kPrepare = "prepare";

size_t add_prepare(Plan& plan, const Cell& cell, const run::Origins& origins) {
  const Experiment& experiment = plan.experiment;
  config::PrepareSpec spec;
  spec.corpus = experiment.corpus_entries.at(cell.corpus);
  spec.vocabulary = experiment.model_entries.at(cell.model).model.vocabulary;
  spec.tokenizer_megabytes = experiment.match.tokenizer_megabytes;
  spec.max_train_tokens = experiment.match.max_train_tokens;
  run::Job job;
  job.kind = kPrepare;
  job.name = fmt::format("{}-{}-v{}", kPrepare, spec.corpus.name, spec.vocabulary);
  job.spec = config::to_json(spec);
  job.origins = origins;
  return plan.graph.add(std::move(job));
}

void add_tasks(Plan& plan, Cell& cell, const run::Origins& origins) {
  for (const std::string& name : plan.experiment.evaluate.tasks) {
    const config::Task& task = plan.experiment.task_entries.at(name);
    run::Job job = task_job(task, cell.prepare);
    if (task.is_made()) job.name += plan.graph[cell.prepare].name.substr(kPrepare.size());
    job.origins = origins;
    cell.tasks.push_back(plan.graph.add(std::move(job)));
  }
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

void add_inputs(const run::JobGraph& graph, size_t job, std::set<size_t>& all) {
  if (!all.insert(job).second) return;
  for (const auto& [role, input] : graph[job].inputs) add_inputs(graph, input, all);
}

void add_what_it_rests_on(const run::JobGraph& graph, const ArmPlan& arm, Ending& ending) {
  std::set<size_t> read;
  add_inputs(graph, ending.job, read);
  for (const PhasePlan& phase : arm.phases) {
    auto& jobs = ending.rests_on.emplace_back();
    for (const auto* part : {&phase.jobs, &phase.tuned})
      std::copy_if(part->begin(), part->end(), std::back_inserter(jobs),
                   [&](size_t job) { return read.contains(job); });
  }
}

void plan_cell(Plan& plan, Cell& cell, const run::Origins& origins) {
  const Experiment& experiment = plan.experiment;
  cell.prepare = add_prepare(plan, cell, origins);
  add_tasks(plan, cell, origins);
  cell.baseline = experiment.baseline_index();
  for (size_t i = 0; i < experiment.arms.size(); ++i) {
    ArmBuilder builder(plan, cell, i, origins);
    const Arm& arm = experiment.arms[i];
    ArmPlan planned = std::visit([&](const auto& one) { return plan_arm(builder, one); }, arm);
    planned.name = head_of(arm).name;
    planned.title = title_of(arm);
    planned.method = method_of(arm);
    planned.model = builder.model();
    for (Ending& ending : planned.endings) add_what_it_rests_on(plan.graph, planned, ending);
    for (RateLadder& ladder : planned.rates)
      for (Ending& ending : ladder.endings) add_what_it_rests_on(plan.graph, planned, ending);
    check(!planned.phases.empty() && !planned.endings.empty(), "an arm has phases and endings");
    cell.arms.push_back(std::move(planned));
  }
  cell.reference = reference_ending(std::get<FullArm>(experiment.arms[cell.baseline]));
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

Plan make_plan(Experiment experiment) {
  Plan plan;
  plan.experiment = std::move(experiment);
  nlohmann::json origins = nlohmann::json::object();
  collect_origins(plan.experiment.resolved, "", origins);
  const run::Origins shared = std::make_shared<const nlohmann::json>(std::move(origins));
  for (const std::string& model : plan.experiment.models)
    for (const std::string& corpus : plan.experiment.corpora)
      for (int64_t seed : plan.experiment.seeds) {
        if (!plan.experiment.has_cell(model, corpus)) continue;
        Cell cell;
        cell.model = model;
        cell.corpus = corpus;
        cell.seed = seed;
        plan_cell(plan, cell, shared);
        plan.cells.push_back(std::move(cell));
      }
  return plan;
}

std::vector<CellJob> jobs_of(const Cell& cell) {
  std::vector<CellJob> jobs = {{cell.prepare, "", std::string(kPrepare)}};
  for (const size_t job : cell.tasks) jobs.push_back({job, "", "task"});
  for (const ArmPlan& arm : cell.arms) {
    for (const PhasePlan& phase : arm.phases) {
      for (const size_t job : phase.jobs)
        jobs.push_back({job, arm.name, phase.overhead ? phase.name : phase.title});
      for (const size_t job : phase.tuned) jobs.push_back({job, arm.name, phase.title + ", tuned"});
      for (const size_t job : phase.evals) jobs.push_back({job, arm.name, "eval"});
    }
    for (const Ending& ending : arm.endings) {
      for (const size_t job : ending.evals) jobs.push_back({job, arm.name, "eval"});
      for (const TaskEval& answer : ending.answers) jobs.push_back({answer.job, arm.name, "eval"});
    }
    for (const RateLadder& ladder : arm.rates)
      for (const Ending& ending : ladder.endings)
        for (const size_t job : ending.evals) jobs.push_back({job, arm.name, "eval"});
  }
  return jobs;
}

}  // namespace repro::plan
