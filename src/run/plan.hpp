#pragma once
// Manifest -> job graph. Pure: reads no file and starts nothing.

#include <cstdint>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "run/job.hpp"

namespace repro::run {

// One model on one corpus with one seed: both arms, as indices into the graph.
struct Cell {
  std::string model;   // key, "qwen_moe"
  std::string corpus;  // role, "c4"
  int64_t seed = 0;
  int64_t full_steps = 0;
  int64_t submodel_steps = 0;  // 0 = by epochs, known once clustered
  size_t prepare = 0;
  size_t full = 0;
  std::vector<size_t> full_ladder;  // by horizon, when the switch is on; else empty
  size_t cluster = 0;
  std::vector<size_t> submodels;  // by expert
  size_t merge = 0;
  std::vector<size_t> finetunes;        // by horizon, ascending
  std::vector<int64_t> finetune_steps;  // of each
};

struct Plan {
  config::Experiment experiment;
  JobGraph graph;
  std::vector<Cell> cells;  // models outermost, then corpora, then seeds
};

// The width rule of a stand-in scale: paper width / width to the scale's exponent. It multiplies
// the learning rates of all phases, so their ratio stays the paper's.
double learning_rate_factor(const config::Experiment& experiment,
                            const config::Experiment::ModelEntry& entry);

Plan make_plan(config::Experiment experiment);

}  // namespace repro::run
