#pragma once
// The fully resolved input of each kind of job: every field that can change its result, and nothing
// else. A spec and the keys of the jobs it reads make the job's content address, so these structs
// are a file format: they are written to job.json by `repro` and read by `repro-worker`. A field
// that equals its default is not written, so a default, once used, never changes.

#include <cstdint>
#include <string>
#include <vector>

#include "config/corpus.hpp"
#include "config/fields.hpp"
#include "config/model.hpp"

namespace repro::config {

// prepare: corpus -> tokenizer, token shards of the train, valid and test splits.
struct PrepareSpec {
  Corpus corpus;
  int64_t vocabulary = 4096;         // pieces of the byte-fallback BPE
  int64_t tokenizer_megabytes = 10;  // of training text the tokenizer is learnt from, evenly spread
  int64_t max_train_tokens = 0;      // keep the first documents up to this; 0 = all
};

// How documents become clusters: what a manifest says of it, and a cluster job carries.
struct ClusterOptions {
  std::string embedding = "wordllama";  // or "model": the model's own initial table
  // Or "random", with the same cluster sizes as k-means; "equal": as many documents each, at
  // random, without looking at them.
  std::string assignment = "kmeans";
  int64_t k = 0;                   // clusters; 0 in a manifest = the arm's experts
  std::string init = "k-means++";  // or "random"
  bool normalise = false;          // L2-normalise the vectors first
  bool balanced = false;           // equal cluster sizes
  int64_t max_iterations = 100;
  double tolerance = 1e-4;   // relative decrease of the SSE
  int64_t restarts = 1;      // starts of k-means, of which the lowest SSE is kept
  double minimum_share = 0;  // of the tokens: a start with a smaller cluster is the worse one
};

// cluster: document vectors of the train split -> k-means -> one cluster id a document.
// Input "corpus": a prepare job.
struct ClusterSpec : ClusterOptions {
  int64_t seed = 0;
  ModelConfig model;  // for embedding = "model"
};

struct OptimizerSpec {
  double lr = 3e-4;                 // peak, after the width rule
  std::string schedule = "cosine";  // "constant", "cosine" (to end_ratio), "wsd"
  double warmup = 0.03;             // fraction of the steps
  double end_ratio = 0.0;           // final lr / lr
  double decay = 0.1;               // wsd: fraction of the steps at the end
  double weight_decay = 0.01;       // not on norms and biases
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double clip = 1.0;  // global norm; 0 = off
};

// Held-out loss on the way, from the valid split: a record now and then, not a measurement of the
// finished model, which is a job of its own.
struct WatchSpec {
  int64_t every = 0;     // steps between evaluations; 0 = none
  int64_t windows = 64;  // sequences of the split
};

// A training that goes wrong in a known way, or begins a little beside its start: what a gate is
// tried with. No manifest reaches these fields; they are part of the key and result.json repeats
// them, so that such a run is never taken for another.
struct RehearsalSpec {
  std::string fault = {};     // one of rehearsed_faults(); "" = none
  int64_t restart_after = 0;  // steps: it ends there and goes on from its checkpoint; 0 = never
  double jitter = 0;          // relative, of every initial weight, up or down
  int64_t repeat = 0;         // n > 0: the same once more
};
std::vector<std::string> rehearsed_faults();

// train: one arm or phase of one. Inputs: "corpus" (prepare); "assignment" (cluster) when part >=
// 0; "initial" (any job that leaves weights) when it does not start from the common initialisation.
struct TrainSpec {
  ModelConfig model;       // that is trained
  int64_t slice = -1;      // k: initial weights of expert k alone of the common start; -1 = from 0
  int64_t part = -1;       // k: the documents of part k of the assignment; -1 = all
  int64_t steps = 0;       // 0 = by epochs
  int64_t epochs = 0;      // of its documents, when steps = 0
  int64_t first_step = 0;  // its data and noise begin here: a later stage sees what is new
  // The optimizer goes on with what "initial" left of it; else it begins afresh.
  bool keep_optimizer = false;
  int64_t batch = 16;                    // sequences a step (global)
  int64_t sequence = 128;                // T
  int64_t accumulate = 1;                // micro-batches; divides batch
  std::string precision = "bf16-mixed";  // "fp32", "bf16-mixed", "bf16-pure"
  std::string device = "cpu";            // or "cuda"
  int64_t threads = 1;     // may change the order of sums, so it belongs to the result
  int64_t ranks = 1;       // processes that share each batch by its rows; likewise
  int64_t seed = 0;        // initial weights, gate noise
  int64_t order_seed = 0;  // data order
  OptimizerSpec optimizer;
  WatchSpec watch;
  RehearsalSpec rehearsal;
};

// One measurement of a finished model: mean loss over windows of a split.
struct MeasureSpec {
  std::string name;             // by which its number is found: "unseen", "ppl", "train"
  std::string split = "valid";  // "train": windows in the shuffled order of a training
  int64_t window = 0;           // input tokens; 0 = the spec's sequence
  int64_t stride = 0;           // tokens; 0 = the window, no overlap
  int64_t windows = 0;          // the first so many; 0 = the whole split
};

// eval: measures the weights of a finished job, and can be repeated without it. Inputs: "weights"
// (train, merge, ...), "corpus" (prepare), and "task-NAME" (task) of each task.
struct EvalSpec {
  ModelConfig model;  // as it is read: its routing may differ from the training's
  int64_t batch = 16;
  int64_t sequence = 128;
  std::string precision = "bf16-mixed";
  std::string device = "cpu";
  int64_t threads = 1;
  int64_t order_seed = 0;  // of a measure over the train split
  std::vector<MeasureSpec> measures;
  std::vector<std::string> tasks;  // downstream tasks that it answers
  int64_t window = 2048;           // most tokens it reads of an item, as lm-evaluation-harness's
  int64_t limit = 0;               // the first so many items of each part of a task; 0 = all
  // Inputs "part0", "part1", ... instead of "weights", all of this model: "posterior", each weighed
  // by how well it told the window's tokens so far (BTM), or "uniform".
  std::string ensemble = "none";
};

void describe(Fields&, PrepareSpec&);
void describe(Fields&, ClusterOptions&);
void describe(Fields&, ClusterSpec&);
void describe(Fields&, OptimizerSpec&);
void describe(Fields&, WatchSpec&);
void describe(Fields&, RehearsalSpec&);
void describe(Fields&, TrainSpec&);
void describe(Fields&, MeasureSpec&);
void describe(Fields&, EvalSpec&);

}  // namespace repro::config
