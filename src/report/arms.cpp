#include "report/arms.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "measure/flops.hpp"

namespace repro::report {
namespace {

using measure::Accounting;
using measure::Convention;

constexpr double kHour = 3600;

std::vector<double> losses_of(const Training& run) {
  std::vector<double> losses;
  for (const run::StepRecord& step : run.records.steps) losses.push_back(step.lm_loss);
  return losses;
}

bool comparable(const CellOutcome& outcome) {
  const auto done = [](const Training& run) { return run.status.done(); };
  const auto ended = [](const Training& run) {
    return run.status.done() || run.status.state == run::State::failed;
  };
  const auto& rungs = outcome.finetunes;
  return done(outcome.full) && outcome.merge.status.done() &&
         std::all_of(outcome.submodels.begin(), outcome.submodels.end(), done) &&
         std::all_of(rungs.begin(), rungs.end(), ended) &&
         std::any_of(rungs.begin(), rungs.end(), done);
}

// Seconds of a fine-tune of `steps` steps: linear between the ladder's rungs (and from nothing to
// the first), because start and evaluation are paid once whatever the horizon.
double seconds_at(const std::vector<const Training*>& rungs, double steps,
                  double (*seconds)(const run::Clocks&)) {
  double steps_below = 0, seconds_below = 0;
  for (const Training* rung : rungs) {
    const auto rung_steps = static_cast<double>(rung->steps);
    const double rung_seconds = seconds(rung->clocks);
    if (steps <= rung_steps || rung == rungs.back()) {
      const double part = (steps - steps_below) / (rung_steps - steps_below);
      return seconds_below + part * (rung_seconds - seconds_below);
    }
    steps_below = rung_steps;
    seconds_below = rung_seconds;
  }
  return 0;
}

double wall(const run::Clocks& clocks) { return clocks.wall(); }
double train(const run::Clocks& clocks) { return clocks.train; }

// Computes efforts at any number of fine-tune steps from one cell's runs.
class EffortCounter {
 public:
  EffortCounter(const CellOutcome& outcome, const config::Experiment& experiment,
                const Prices& prices)
      : outcome_(outcome), experiment_(experiment), prices_(prices) {
    for (const Training& rung : outcome.finetunes)
      if (rung.status.done()) rungs_.push_back(&rung);
  }

  Effort at(double steps) const {
    Effort effort;
    effort.steps = steps;
    effort.finetune_hours = seconds_at(rungs_, steps, wall) / kHour;
    count_work(effort);
    count_hours(effort);
    count_dollars(effort);
    return effort;
  }

 private:
  double tokens_at(double steps) const {
    const Training& rung = *rungs_.front();
    return steps * static_cast<double>(rung.tokens) / static_cast<double>(rung.steps);
  }

  double flop_ratio(Convention convention, double finetune_tokens) const {
    const config::ModelConfig& model = experiment_.model_entries.at(outcome_.cell.model).model;
    const int64_t sequence = experiment_.match.sequence;
    const auto full = static_cast<double>(flops_per_token(convention, model, sequence));
    const auto sub =
        static_cast<double>(flops_per_token(convention, config::submodel_of(model), sequence));
    return (submodel_tokens() * sub + finetune_tokens * full) /
           (static_cast<double>(outcome_.full.tokens) * full);
  }

  double submodel_tokens() const {
    double tokens = 0;
    for (const Training& run : outcome_.submodels) tokens += static_cast<double>(run.tokens);
    return tokens;
  }

  void count_work(Effort& effort) const {
    const double finetune_tokens = tokens_at(effort.steps);
    effort.step_speedup = static_cast<double>(outcome_.full.steps) / effort.steps;
    effort.sample_ratio =
        (submodel_tokens() + finetune_tokens) / static_cast<double>(outcome_.full.tokens);
    effort.flop_ratio_palm = flop_ratio(Convention::palm, finetune_tokens);
    effort.flop_ratio_megatron = flop_ratio(Convention::megatron, finetune_tokens);
  }

  void count_hours(Effort& effort) const {
    const double full = outcome_.full.clocks.wall() / kHour;
    double longest = 0;
    for (const Training& run : outcome_.submodels)
      longest = std::max(longest, run.clocks.wall() / kHour);
    const auto line = measure::saving_line(
        full, longest, static_cast<int64_t>(outcome_.submodels.size()), effort.finetune_hours);
    effort.wall_speedup = full / (longest + effort.finetune_hours);
    effort.device_hour_ratio = 1 - line.at(1);
    effort.break_even_ratio = line.break_even();
  }

  measure::Phase submodel_phase(double (*seconds)(const run::Clocks&)) const {
    measure::Phase phase{.name = "submodels",
                         .device = experiment_.disco.submodel.profile,
                         .job_hours = {},
                         .price_per_hour = *prices_.submodel};
    for (const Training& run : outcome_.submodels)
      phase.job_hours.push_back(seconds(run.clocks) / kHour);
    return phase;
  }

  measure::Phase full_phase(double seconds) const {
    return {.name = "full",
            .device = experiment_.full.profile,
            .job_hours = {seconds / kHour},
            .price_per_hour = *prices_.full};
  }

  measure::Phase finetune_phase(double seconds) const {
    return {.name = "fine-tune",
            .device = experiment_.disco.finetune.profile,
            .job_hours = {seconds / kHour},
            .price_per_hour = *prices_.finetune};
  }

  // Clustering on the submodels' device, merging on the fine-tune's; preparing the corpus is shared
  // by both arms and charged to neither.
  std::vector<measure::Phase> overheads() const {
    return {{.name = "cluster",
             .device = experiment_.disco.submodel.profile,
             .job_hours = {outcome_.cluster.seconds / kHour},
             .price_per_hour = *prices_.submodel,
             .overhead = true},
            {.name = "merge",
             .device = experiment_.disco.finetune.profile,
             .job_hours = {outcome_.merge.seconds / kHour},
             .price_per_hour = *prices_.finetune,
             .overhead = true}};
  }

  void count_dollars(Effort& effort) const {
    if (!prices_.full || !prices_.submodel || !prices_.finetune) return;
    const measure::Billing makespan{.accounting = Accounting::makespan};
    const measure::Billing usage{.accounting = Accounting::usage};
    const double finetune_seconds = effort.finetune_hours * kHour;
    std::vector<measure::Phase> phases = {submodel_phase(wall), finetune_phase(finetune_seconds)};
    const measure::Bill bill = measure::bill(phases, makespan);
    const double full = measure::bill({full_phase(outcome_.full.clocks.wall())}, makespan).dollars;
    effort.full_dollars = full;
    effort.submodel_dollars = bill.phases[0].dollars;
    effort.finetune_dollars = bill.phases[1].dollars;
    effort.saving = 1 - bill.dollars / full;
    effort.usage_saving = 1 - measure::bill(phases, usage).dollars / full;
    effort.training_saving = training_saving(effort.steps);
    for (const measure::Phase& phase : overheads()) phases.push_back(phase);
    effort.overhead_saving = 1 - measure::bill(phases, makespan).dollars / full;
  }

  double training_saving(double steps) const {
    const measure::Billing makespan{.accounting = Accounting::makespan};
    const auto disco = measure::bill(
        {submodel_phase(train), finetune_phase(seconds_at(rungs_, steps, train))}, makespan);
    const auto full = measure::bill({full_phase(outcome_.full.clocks.train)}, makespan);
    return 1 - disco.dollars / full.dollars;
  }

  const CellOutcome& outcome_;
  const config::Experiment& experiment_;
  const Prices& prices_;
  std::vector<const Training*> rungs_;  // done, ascending
};

OrderProof prove_order(const Training& full, const Training& finetune) {
  OrderProof proof;
  const auto& theirs = full.records.steps;
  for (size_t i = 0; i < std::min(theirs.size(), finetune.records.steps.size()); ++i) {
    const run::StepRecord& step = finetune.records.steps[i];
    if (theirs[i].step != step.step || theirs[i].data_hash != step.data_hash) {
      proof.first_difference = step.step;
      return proof;
    }
    ++proof.compared;
  }
  return proof;
}

OrderProof prove_order(const CellOutcome& outcome) {
  OrderProof least;
  for (const Training& rung : outcome.finetunes) {
    if (!rung.status.done()) continue;
    const OrderProof proof = prove_order(outcome.full, rung);
    if (proof.first_difference) return proof;
    least.compared = std::max(least.compared, proof.compared);
  }
  return least;
}

std::optional<measure::StepsToTarget> first_touch(const Training& run,
                                                  const measure::Target& target, int64_t window) {
  if (static_cast<int64_t>(run.records.steps.size()) < window) return std::nullopt;
  std::vector<int64_t> steps;
  for (const run::StepRecord& step : run.records.steps) steps.push_back(step.step);
  return measure::first_crossing(steps, losses_of(run), target, {.window = window, .sustain = 1});
}

size_t deciding_rung(const CellOutcome& outcome, const measure::StepsToTarget& to_target) {
  size_t deciding = 0;
  for (size_t i = 0; i < outcome.finetunes.size(); ++i) {
    if (!outcome.finetunes[i].status.done()) continue;
    deciding = i;
    if (outcome.finetunes[i].steps >= to_target.by) break;
  }
  return deciding;
}

std::optional<double> median_price(const config::PriceSnapshot& snapshot,
                                   const std::string& profile) {
  const auto spread = snapshot.spread(profile);
  return spread ? std::optional<double>(spread->median) : std::nullopt;
}

}  // namespace

std::optional<double> Prices::ratio() const {
  return full && submodel ? std::optional<double>(*submodel / *full) : std::nullopt;
}

Prices prices_of(const config::Experiment& experiment, const config::PriceSnapshot& snapshot) {
  return {median_price(snapshot, experiment.full.profile),
          median_price(snapshot, experiment.disco.submodel.profile),
          median_price(snapshot, experiment.disco.finetune.profile)};
}

double final_loss(const Training& run, int64_t window) {
  const std::vector<double> losses = losses_of(run);
  if (static_cast<int64_t>(losses.size()) < window)
    throw Error(
        "{}: has {} steps, fewer than the {} averaged for its final loss; set target.window",
        run.status.directory, losses.size(), window);
  return measure::window_mean(losses, window);
}

std::optional<Comparison> compare(const CellOutcome& outcome, const config::Experiment& experiment,
                                  const Prices& prices) {
  if (!comparable(outcome)) return std::nullopt;
  const int64_t window = experiment.target.window;
  Comparison result;
  result.target = {final_loss(outcome.full, window), experiment.target.tolerance};
  for (const Training& rung : outcome.finetunes)
    if (rung.status.done()) result.ladder.push_back({rung.steps, final_loss(rung, window)});
  result.to_target = measure::smallest_horizon(result.ladder, result.target);
  result.deciding = deciding_rung(outcome, result.to_target);
  const auto longest = std::find_if(outcome.finetunes.rbegin(), outcome.finetunes.rend(),
                                    [](const Training& run) { return run.status.done(); });
  result.first_touch = first_touch(*longest, result.target, window);
  result.order = prove_order(outcome);

  const EffortCounter counter(outcome, experiment, prices);
  result.at = counter.at(result.to_target.estimate);
  // Reached by the first rung already: anything from no step at all is possible.
  result.least = counter.at(static_cast<double>(result.to_target.after));
  if (result.reached()) result.most = counter.at(static_cast<double>(result.to_target.by));
  return result;
}

}  // namespace repro::report
