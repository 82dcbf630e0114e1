#pragma once
// The arms of an experiment: what a manifest's [[arm]] may say, one struct a method. A method is
// one file here (its description, its rules, its jobs) and one row of `Arm` below.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "config/fields.hpp"
#include "config/job_spec.hpp"

namespace repro::plan {

// What every arm says.
struct ArmHead {
  std::string name;   // "full": how formulas and paths name it
  std::string title;  // for people; "" = the method's
  // Its model differs from the cell's in these values ("router.top_k" -> 2).
  std::vector<std::pair<std::string, config::Node>> model;
  bool dense = false;  // then one expert as wide as all together, at whatever size
  config::Source source;
};

// By how many devices each training of a phase is done.
struct Parallel {
  int64_t ranks = 1;             // each with rows of its own of every batch
  bool shard_optimizer = false;  // each keeps its part of AdamW's moments (ZeRO stage 1)
};

// One training of the whole model.
struct FullArm {
  static constexpr const char* kMethod = "full";
  static constexpr const char* kTitle = "full training";
  ArmHead head;
  int64_t steps = 0;  // 0 = the baseline's, or what the budget allows
  config::OptimizerSpec train;
  std::vector<double> horizons = {1};  // of its steps, ascending: a run each
  std::string profile;                 // hardware profile
  Parallel parallel;
};

// MoE-DisCo: cluster the documents, train one one-expert submodel a cluster, merge, fine-tune.
struct DiscoArm {
  static constexpr const char* kMethod = "disco";
  static constexpr const char* kTitle = "MoE-DisCo";
  struct Submodel {
    double steps = 0.25;  // of the baseline's steps; 0 = by epochs
    int64_t epochs = 0;
    // Absolute, where the paper gives them: used with the paper's own steps of the baseline.
    std::map<std::string, int64_t> cell_steps;
    config::OptimizerSpec train;
    std::string profile;
    Parallel parallel;
  };
  struct Finetune {
    config::OptimizerSpec train;
    std::vector<double> horizons = {0.125, 0.25, 0.5, 0.75};  // of the baseline's steps, ascending
    std::string profile;
    Parallel parallel;
  };
  ArmHead head;
  config::ClusterOptions cluster;
  Submodel submodel;
  config::MergeOptions merge;
  Finetune finetune;
};

// DS-MoE: trained with every expert at work, read with fewer.
struct DsMoeArm {
  static constexpr const char* kMethod = "ds_moe";
  static constexpr const char* kTitle = "DS-MoE";
  struct Reading {
    std::string name, title;
    std::string select;    // "top-k", "threshold", "threshold-top-k"
    double share = 0;      // of the experts, for "top-k": k at every size
    double threshold = 0;  // in units of 1 / E, for the others
  };
  ArmHead head;
  double alpha = 6.3e-4;  // weight of the mutual-information loss
  config::OptimizerSpec train;
  std::vector<double> horizons = {1};  // of the steps that the budget allows, ascending
  std::string profile;
  Parallel parallel;
  std::vector<Reading> readings;  // besides the one it was trained with
};

using Arm = std::variant<FullArm, DiscoArm, DsMoeArm>;

const ArmHead& head_of(const Arm& arm);
std::string title_of(const Arm& arm);
std::string method_of(const Arm& arm);
std::vector<std::string> profiles_of(const Arm& arm);  // of its phases, in their order
std::vector<std::string> method_names();
// Reads one [[arm]] by its `method`; problems go to `problems`.
std::optional<Arm> read_arm(const config::Node& node, config::Problems& problems);

// Every value of an arm, defaults too: for people.
nlohmann::json to_full_json(const Arm& arm);

void describe_head(config::Fields& fields, ArmHead& head, const char* method);

}  // namespace repro::plan
