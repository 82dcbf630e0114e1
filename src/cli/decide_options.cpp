#include "cli/decide_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace repro::cli {
namespace {

using forecast::PhaseRun;
using forecast::PhaseTask;
using forecast::Pool;
using forecast::Use;

// Runs of the same phase on the same pool are asked for by many placements.
class OptionBuilder {
 public:
  OptionBuilder(const std::vector<CellTasks>& cells, const std::vector<Pool>& pools,
                forecast::Want want, const forecast::ThroughputModel& throughput)
      : cells_(cells), pools_(pools), want_(want), throughput_(throughput) {}

  TrainingOption baseline(size_t pool) const {
    TrainingOption option{.pools = {pool}};
    for (const CellTasks& cell : cells_) add_cell(option, cell.title, {run(cell.baseline, pool)});
    return option;
  }

  std::vector<TrainingOption> of_arm(size_t arm) const {
    // By cell, phase and pool.
    std::vector<std::vector<std::vector<PhaseRun>>> runs;
    for (const CellTasks& cell : cells_) {
      runs.emplace_back();
      for (const PhaseTask& phase : cell.arms[arm].phases) {
        runs.back().emplace_back();
        for (size_t pool = 0; pool < pools_.size(); ++pool)
          runs.back().back().push_back(run(phase, pool));
      }
    }
    std::vector<TrainingOption> options;
    for (std::vector<size_t>& pools :
         forecast::placements(cells_.front().arms[arm].phases.size(), pools_.size())) {
      TrainingOption option{.arm = arm, .pools = std::move(pools)};
      for (size_t cell = 0; cell < cells_.size(); ++cell) {
        std::vector<PhaseRun> chosen;
        for (size_t phase = 0; phase < option.pools.size(); ++phase)
          chosen.push_back(runs[cell][phase][option.pools[phase]]);
        add_cell(option, cells_[cell].title, std::move(chosen));
      }
      options.push_back(std::move(option));
    }
    return options;
  }

 private:
  PhaseRun run(const PhaseTask& task, size_t pool) const {
    return forecast::run_phase(task, pools_[pool], want_, throughput_);
  }

  void add_cell(TrainingOption& option, const std::string& title,
                std::vector<PhaseRun> runs) const {
    for (size_t phase = 0; phase < runs.size(); ++phase) {
      option.sure = option.sure && runs[phase].evidence != measure::Evidence::none;
      if (option.obstacle.empty() && !runs[phase].possible())
        option.obstacle = fmt::format(
            "{} on {}: {}", title, pools_[option.pools[phase]].device.name, runs[phase].obstacle);
    }
    option.uses.push_back(forecast::use_of(runs, option.pools, pools_.size()));
    option.lasts.push_back(forecast::use_of({runs.back()}, {option.pools.back()}, pools_.size()));
    forecast::add(option.use, option.uses.back());
    forecast::add(option.last, option.lasts.back());
    option.runs.push_back(std::move(runs));
  }

  const std::vector<CellTasks>& cells_;
  const std::vector<Pool>& pools_;
  forecast::Want want_;
  const forecast::ThroughputModel& throughput_;
};

void check_question(const std::vector<CellTasks>& cells, const std::vector<Pool>& pools) {
  constexpr size_t kMostPools = 6;  // every placement is tried, at three speeds of each
  if (pools.empty()) throw Error(Exit::usage, "decide: --have which devices?");
  if (pools.size() > kMostPools)
    throw Error("{} kinds of devices; at most {} are placed at once", pools.size(), kMostPools);
  if (cells.empty() || cells.front().arms.empty())
    throw Error("the experiment has no arm besides its baseline; there is nothing to decide");
}

// The best baseline, one that rests on evidence before one that does not.
std::optional<size_t> yardstick(const Decision& decision) {
  std::optional<size_t> best;
  const auto& all = decision.baselines;
  const auto better = [&](const TrainingOption& a, const TrainingOption& b) {
    return a.sure != b.sure ? a.sure : decision.amount(a.use) < decision.amount(b.use);
  };
  for (size_t pool = 0; pool < all.size(); ++pool)
    if (all[pool].possible() && (!best || better(all[pool], all[*best]))) best = pool;
  return best;
}

}  // namespace

double Decision::amount(const Use& use) const {
  const forecast::Speeds speeds = forecast::expected_speeds(pools.size());
  return want == forecast::Want::cheapest ? forecast::dollars(use, pools, speeds)
                                          : forecast::hours(use, speeds);
}

forecast::Comparison Decision::compare_all(const TrainingOption& one, size_t full) const {
  return forecast::compare(baselines[full].use, one.use, one.last, pools, want,
                           one.sure && baselines[full].sure);
}

forecast::Comparison Decision::compare_cell(const TrainingOption& one, size_t full,
                                            size_t cell) const {
  return forecast::compare(baselines[full].uses[cell], one.uses[cell], one.lasts[cell], pools, want,
                           one.sure && baselines[full].sure);
}

Decision decide(std::vector<CellTasks> cells, std::vector<Pool> pools, forecast::Want want,
                const forecast::ThroughputModel& throughput) {
  check_question(cells, pools);
  Decision decision{.pools = std::move(pools), .want = want, .cells = std::move(cells)};
  const OptionBuilder builder(decision.cells, decision.pools, want, throughput);
  for (size_t pool = 0; pool < decision.pools.size(); ++pool)
    decision.baselines.push_back(builder.baseline(pool));
  decision.baseline = yardstick(decision);
  for (size_t arm = 0; arm < decision.cells.front().arms.size(); ++arm)
    for (TrainingOption& option : builder.of_arm(arm))
      decision.options.push_back(std::move(option));
  std::stable_sort(decision.options.begin(), decision.options.end(),
                   [&](const TrainingOption& a, const TrainingOption& b) {
                     if (a.possible() != b.possible()) return a.possible();
                     return a.possible() && decision.amount(a.use) < decision.amount(b.use);
                   });
  if (decision.options.front().possible()) decision.option = 0;
  return decision;
}

}  // namespace repro::cli
