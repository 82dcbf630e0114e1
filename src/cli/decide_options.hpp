#pragma once
// Every way to train the cells of an experiment on the pools that somebody has: the baseline on
// each, each other arm's phases on each combination; and the best of them against each other.

#include <optional>
#include <string>
#include <vector>

#include "cli/decide_tasks.hpp"

namespace repro::cli {

// One training of all cells, its phases on these pools.
struct TrainingOption {
  size_t arm = 0;                  // index into CellTasks::arms; of a baseline meaningless
  std::vector<size_t> pools = {};  // by phase
  std::vector<std::vector<forecast::PhaseRun>> runs = {};  // by cell, then phase
  std::vector<forecast::Use> uses = {}, lasts = {};        // by cell: all phases, the last alone
  forecast::Use use = {}, last = {};                       // of all cells
  std::string obstacle = {};                               // why it cannot be; "" = it can
  bool sure = true;                                        // every hour rests on evidence
  bool possible() const { return obstacle.empty(); }
};

struct Decision {
  std::vector<forecast::Pool> pools = {};
  forecast::Want want = forecast::Want::cheapest;
  std::vector<CellTasks> cells = {};
  std::vector<TrainingOption> baselines = {};  // by pool
  std::vector<TrainingOption> options = {};    // possible ones first, the best before the others
  // The best baseline that rests on evidence, else the best; empty = none can be.
  std::optional<size_t> baseline = {};
  std::optional<size_t> option = {};  // the best; likewise

  // Dollars or hours, as wanted, everything as expected.
  double amount(const forecast::Use& use) const;
  // Of the best option against a baseline, of all cells or of one.
  forecast::Comparison compare_all(const TrainingOption& option, size_t baseline) const;
  forecast::Comparison compare_cell(const TrainingOption& option, size_t baseline,
                                    size_t cell) const;
};

Decision decide(std::vector<CellTasks> cells, std::vector<forecast::Pool> pools,
                forecast::Want want, const forecast::ThroughputModel& throughput);
// The decision points into it.
Decision decide(std::vector<CellTasks>, std::vector<forecast::Pool>, forecast::Want,
                forecast::ThroughputModel&&) = delete;

}  // namespace repro::cli
