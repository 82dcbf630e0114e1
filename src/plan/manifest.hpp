#pragma once
// An experiment, fully resolved: a manifest (what to reproduce), a scale (how large), the models
// and corpora it names, and command-line settings on top. A scale overrides values by path, never
// structure. What all arms must share stands once, under [match]; an arm that tries to differ is an
// error. What an arm may differ in (its method, its model's shape, its training) stands in the arm.

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
#include "config/task.hpp"
#include "plan/arms.hpp"

namespace repro::plan {

struct Match {
  int64_t batch = 16;       // sequences a step
  int64_t sequence = 1024;  // tokens
  int64_t accumulate = 1;
  std::string precision = "bf16-mixed";
  std::string device = "cpu";  // or "cuda"
  int64_t threads = 1;         // of one training
  int64_t order_seed = 0;      // plus the cell's seed
  int64_t tokenizer_megabytes = 10;
  int64_t max_train_tokens = 0;  // of the corpus; 0 = all
};

// What the arms are compared by.
enum class Protocol {
  target,  // each works until it has reached the baseline's final loss: what did that cost?
  budget,  // each spends what the baseline has spent: how good is it then?
};

struct Target {
  // Of the baseline at its end. "train_loss": mean LM loss of its last `window` steps.
  // "unseen_loss": of its final weights over the windows of the valid split, the same for every arm
  // and ending.
  std::string metric = "train_loss";
  int64_t window = 50;       // steps; of every training loss that is quoted
  double tolerance = 0.005;  // nats
};

struct Budget {
  std::string equal = "tokens";  // "tokens", "steps", "flops", "hours", "dollars"
};

// How hours that were measured on one machine become hours of a phase's own device: hours on P =
// measured hours x (speed of the baseline's device / speed of P). In a manifest a word or a number.
struct Speed {
  enum class Rule {
    peaks,     // ratio of the data sheets' peaks for the trainings' data type
    paper,     // what the paper's own hours imply at equal work: the claims' `device_speed`
    measured,  // of equal steps, else of the best multiplications, that both profiles measured
    given,     // `ratio`
    equal,     // 1: every device works like the baseline's
  };
  Rule rule = Rule::peaks;
  double ratio = 1;  // of rule `given`: the baseline's device / the only other one
};
std::string text(const Speed& speed);  // as a manifest says it: "peaks", "1.5"

// How finished models are measured, and trainings watched on the way.
struct Evaluate {
  int64_t windows = 2048;      // sequences of the valid split, of a finished model
  int64_t every = 0;           // steps between evaluations on the way; 0 = none
  int64_t watch_windows = 64;  // sequences of the valid split, on the way and of a merged model
  std::string ppl_split = "test";
  int64_t ppl_window = 0;  // tokens; 0 = the training sequence
  int64_t ppl_stride = 0;  // tokens; 0 = the window, no overlap
  // Downstream tasks (eval/) that models answer; which endings' is a matter of the cuts: where the
  // arms are compared on them. "loss": the ending that reaches the baseline's; "steps": as many of
  // the last phase; "dollars": as dear, earlier phases included.
  std::vector<std::string> tasks;
  std::vector<std::string> cuts = {"loss", "steps", "dollars"};
  int64_t limit = 0;           // items of a task, of one with parts as many of each; 0 = all
  int64_t item_tokens = 2048;  // most that is read of an item; 0 = the training sequence
};

// Is the baseline a fair one? Every arm's last phase is run at other learning rates too, so that
// each is tuned by the same means; a baseline that fails is said and can bear out nothing.
struct Check {
  std::vector<double> rates;         // factors of each arm's own rate, besides 1
  std::vector<std::string> corpora;  // roles whose cells are checked; empty = all
  double rate_margin = 0.02;         // nats: how much better another rate may end
  double seed_margin = 0.05;         // nats: largest less smallest final loss over the seeds
  double plateau_margin = 0.1;       // of the steps: where the loss has not left its start
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
  std::string view;                  // id of a view in the claims
  std::vector<std::string> models;   // keys of experiments/models/
  std::vector<std::string> corpora;  // roles: "c4", "wikitext2", "openwebtext"
  std::vector<int64_t> seeds;
  int64_t steps = 0;                          // of the baseline in every cell; 0 = by cell
  std::map<std::string, int64_t> cell_steps;  // "qwen_moe/c4" -> steps
  Match match;
  std::vector<Arm> arms;
  std::string baseline;  // name of an arm; "" = the first
  Protocol protocol = Protocol::target;
  Target target;
  Budget budget;
  Speed speed;
  Evaluate evaluate;
  Check check;
  int64_t checkpoint_every = 200;  // steps
  // Of a training by several ranks: how long one may be silent before it counts as lost.
  double rank_timeout_seconds = 600;

  struct ScaleInfo {
    std::string name;  // "mini"
    std::string title;
    bool stand_in = true;          // smaller than the paper: every verdict must say so
    bool judged = true;            // false: for tests of the program; no number means anything
    std::string model_size;        // which [sizes.*] of the model files
    double lr_width_exponent = 0;  // lr = paper lr x (paper width / width)^this; 0 = literal
    std::map<std::string, double> lr_width_exponents;  // of a model, by key, instead of that
    // Of the steps of each phase that warms up, in every arm alike; unset = what the arms say.
    std::optional<double> warmup;
    std::map<std::string, std::string> corpora;  // role -> corpus file
  } scale;

  struct ModelEntry {
    std::string key;            // "qwen_moe"
    std::string title;          // "Qwen"
    config::ModelConfig model;  // at this scale
    config::ModelConfig paper;  // at the paper's size
    // By arm, in their order: the model with what the arm says of it.
    std::vector<config::ModelConfig> arm_models;
  };
  std::map<std::string, ModelEntry> model_entries;
  std::map<std::string, config::Corpus> corpus_entries;  // by role
  std::map<std::string, config::Task> task_entries;      // those of evaluate.tasks, by name

  // The cells that are asked for, "qwen_moe/c4" each; empty = every model on every corpus.
  std::vector<std::string> only;

  // Settings of the command line that change something, by path, the last of each:
  // "match.batch=8", "seeds=[0, 1, 2]". A report of other settings has a folder of its own.
  std::vector<std::string> asked;
  std::vector<Difference> differences;  // from the manifest and the paper's model sizes
  config::Node resolved;  // the manifest after all overrides: each value with its source

  size_t baseline_index() const;
  // Of the baseline in a cell ("qwen_moe/c4"); 0 when nothing says it.
  int64_t baseline_steps(const std::string& cell) const;
  bool has_cell(const std::string& model, const std::string& corpus) const;
  bool checks(const std::string& corpus) const;  // the baselines of this role's cells
  std::vector<std::string> profiles() const;     // hardware profiles that the arms name, each once
  std::string baseline_profile() const;          // of the baseline's last phase
  std::vector<std::string> other_profiles() const;  // those besides it
};

struct ExperimentOptions {
  std::string scale = "mini";
  // "path=value" each: a path of the manifest ("match.batch", "arm.full.train.lr"), of the scale
  // ("scale.lr_width_exponent"), or of a model at this scale ("model.qwen_moe.layers").
  std::vector<std::string> settings;
  std::optional<int64_t> seeds;  // N -> seeds 0..N-1
  // Cells to keep: "qwen_moe/c4", or a model's or a corpus' name for all of its cells. Empty = all.
  std::vector<std::string> only = {};
};

// `name` is "table3", or "moe_disco/table3" where the name alone is ambiguous. A manifest may
// extend another one of its folder (`extends = "table3"`), which it then overrides key by key.
// Throws Error with every problem of the files at once, each "file:line: what, and the way out".
Experiment load_experiment(const std::filesystem::path& root, const std::string& name,
                           const ExperimentOptions& options);

void describe(config::Fields&, Experiment&);
void describe(config::Fields&, Experiment::ScaleInfo&);

}  // namespace repro::plan
