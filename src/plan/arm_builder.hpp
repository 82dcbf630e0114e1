#pragma once
// With what a method makes the jobs of one arm in one cell. It knows what [match] locks, so that no
// method can differ in it.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "plan/plan.hpp"

namespace repro::plan {

class ArmBuilder {
 public:
  // `arm`: index into the experiment's arms. `origins`: where the manifest's values came from.
  // What is passed must outlive this.
  ArmBuilder(Plan& plan, const Cell& cell, size_t arm, const run::Origins& origins);

  const config::ModelConfig& model() const { return model_; }
  const Experiment& experiment() const { return plan_.experiment; }
  const Cell& cell() const { return cell_; }
  // The baseline's steps in this cell, and whether they are the paper's own (cell_steps).
  int64_t baseline_steps() const;
  bool baseline_steps_are_the_papers() const;
  // Steps that this arm's model, or the one that it trains instead, may make for what the baseline
  // spends, where the protocol fixes them when it is planned (tokens, steps, FLOPs); else the
  // baseline's.
  int64_t budgeted_steps() const { return budgeted_steps(model_); }
  int64_t budgeted_steps(const config::ModelConfig& trained) const;

  // Factors of its learning rate that the last phase is run with; 1 comes first.
  std::vector<double> rates() const;

  // What [match] locks, with this arm's model and optimizer; steps are the caller's to set.
  config::TrainSpec training(const config::OptimizerSpec& optimizer, double rate = 1) const;
  // Of a finished model of this arm: unseen loss and perplexity.
  config::EvalSpec evaluation() const;
  // A merge into this arm's model.
  config::MergeSpec merge(const config::MergeOptions& options) const;

  // Each adds a job (or finds its equal) and returns its index. `part` ends the job's name.
  size_t add_training(const std::string& part, config::TrainSpec spec, const std::string& profile,
                      const Parallel& parallel, std::map<std::string, size_t> inputs = {});
  size_t add_cluster(config::ClusterOptions options, const std::string& profile);
  size_t add_merge(const std::string& part, const config::MergeSpec& spec,
                   const std::string& profile, std::map<std::string, size_t> inputs);
  // From `before` experts to those of `model`; `weights`: the training that it grows from.
  size_t add_growth(const std::string& part, const config::GrowOptions& options,
                    const config::ModelConfig& model, int64_t before, const std::string& profile,
                    size_t weights);
  size_t add_eval(const std::string& part, const config::EvalSpec& spec, const std::string& profile,
                  size_t weights);
  // Of several models together.
  size_t add_eval(const std::string& part, const config::EvalSpec& spec, const std::string& profile,
                  std::map<std::string, size_t> parts);
  // The experiment's tasks, answered by the ending's model as one of its readings; `part` as its
  // eval's.
  void add_answers(Ending& ending, const std::string& part, const config::ModelConfig& model,
                   const std::string& profile, size_t reading = 0);

 private:
  std::string job_name(const std::string& kind, const std::string& part) const;
  size_t add(run::Job job);

  Plan& plan_;
  const Cell& cell_;
  const Experiment::ModelEntry& entry_;
  const config::ModelConfig& model_;
  size_t arm_;
  const run::Origins& origins_;
};

int64_t fraction_of(int64_t steps, double fraction);  // at least 1, rounded

// Of a method that only trains: its phase, without jobs yet, and what ends the name of a horizon's
// jobs (the whole budget's is the arm's name, a fraction's has its steps too, another rate's the
// rate).
PhasePlan training_phase(const ArmHead& head, const std::string& profile);
std::string horizon_part(const ArmHead& head, double horizon, int64_t steps, double rate);
std::string rate_part(double rate);  // "", "-x0.5"

// The last phase with its endings: one for each horizon, at each rate.
void add_ladder(ArmPlan& plan, PhasePlan last, const std::vector<double>& rates,
                const std::vector<double>& horizons,
                const std::function<Ending(double horizon, double rate)>& ending_of);

// Rules that methods share; each problem at the arm's own line.
config::Range horizon_range();
void check_horizons(const std::vector<double>& horizons, const config::Node& arm,
                    const std::string& path, config::Problems& problems);
void describe_parallel(config::Fields& fields, Parallel& parallel);
// Each rank has a row of each micro-batch. `phase`: where it says so, "" or "finetune.".
void check_parallel(const Parallel& parallel, const Experiment& experiment, const config::Node& arm,
                    const std::string& phase, config::Problems& problems);

}  // namespace repro::plan
