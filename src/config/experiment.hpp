#pragma once
// An experiment, fully resolved: a manifest (what to reproduce), a scale (how large), the models
// and corpora it names, and command-line settings on top. A scale overrides values by path, never
// structure. What all arms must share stands once, under [match]; an arm that tries to differ is an
// error.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/corpus.hpp"
#include "config/fields.hpp"
#include "config/job_spec.hpp"
#include "config/model.hpp"

namespace repro::config {

struct Match {
  int64_t batch = 16;       // sequences a step
  int64_t sequence = 1024;  // tokens
  int64_t accumulate = 1;
  std::string precision = "bf16-mixed";
  std::string device = "cpu";  // or "cuda"
  int64_t order_seed = 0;      // plus the cell's seed
  int64_t tokenizer_megabytes = 10;
  int64_t max_train_tokens = 0;  // of the corpus; 0 = all
};

struct FullArm {
  int64_t steps = 0;                          // of each cell, unless cell_steps names it
  std::map<std::string, int64_t> cell_steps;  // "qwen_moe/c4" -> steps (the paper's table 1)
  OptimizerSpec train;
  bool ladder = false;  // also run the full arm at the fine-tune's horizons
  std::string profile;  // hardware profile
};

struct SubmodelOptions {
  double steps = 0.25;  // of the full run; 0 = by epochs
  int64_t epochs = 0;
  std::map<std::string, int64_t> cell_steps;  // absolute, where the paper gives them (table 6)
  OptimizerSpec train;
  std::string profile;
};

struct FinetuneOptions {
  OptimizerSpec train;
  std::vector<double> horizons = {0.125, 0.25, 0.5, 0.75};  // of the full run's steps, ascending
  std::string profile;
};

struct DiscoArm {
  ClusterOptions cluster;
  SubmodelOptions submodel;
  MergeOptions merge;
  FinetuneOptions finetune;
};

struct Target {
  std::string metric = "train_loss";  // of arm.full at its end, window mean of the LM loss
  int64_t window = 50;                // steps
  double tolerance = 0.005;           // nats
};

// A value that differs from the manifest's own, for the report's list of differences from the
// paper.
struct Difference {
  std::string path;   // "match.sequence"
  std::string paper;  // the manifest's value
  std::string here;
  std::string origin;  // "experiments/scales/mini.toml:12" or "--set"
};

struct Experiment {
  std::string name;    // "table3"
  std::string folder;  // "moe_disco"
  std::string title;
  std::string claims;                // "moe_disco"
  std::string view;                  // "table1", "table3", "table6"
  std::vector<std::string> models;   // keys of experiments/models/
  std::vector<std::string> corpora;  // roles: "c4", "wikitext2", "openwebtext"
  std::vector<int64_t> seeds;
  Match match;
  FullArm full;
  DiscoArm disco;
  Target target;
  EvaluateSpec evaluate;
  int64_t checkpoint_every = 200;  // steps

  struct ScaleInfo {
    std::string name;  // "mini"
    std::string title;
    bool stand_in = true;          // smaller than the paper: every verdict must say so
    std::string model_size;        // which [sizes.*] of the model files
    double lr_width_exponent = 0;  // lr = paper lr x (paper width / width)^this; 0 = literal
    std::map<std::string, std::string> corpora;  // role -> corpus file
  } scale;

  struct ModelEntry {
    std::string key;    // "qwen_moe"
    std::string title;  // "Qwen"
    ModelConfig model;  // at this scale
    ModelConfig paper;  // at the paper's size
  };
  std::map<std::string, ModelEntry> model_entries;
  std::map<std::string, Corpus> corpus_entries;  // by role

  std::vector<Difference> differences;  // from the manifest and the paper's model sizes
  Node resolved;  // the manifest after all overrides: each value with its source
};

struct ExperimentOptions {
  std::string scale = "mini";
  // "path=value" each: a path of the manifest ("match.batch"), of the scale
  // ("scale.lr_width_exponent"), or of a model at this scale ("model.qwen_moe.layers").
  std::vector<std::string> settings;
  std::optional<int64_t> seeds;  // N -> seeds 0..N-1
};

// `name` is "table3", or "moe_disco/table3" where the name alone is ambiguous. A manifest may
// extend another one of its folder (`extends = "table3"`), which it then overrides key by key.
// Throws Error with every problem of the files at once, each "file:line: what, and the way out".
Experiment load_experiment(const std::filesystem::path& root, const std::string& name,
                           const ExperimentOptions& options);

// Names of all experiments, scales: for `repro list` and spelling suggestions.
std::vector<std::string> experiment_names(const std::filesystem::path& root);
std::vector<std::string> scale_names(const std::filesystem::path& root);

}  // namespace repro::config
