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

#include "config/assembly_spec.hpp"
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

// How parts of a model, or copies of it, are trained side by side before the whole.
struct PartTraining {
  double steps = 0.25;  // of the baseline's steps; 0 = by epochs
  int64_t epochs = 0;   // of the part's documents
  // Absolute, where the paper gives them: used with the paper's own steps of the baseline.
  std::map<std::string, int64_t> cell_steps;
  config::OptimizerSpec train;
  std::string profile;
  Parallel parallel;
};

// The last phase of a method that assembles a model and trains it on.
struct Finetune {
  config::OptimizerSpec train;
  std::vector<double> horizons = {0.125, 0.25, 0.5, 0.75};  // of the baseline's steps, ascending
  std::string profile;
  Parallel parallel;
};

// MoE-DisCo: cluster the documents, train one one-expert submodel a cluster, merge, fine-tune.
struct DiscoArm {
  static constexpr const char* kMethod = "disco";
  static constexpr const char* kTitle = "MoE-DisCo";
  ArmHead head;
  config::ClusterOptions cluster;
  PartTraining submodel;
  // The submodels are also read together, unmerged: "posterior", "uniform"; or "none".
  std::string ensemble = "none";
  config::MergeOptions merge;
  Finetune finetune;
};

// Local SGD with one average: the whole model trained on each of some equal parts of the text from
// one start, the mean of what came out, fine-tuned.
struct LocalSgdArm {
  static constexpr const char* kMethod = "local_sgd";
  static constexpr const char* kTitle = "local SGD";
  ArmHead head;
  int64_t parts = 0;  // 0 = as many as the model has experts
  PartTraining part;
  Finetune finetune;
};

// Sparse upcycling: one one-expert model trained on all text, copied into every expert, fine-tuned.
struct UpcycleArm {
  static constexpr const char* kMethod = "upcycle";
  static constexpr const char* kTitle = "upcycling";
  ArmHead head;
  PartTraining submodel;
  config::CopyOptions copies;
  Finetune finetune;
};

// DS-MoE: trained with every expert at work, read with fewer.
struct DsMoeArm {
  static constexpr const char* kMethod = "ds_moe";
  static constexpr const char* kTitle = "DS-MoE";
  struct Reading {
    std::string name, title;
    std::string select;              // "top-k", "threshold", "threshold-top-k"
    double share = 0;                // of the experts, for "top-k": k at every size
    double threshold = 0;            // in units of 1 / E, for the others
    double attention_threshold = 0;  // of routed heads, in units of 1 / their groups; 0 = all work
  };
  ArmHead head;
  double alpha = 6.3e-4;  // weight of the mutual-information loss
  // Query heads are experts too, in so many groups, with a loss of this weight (MoA); 0 = they are
  // not.
  int64_t attention_experts = 0;
  double attention_alpha = 3.5e-4;
  config::OptimizerSpec train;
  std::vector<double> horizons = {1};  // of the steps that the budget allows, ascending
  std::string profile;
  Parallel parallel;
  std::vector<Reading> readings;  // besides the one it was trained with
};

// EMO: a pool of experts that grows in stages at fixed top-k, one schedule and one order of the
// data over all of them.
struct EmoArm {
  static constexpr const char* kMethod = "emo";
  static constexpr const char* kTitle = "EMO";
  ArmHead head;
  std::vector<int64_t> stages;  // experts of each, ascending; of the last as many as the model has
  std::string split = "power";  // of the steps: "quoted5", "power", "joint-law", "custom"
  double power = 0.516;
  double active_parameters = 0;  // of "joint-law"; 0 = the model's own
  std::vector<double> shares;    // of "custom", one a stage
  bool grow_k = false;           // top-k in proportion to the experts; else fixed
  config::GrowOptions grow;
  int64_t rewarm_steps = 500;  // warm-up after each growth: at most so many steps,
  double rewarm_share = 0.02;  // and at most this share of the stage
  // Of the whole: its warm-up is over with the first stage, its decay falls into the last.
  config::OptimizerSpec train;
  std::vector<double> horizons = {1};  // of the steps that the budget allows, ascending
  std::string profile;
  Parallel parallel;
};

using Arm = std::variant<FullArm, DiscoArm, LocalSgdArm, UpcycleArm, DsMoeArm, EmoArm>;

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
