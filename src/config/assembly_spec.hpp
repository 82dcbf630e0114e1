#pragma once
// The jobs that make a model of other runs' models without training: merging, copying, growing.
// Their specs follow the rules of job_spec.hpp.

#include <cstdint>
#include <string>

#include "config/fields.hpp"
#include "config/model.hpp"

namespace repro::config {

// What eq. 2 of MoE-DisCo leaves open.
struct MergeOptions {
  std::string gamma = "samples";  // "uniform", "samples", "tokens"
  // Rows of the common initial router; "zeros"; "normal"; made of what the merged model sees of
  // each part's text: "centroid", "ridge".
  std::string router = "concatenate";
  int64_t router_windows = 64;  // of each part's text, for the last two
  double scale = 1.0;           // multiplies the experts' down projection
  // What is taken from the submodels: "all", "backbone", "experts"; the rest begins as they began.
  std::string parts = "all";
};
// The router is made of what the merged model sees of a text.
inline bool reads_text(const MergeOptions& options) {
  return options.router == "centroid" || options.router == "ridge";
}

// What upcycling leaves open.
struct CopyOptions {
  std::string router = "concatenate";  // the initial router; "normal"
  double noise = 0;                    // on the copies: normal, in deviations of the copied tensor
  double scale = 1.0;                  // multiplies the experts' down projection
};

// merge: finished models -> one. Inputs "part0", "part1", ... (their weights) and, unless `of` says
// copies, "assignment"; "corpus" for a router that is made of text.
struct MergeSpec : MergeOptions {
  // What the parts are: "submodels": of one expert each, part k is expert k. "models": the whole
  // model each, of which every tensor is averaged. "copies": part0, of one expert, is every expert.
  std::string of = "submodels";
  double noise = 0;  // of CopyOptions
  ModelConfig model;
  int64_t seed = 0;        // of the common initialisation
  int64_t batch = 16;      // of the text that makes a router: windows at once,
  int64_t sequence = 128;  // tokens of each,
  int64_t order_seed = 0;  // and in which order
  std::string precision = "bf16-mixed";
  std::string device = "cpu";
  int64_t threads = 1;
};

// What growing a pool of experts leaves open (EMO, arXiv 2605.13247; drop-upcycling, 2502.19261).
struct GrowOptions {
  // How new experts begin: "gaussian", as those of a fresh model; "copy", expert e as expert e mod
  // the old number; "copy-noise"; "drop-upcycle", a copy of which some channels begin afresh.
  std::string experts = "gaussian";
  double noise = 0.01;              // of copy-noise, in deviations of the copied tensor
  double drop = 0.5;                // of drop-upcycle: the share of channels
  std::string router = "gaussian";  // new rows: as a fresh model's; or "copy"
  std::string bias = "reset";       // selection bias: 0 for all; or "keep" for the old ones
  std::string optimizer = "reset";  // or "keep": old tensors' moments, 0 for what is new
};

// grow: a finished training -> the same model with more experts. Input "weights".
struct GrowSpec : GrowOptions {
  ModelConfig model;   // the larger one
  int64_t before = 1;  // experts of the smaller
  int64_t seed = 0;    // of a fresh model, and of noise
  std::string precision = "bf16-mixed";
  std::string device = "cpu";
  int64_t threads = 1;
};

void describe(Fields&, MergeOptions&);
void describe(Fields&, CopyOptions&);
void describe(Fields&, MergeSpec&);
void describe(Fields&, GrowOptions&);
void describe(Fields&, GrowSpec&);

}  // namespace repro::config
