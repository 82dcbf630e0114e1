#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/plan_view.hpp"
#include "launch/executor.hpp"

namespace repro::cli {
namespace {

// Of a device's data-sheet peak, where no step of this model was measured on it: what well tuned
// trainings of this size reach. Such hours are labelled "projected".
constexpr double kAssumedUtilisation = 0.40;

class RowBuilder {
 public:
  RowBuilder(const run::Plan& plan, const std::filesystem::path& runs, const MachineSpeed& speed,
             const PlanBasis& basis)
      : plan_(plan), done_(launch::find_done(plan.graph, runs)), speed_(speed), basis_(basis) {}

  PlanRow build(const run::Cell* cell, const std::string& phase, std::vector<size_t> jobs,
                const std::string& profile) const {
    PlanRow row{.cell = cell ? cell_name(*cell) : shared_name(plan_.graph[jobs.front()]),
                .model = cell ? cell->model : "",
                .phase = phase,
                .jobs = std::move(jobs),
                .profile = profile};
    for (size_t job : row.jobs) row.done += done_[job] ? 1 : 0;
    row.cost = train_cost(plan_.graph[row.jobs.front()]);
    if (row.cost) add_work(row);
    add_hours(row);
    return row;
  }

 private:
  // "web-v4096" of "prepare-web-v4096": the kind stands beside it.
  static std::string shared_name(const run::Job& job) {
    return job.name.substr(job.kind.size() + 1);
  }

  std::string cell_name(const run::Cell& cell) const {
    const config::Experiment& experiment = plan_.experiment;
    const std::string& corpus = experiment.corpus_entries.at(cell.corpus).name;
    const std::string here = corpus == cell.corpus ? "" : " > " + corpus;
    const std::string seed = experiment.seeds.size() > 1 ? fmt::format(", seed {}", cell.seed) : "";
    return fmt::format("{} / {}{}{}", experiment.model_entries.at(cell.model).title, cell.corpus,
                       here, seed);
  }

  // Equal steps are said once; a ladder names its ends.
  void add_work(PlanRow& row) const {
    std::vector<std::string> steps;
    int64_t tokens = 0;
    bool known = true;
    for (size_t job : row.jobs) {
      const TrainCost cost = *train_cost(plan_.graph[job]);
      const std::string text = cost.steps ? with_commas(*cost.steps) : "by epochs";
      if (steps.empty() || steps.back() != text) steps.push_back(text);
      known = known && cost.tokens.has_value();
      tokens += cost.tokens.value_or(0);
    }
    row.steps = steps.size() > 1 ? steps.front() + " to " + steps.back() : steps.front();
    if (known) row.tokens = tokens;
  }

  void add_hours(PlanRow& row) const {
    const bool elsewhere = row.cost && row.cost->spec.device != "cpu";
    if (elsewhere)
      add_hours_on_profile(row);
    else
      add_hours_here(row);
    if (!row.hours || row.profile.empty()) return;
    if (const auto price = basis_.prices.spread(row.profile))
      row.dollars = *row.hours * price->median;
  }

  void add_hours_here(PlanRow& row) const {
    double seconds = 0;
    for (size_t job : row.jobs) {
      if (!speed_.knows(plan_.graph[job])) return;
      seconds += speed_.seconds(plan_.graph[job]);
    }
    row.hours = seconds / 3600;
    row.evidence = row.done == row.jobs.size() ? "measured" : speed_.evidence();
  }

  // Measured steps of this model on the device where there are some, else its data-sheet peak.
  void add_hours_on_profile(PlanRow& row) const {
    const auto profile = basis_.profiles.find(row.profile);
    if (profile == basis_.profiles.end() || !row.tokens) return;
    const double step_tokens = static_cast<double>(row.cost->spec.batch * row.cost->spec.sequence);
    if (const auto* step = profile->second.step(row.model, row.phase);
        step && step->size == "paper") {
      row.hours = step->seconds * static_cast<double>(*row.tokens) / step_tokens / 3600;
      row.evidence = "calibrated";
    } else if (const auto peak = profile->second.peak(peak_dtype(row.cost->spec.precision))) {
      const double flops = row.cost->flops_per_token * static_cast<double>(*row.tokens);
      row.hours = flops / (*peak * kAssumedUtilisation) / 3600;
      row.evidence = "projected";
    }
  }

  static std::string peak_dtype(const std::string& precision) {
    return precision == "fp32" ? "fp32" : "bf16";
  }

  const run::Plan& plan_;
  std::vector<bool> done_;
  const MachineSpeed& speed_;
  const PlanBasis& basis_;
};

}  // namespace

PlanBasis load_basis(const std::filesystem::path& root, const config::Experiment& experiment,
                     const std::string& prices) {
  PlanBasis basis;
  basis.prices = config::find_prices(root, prices);
  for (const std::string& name : {experiment.full.profile, experiment.disco.submodel.profile,
                                  experiment.disco.finetune.profile})
    if (!name.empty()) basis.profiles.try_emplace(name, config::find_profile(root, name));
  return basis;
}

std::vector<PlanRow> plan_rows(const run::Plan& plan, const std::filesystem::path& runs,
                               const MachineSpeed& speed, const PlanBasis& basis) {
  const RowBuilder builder(plan, runs, speed, basis);
  const config::Experiment& experiment = plan.experiment;
  std::vector<PlanRow> rows;
  std::vector<size_t> shared;  // preparing and clustering serve several cells
  for (const run::Cell& cell : plan.cells) {
    for (size_t job : {cell.prepare, cell.cluster})
      if (std::find(shared.begin(), shared.end(), job) == shared.end()) {
        shared.push_back(job);
        rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(shared.size()) - 1,
                    builder.build(nullptr, plan.graph[job].kind, {job}, ""));
      }
    rows.push_back(builder.build(&cell, "full", {cell.full}, experiment.full.profile));
    if (!cell.full_ladder.empty())
      rows.push_back(
          builder.build(&cell, "full ladder", cell.full_ladder, experiment.full.profile));
    rows.push_back(
        builder.build(&cell, "submodel", cell.submodels, experiment.disco.submodel.profile));
    rows.push_back(builder.build(&cell, "merge", {cell.merge}, ""));
    rows.push_back(
        builder.build(&cell, "finetune", cell.finetunes, experiment.disco.finetune.profile));
  }
  return rows;
}

}  // namespace repro::cli
