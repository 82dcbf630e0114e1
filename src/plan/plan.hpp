#pragma once
// Manifest -> job graph, with the arms of each cell as lists of phases. Pure: reads no file and
// starts nothing.

#include <cstdint>
#include <string>
#include <vector>

#include "plan/manifest.hpp"
#include "run/job.hpp"

namespace repro::plan {

// A part of an arm, after the one before it. Its jobs run side by side, each on a device of its
// own; only the last phase's jobs are alternatives, one an ending.
struct PhasePlan {
  std::string name;     // "submodels": how formulas name it
  std::string title;    // of one of its jobs, for people: "submodel"; of an overhead: "merging"
  std::string symbol;   // in narrow columns: "S"
  std::string profile;  // hardware it is priced on
  std::vector<size_t> jobs = {};
  std::vector<size_t> tuned = {};  // of the last phase: the same at other learning rates
  std::vector<size_t> evals = {};  // of what it leaves, for the report only
  std::string leaves = {};         // what that is: "merged, before fine-tuning"
  bool overhead = false;           // clustering, merging: billed apart
};

// Where an arm may stop: a run of its last phase with a whole schedule of its own.
struct Ending {
  int64_t steps = 0;  // of the last phase
  size_t job = 0;
  std::vector<size_t> evals;  // of its model, by reading
  // By phase, the jobs that this ending rests on (jobs_of below); make_plan fills it in, because
  // every question about work asks for it.
  std::vector<std::vector<size_t>> phase_jobs = {};
};

// The endings again, with the last phase at another learning rate.
struct RateLadder {
  double rate = 1;  // factor of the arm's own
  std::vector<Ending> endings;
};

// How the finished model is read; the first is the way it was trained.
struct Reading {
  std::string name;  // "" = as trained
  std::string title;
};

struct ArmPlan {
  std::string name, title, method;
  config::ModelConfig model;
  std::vector<PhasePlan> phases;  // never empty; the last one is no overhead
  std::vector<Ending> endings;    // ascending in steps; one = no ladder
  std::vector<RateLadder> rates;  // other rates, where the baseline is checked
  std::vector<Reading> readings;
  const PhasePlan& last() const { return phases.back(); }
  const PhasePlan* phase(const std::string& name) const;
  const std::vector<Ending>& endings_at(double rate) const;  // repro::check that it is there
};

// One model on one corpus with one seed.
struct Cell {
  std::string model;   // key, "qwen_moe"
  std::string corpus;  // role, "c4"
  int64_t seed = 0;
  size_t prepare = 0;
  std::vector<ArmPlan> arms;  // in the manifest's order
  size_t baseline = 0;        // index of an arm
  size_t reference = 0;       // of its endings: the one that gives the target or the budget
  std::string name() const { return model + "/" + corpus; }
};

struct Plan {
  Experiment experiment;
  run::JobGraph graph;
  std::vector<Cell> cells;  // models outermost, then corpora, then seeds
};

// The width rule of a stand-in scale: paper width / width to the scale's exponent. It multiplies
// the learning rates of all phases, so their ratio stays the paper's.
double learning_rate_factor(const Experiment& experiment, const Experiment::ModelEntry& entry);

Plan make_plan(Experiment experiment);

// The jobs of the phase that `ending` rests on: those that its run reads, directly or not, and
// itself.
std::vector<size_t> jobs_of(const run::JobGraph& graph, const PhasePlan& phase,
                            const Ending& ending);

// Every job of a cell: the corpus, then arm by arm the phases in their order, then what was
// measured of its models. A job that two arms share stands with each.
struct CellJob {
  size_t job = 0;
  std::string arm;    // name; "" = of all arms
  std::string title;  // the phase's, or "prepare", "eval"
};
std::vector<CellJob> jobs_of(const Cell& cell);

}  // namespace repro::plan
