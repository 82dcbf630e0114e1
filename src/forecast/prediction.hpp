#pragma once
// What a job will take, before it runs: parameters, FLOPs and memory by formula, seconds by the
// speed of this machine's finished runs. Where nothing was measured the speed is an assumption, and
// says so.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/job_spec.hpp"
#include "forecast/eval_cost.hpp"
#include "measure/evidence.hpp"
#include "measure/memory.hpp"
#include "run/job.hpp"

namespace repro::forecast {

// A training by formula.
struct TrainCost {
  config::TrainSpec spec;
  config::ModelConfig model;  // that is trained
  int64_t parameters = 0;
  std::optional<int64_t> steps;  // empty: by epochs of a cluster that is not known yet
  std::optional<int64_t> tokens;
  double flops_per_token = 0;      // convention "palm"
  int64_t shards = 1;              // devices that share the optimizer's state
  measure::MemoryEstimate memory;  // of one device
};
// Empty for a job that trains nothing.
std::optional<TrainCost> train_cost(const run::Job& job);

// How fast this machine works, learnt from the done jobs of a graph.
class MachineSpeed {
 public:
  MachineSpeed(const run::JobGraph& graph, const std::filesystem::path& runs);

  // Seconds of one job on this machine; of a done job, what it took. Of a kind that never finished
  // here a guess, good for a progress bar only: ask knows() before showing it as a prediction.
  double seconds(const run::Job& job) const;
  // Is there a formula or a finished job behind it?
  bool knows(const run::Job& job) const;
  std::vector<double> seconds(const run::JobGraph& graph) const;
  // "measured in 12 finished trainings", "assumed: 180 GFLOP/s a core until a training has
  // finished"
  std::string basis() const;
  // Of a prediction: calibrated by finished runs, or assumed.
  measure::Evidence evidence() const {
    return all_rates_.empty() ? measure::Evidence::assumed : measure::Evidence::calibrated;
  }

 private:
  double flops_per_second(const TrainCost& cost) const;
  double flops_per_second() const;  // of evaluations

  std::map<std::string, double> taken_;               // key -> seconds of a done job
  std::map<std::string, std::vector<double>> rates_;  // shape of work -> FLOP/s
  std::vector<double> all_rates_;                     // FLOP/s of one rank of every done training
  std::map<std::string, EvalCost> evals_;             // key -> what it reads
  std::vector<double> eval_rates_;                    // FLOP/s of every done evaluation
  std::map<std::string, std::vector<double>> other_seconds_;  // kind -> seconds
};

}  // namespace repro::forecast
