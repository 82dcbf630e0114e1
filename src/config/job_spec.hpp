#pragma once
// The fully resolved input of each kind of job: every field that can change its result, and nothing
// else. A spec and the keys of the jobs it reads make the job's content address, so these structs
// are a file format: they are written to job.json by `repro` and read by `repro-worker`.

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
  std::string assignment = "kmeans";    // or "random", with the same cluster sizes as k-means
  int64_t k = 4;                        // must equal the model's experts
  std::string init = "k-means++";       // or "random"
  bool normalise = false;               // L2-normalise the vectors first
  bool balanced = false;                // equal cluster sizes
  int64_t max_iterations = 100;
  double tolerance = 1e-4;  // relative decrease of the SSE
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

struct EvaluateSpec {
  int64_t every = 0;     // steps between held-out evaluations; 0 = only at the end
  int64_t windows = 64;  // sequences of the valid split at those evaluations
  std::string ppl_split = "test";
  int64_t ppl_window = 0;  // tokens; 0 = the training sequence
  int64_t ppl_stride = 0;  // tokens; 0 = the window (no overlap)
};

// train: one arm or phase. Inputs: "corpus" (prepare); "clusters" (cluster) when cluster >= 0;
// "initial" (merge) when it starts from merged weights.
struct TrainSpec {
  std::string phase = "full";  // "full", "submodel", "finetune": for the record, not behaviour
  ModelConfig model;           // of the full model; a submodel is cut from it
  int64_t cluster = -1;    // k: train the one-expert submodel k on D_k; -1 = full model, all data
  int64_t steps = 0;       // 0 = by epochs
  int64_t epochs = 0;      // of the subset, when steps = 0
  int64_t batch = 16;      // sequences a step (global)
  int64_t sequence = 128;  // T
  int64_t accumulate = 1;  // micro-batches; divides batch
  std::string precision = "bf16-mixed";  // "fp32", "bf16-mixed", "bf16-pure"
  std::string device = "cpu";            // or "cuda"
  int64_t threads = 1;                   // changes the order of sums, so it belongs to the result
  int64_t seed = 0;                      // initial weights, gate noise
  int64_t order_seed = 0;                // data order
  OptimizerSpec optimizer;
  EvaluateSpec evaluate;
  int64_t loss_window = 50;  // steps averaged for the final training loss (target.window)
};

// What eq. 2 of MoE-DisCo leaves open.
struct MergeOptions {
  std::string gamma = "samples";       // "uniform", "samples", "tokens"
  std::string router = "concatenate";  // rows of the common initial router; "zeros"; "normal"
  double scale = 1.0;                  // multiplies the experts' down projection
};

// merge: E trained submodels -> the full model. Inputs "submodel0".."submodel{E-1}", "clusters",
// "corpus".
struct MergeSpec : MergeOptions {
  ModelConfig model;
  int64_t seed = 0;  // of the common initialisation
  int64_t batch = 16;
  int64_t sequence = 128;
  std::string precision = "bf16-mixed";
  std::string device = "cpu";
  int64_t threads = 1;
  EvaluateSpec evaluate;  // the loss of the merged model before fine-tuning
};

void describe(Fields&, PrepareSpec&);
void describe(Fields&, ClusterOptions&);
void describe(Fields&, ClusterSpec&);
void describe(Fields&, OptimizerSpec&);
void describe(Fields&, EvaluateSpec&);
void describe(Fields&, TrainSpec&);
void describe(Fields&, MergeOptions&);
void describe(Fields&, MergeSpec&);

}  // namespace repro::config
