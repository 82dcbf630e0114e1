#include "forecast/plan_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "measure/cost.hpp"

namespace repro::forecast {
namespace {

// Of a device's data-sheet peak, where no step of this model was measured on it: what well tuned
// trainings of this size reach. Such hours are labelled "projected".
constexpr double kAssumedUtilisation = 0.40;

class RowBuilder {
 public:
  RowBuilder(const plan::Plan& plan, const std::vector<bool>& counted,
             const std::vector<bool>& done, const MachineSpeed& speed, const PlanBasis& basis)
      : plan_(plan), counted_(counted), done_(done), speed_(speed), basis_(basis) {}

  // Preparing and clustering serve several cells: named by what they are.
  PlanRow shared(size_t job) const {
    const run::Job& one = plan_.graph[job];
    // "web-v4096" of "prepare-web-v4096": the kind stands beside it.
    PlanRow row{.cell = one.name.substr(one.kind.size() + 1), .phase = one.kind, .jobs = {job}};
    finish(row);
    return row;
  }

  PlanRow of_phase(const plan::Cell& cell, const plan::ArmPlan& arm, const plan::PhasePlan& phase,
                   std::vector<size_t> jobs, bool tuned) const {
    PlanRow row = of_cell(cell);
    row.arm = arm.name;
    row.phase = phase.overhead ? phase.name : phase.title + (tuned ? ", other rates" : "");
    row.jobs = std::move(jobs);
    // What trains nothing is not worth a device's price here.
    if (!phase.overhead) row.profile = phase.profile;
    finish(row);
    return row;
  }

  // Everything that is measured of a cell's models.
  PlanRow evaluations(const plan::Cell& cell) const {
    PlanRow row = of_cell(cell);
    row.phase = "eval";
    for (const plan::CellJob& one : plan::jobs_of(cell))
      if (plan_.graph[one.job].kind == "eval" && counted_[one.job] &&
          std::find(row.jobs.begin(), row.jobs.end(), one.job) == row.jobs.end())
        row.jobs.push_back(one.job);
    finish(row);
    return row;
  }

 private:
  PlanRow of_cell(const plan::Cell& cell) const {
    const plan::Experiment& experiment = plan_.experiment;
    const config::Corpus& corpus = experiment.corpus_entries.at(cell.corpus);
    PlanRow row;
    row.model = cell.model;
    row.cell = fmt::format("{} / {}", experiment.model_entries.at(cell.model).title, cell.corpus);
    if (!corpus.is(cell.corpus)) row.corpus = "> " + corpus.name;
    if (experiment.seeds.size() > 1)
      row.corpus += fmt::format("{}seed {}", row.corpus.empty() ? "" : ", ", cell.seed);
    return row;
  }

  void finish(PlanRow& row) const {
    for (size_t job : row.jobs) row.done += done_[job] ? 1 : 0;
    if (row.jobs.empty()) return;
    row.cost = train_cost(plan_.graph[row.jobs.front()]);
    row.devices = plan_.graph[row.jobs.front()].resources.ranks;
    if (row.cost) add_work(row);
    add_hours(row);
  }

  // Equal steps are said once; a ladder names its ends.
  void add_work(PlanRow& row) const {
    std::set<int64_t> steps;
    int64_t tokens = 0;
    bool known = true;
    for (size_t job : row.jobs) {
      const TrainCost cost = *train_cost(plan_.graph[job]);
      if (cost.steps) steps.insert(*cost.steps);
      known = known && cost.tokens.has_value();
      tokens += cost.tokens.value_or(0);
    }
    row.steps = steps.empty() ? "by epochs" : with_commas(*steps.begin());
    if (steps.size() > 1) row.steps += " to " + with_commas(*steps.rbegin());
    if (known) row.tokens = tokens;
  }

  void add_hours(PlanRow& row) const {
    const bool elsewhere = row.cost && row.cost->spec.device != "cpu";
    if (elsewhere)
      add_hours_on_profile(row);
    else
      add_hours_here(row);
    if (!row.hours || row.profile.empty()) return;
    // Each job is paid for its own hours: how long the others take is not known yet.
    const auto price = [this](const std::string& device) -> std::optional<double> {
      const auto spread = basis_.prices.spread(device);
      return spread ? std::optional(spread->median) : std::nullopt;
    };
    const measure::Phase phase{
        .name = row.phase,
        .jobs = {{.hours = *row.hours, .device = row.profile, .devices = row.devices}}};
    row.dollars = measure::bill({phase}, price, {.accounting = measure::Accounting::usage})
                      .phases.front()
                      .dollars;
  }

  void add_hours_here(PlanRow& row) const {
    double seconds = 0;
    for (size_t job : row.jobs) {
      if (!speed_.knows(plan_.graph[job])) return;
      seconds += speed_.seconds(plan_.graph[job]);
    }
    row.hours = seconds / 3600;
    row.evidence = row.done == row.jobs.size() ? measure::Evidence::measured : speed_.evidence();
  }

  // Measured steps of this model on the device where there are some, else its data-sheet peak.
  void add_hours_on_profile(PlanRow& row) const {
    const auto profile = basis_.profiles.find(row.profile);
    if (profile == basis_.profiles.end() || !row.tokens) return;
    const auto devices = static_cast<double>(row.devices);
    const int64_t step_tokens = row.cost->spec.batch * row.cost->spec.sequence;
    if (const auto* step = profile->second.step(row.model, shape_of(*row.cost));
        step && step->size == "paper") {
      const int64_t measured_tokens = step->batch * step->sequence;
      const double hours_a_second = static_cast<double>(*row.tokens) /
                                    (static_cast<double>(measured_tokens) * devices) / 3600;
      row.hours = step->seconds * hours_a_second;
      if (step->reach())
        row.hours_range = measure::Interval{step->seconds_low * hours_a_second,
                                            step->seconds_high * hours_a_second};
      // A step of other tokens is not this training's.
      row.evidence = measured_tokens == step_tokens ? measure::Evidence::calibrated
                                                    : measure::Evidence::projected;
    } else if (const auto peak = profile->second.peak(peak_dtype(row.cost->spec.precision))) {
      const double flops = row.cost->flops_per_token * static_cast<double>(*row.tokens);
      row.hours = flops / (*peak * kAssumedUtilisation * devices) / 3600;
      row.evidence = measure::Evidence::projected;
    }
  }

  // As profiles keep measured steps.
  static const char* shape_of(const TrainCost& cost) {
    return cost.model.router.select == config::Select::none ? "one-expert" : "full";
  }

  static std::string peak_dtype(const std::string& precision) {
    return precision == "fp32" ? "fp32" : "bf16";
  }

  const plan::Plan& plan_;
  const std::vector<bool>& counted_;
  const std::vector<bool>& done_;
  const MachineSpeed& speed_;
  const PlanBasis& basis_;
};

}  // namespace

PlanBasis load_basis(const std::filesystem::path& root, const plan::Experiment& experiment,
                     const std::string& prices) {
  PlanBasis basis;
  basis.prices = config::find_prices(root, prices);
  for (const std::string& name : experiment.profiles())
    basis.profiles.try_emplace(name, config::find_profile(root, name));
  return basis;
}

std::vector<PlanRow> plan_rows(const plan::Plan& plan, const std::vector<bool>& counted,
                               const std::vector<bool>& done, const MachineSpeed& speed,
                               const PlanBasis& basis) {
  const RowBuilder builder(plan, counted, done, speed, basis);
  std::vector<PlanRow> shared, rows;
  std::set<size_t> seen;  // a job that several cells or arms share is one row
  const auto is_new = [&](size_t job) { return counted[job] && seen.insert(job).second; };
  const auto new_ones = [&](const std::vector<size_t>& all) {
    std::vector<size_t> jobs;
    std::copy_if(all.begin(), all.end(), std::back_inserter(jobs), is_new);
    return jobs;
  };
  for (const plan::Cell& cell : plan.cells) {
    if (is_new(cell.prepare)) shared.push_back(builder.shared(cell.prepare));
    for (const size_t task : cell.tasks)
      if (is_new(task)) shared.push_back(builder.shared(task));
    for (const plan::ArmPlan& arm : cell.arms)
      for (const plan::PhasePlan& phase : arm.phases)
        for (const bool tuned : {false, true}) {
          std::vector<size_t> jobs = new_ones(tuned ? phase.tuned : phase.jobs);
          if (jobs.empty()) continue;
          if (plan.graph[jobs.front()].kind == "cluster")
            shared.push_back(builder.shared(jobs.front()));
          else
            rows.push_back(builder.of_phase(cell, arm, phase, std::move(jobs), tuned));
        }
    rows.push_back(builder.evaluations(cell));
  }
  shared.insert(shared.end(), rows.begin(), rows.end());
  return shared;
}

double memory_at(const TrainCost& cost, measure::StateLayout layout) {
  return static_cast<double>(measure::state_bytes(cost.parameters, layout, cost.shards) +
                             cost.memory.activation_bytes + cost.memory.logits_bytes);
}

}  // namespace repro::forecast
