#include "cli/decide_tasks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "claims/price_table.hpp"
#include "forecast/prediction.hpp"

namespace repro::cli {
namespace {

// The last phase's part of the baseline's steps in the paper, by cell.
std::map<std::string, double> published_shares(const Context& context,
                                               const plan::Experiment& experiment) {
  std::map<std::string, double> shares;
  if (experiment.claims.empty()) return shares;
  const fs::path root = context.root();
  const claims::Claims claims = claims::find_claims(root, experiment.claims);
  for (const claims::ClaimCheck& one : claims.checks) {
    const auto* check = std::get_if<claims::PriceCheck>(&one);
    if (check == nullptr || check->low_device.empty() || check->high_device.empty()) continue;
    const config::Profile low = config::find_profile(root, check->low_device);
    const config::Profile high = config::find_profile(root, check->high_device);
    const claims::PriceQuestion question{
        .low = {.profile = low, .price = claims::paper_price(claims, *check, true), .offers = {}},
        .high = {.profile = high,
                 .price = claims::paper_price(claims, *check, false),
                 .offers = {}},
        .basis = claims::Basis::paper,
        .billing = {},
        .utilisation = {}};
    for (const claims::PricedRow& row : claims::price(claims, *check, question, low, high).rows)
      if (row.step_ratio) shares[row.id] = 1 / *row.step_ratio;
  }
  return shares;
}

class TaskBuilder {
 public:
  TaskBuilder(const plan::Plan& plan, std::map<std::string, double> published,
              std::optional<double> share)
      : plan_(plan), published_(std::move(published)), share_(share) {}

  CellTasks cell(const plan::Cell& cell) const {
    CellTasks tasks;
    tasks.name = cell.name();
    tasks.title =
        fmt::format("{} / {}", plan_.experiment.model_entries.at(cell.model).title, cell.corpus);
    const plan::ArmPlan& baseline = cell.arms[cell.baseline];
    const plan::Ending& ending = baseline.endings.at(cell.reference);
    tasks.baseline = task(cell, baseline.last(), ending.job);
    tasks.baseline_steps = tasks.baseline.steps;
    for (size_t i = 0; i < cell.arms.size(); ++i)
      if (i != cell.baseline) tasks.arms.push_back(arm(cell, cell.arms[i], tasks.baseline_steps));
    return tasks;
  }

 private:
  ArmTasks arm(const plan::Cell& cell, const plan::ArmPlan& arm, double baseline_steps) const {
    ArmTasks tasks{.name = arm.name, .title = arm.title};
    for (const plan::PhasePlan& phase : arm.phases) {
      if (phase.overhead || &phase == &arm.phases.back()) continue;
      tasks.phases.push_back(task(cell, phase, phase.jobs.front()));
      tasks.phases.back().jobs = static_cast<int64_t>(phase.jobs.size());
    }
    tasks.phases.push_back(task(cell, arm.last(), arm.endings.front().job));
    set_share(tasks, cell, arm, baseline_steps);
    tasks.phases.back().steps = tasks.share * baseline_steps;
    return tasks;
  }

  void set_share(ArmTasks& tasks, const plan::Cell& cell, const plan::ArmPlan& arm,
                 double baseline_steps) const {
    const auto published = published_.find(cell.name());
    const auto part = [&](const plan::Ending& ending) {
      return static_cast<double>(ending.steps) / baseline_steps;
    };
    if (arm.endings.size() == 1) {
      tasks.share = part(arm.endings.front());
      tasks.share_from = "the manifest";
    } else if (share_) {
      tasks.share = *share_;
      tasks.share_from = "given";
    } else if (published != published_.end()) {
      tasks.share = published->second;
      tasks.share_from = "the paper";
    } else {
      tasks.share = (part(arm.endings.front()) + part(arm.endings.back())) / 2;
      tasks.share_from = "assumed: the ladder's middle";
    }
  }

  forecast::PhaseTask task(const plan::Cell& cell, const plan::PhasePlan& phase, size_t job) const {
    const auto cost = forecast::train_cost(plan_.graph[job]);
    if (!cost)
      throw Error("{}: phase '{}' trains nothing that could be placed", plan_.experiment.name,
                  phase.name);
    if (!cost->steps)
      throw Error(
          "{}: the steps of phase '{}' are by epochs, which only its data tell; give steps "
          "in the manifest or with --set",
          plan_.experiment.name, phase.name);
    const bool one_expert = cost->model.router.select == config::Select::none;
    return {.title = phase.title,
            .model_key = cell.model,
            .shape = one_expert ? "one-expert" : "full",
            .size = plan_.experiment.scale.name,
            .model = cost->model,
            .jobs = 1,
            .steps = static_cast<double>(*cost->steps),
            .batch = cost->spec.batch,
            .sequence = cost->spec.sequence,
            .precision = cost->spec.precision};
  }

  const plan::Plan& plan_;
  std::map<std::string, double> published_;
  std::optional<double> share_;
};

}  // namespace

std::vector<CellTasks> decide_tasks(const Context& context, const plan::Plan& plan,
                                    std::optional<double> share) {
  // A stand-in's own ladder says nothing of the paper's steps.
  const auto published = plan.experiment.scale.stand_in
                             ? std::map<std::string, double>()
                             : published_shares(context, plan.experiment);
  const TaskBuilder builder(plan, published, share);
  std::vector<CellTasks> cells;
  std::set<std::string> seen;  // seeds differ in nothing that is placed
  for (const plan::Cell& cell : plan.cells)
    if (seen.insert(cell.name()).second) cells.push_back(builder.cell(cell));
  return cells;
}

}  // namespace repro::cli
