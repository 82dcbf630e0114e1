#pragma once
// Reads what a plan's runs left behind. One outcome a job, whatever its state: a job that is not
// done has no result, and its status says so. Nothing is computed here beyond reading.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "run/plan.hpp"
#include "run/records.hpp"
#include "run/run_directory.hpp"

namespace repro::report {

struct Status {
  std::string directory;  // name below runs/
  run::State state = run::State::absent;
  std::string failure;  // the line in FAILED
  bool done() const { return state == run::State::done; }
  std::string text() const;  // "done", "not run", "unfinished", "failed"
};

// Four measures of a model that are never mixed: nats on the training batches, nats on held-out
// text, perplexity (with the split, window and stride it was taken with), bits per byte.
struct HeldOut {
  std::string split;
  double loss = 0;
  double bits_per_byte = 0;
};
struct Perplexity {
  std::string split;
  int64_t window = 0;
  int64_t stride = 0;
  double value = 0;
};

struct Training {
  Status status;
  int64_t steps = 0;
  int64_t tokens = 0;
  run::Clocks clocks;
  double tokens_per_second = 0;
  int64_t parameters = 0;
  int64_t peak_memory_bytes = 0;
  std::optional<HeldOut> held_out;
  std::optional<Perplexity> perplexity;
  std::string corpus_fingerprint;
  std::string machine;   // "AMD EPYC 9R14, 2 cores", as recorded; "" = not recorded
  run::Records records;  // of done runs; steps[i].lm_loss is the training loss
};

struct Clustering {
  Status status;
  std::vector<int64_t> documents;  // by cluster
  std::vector<int64_t> tokens;
  double variance_explained = 0;
  double seconds = 0;
};

struct Merging {
  Status status;
  std::vector<double> gamma;
  std::vector<std::vector<double>> backbone_cosine;  // between the submodels' shared parts
  std::optional<double> train_loss, valid_loss;      // of the merged model, before fine-tuning
  double seconds = 0;
};

struct Preparing {
  Status status;
  std::string fingerprint;
  std::vector<std::string> packages;  // "python3.11-doc 3.11.2-6+deb12u9", as recorded
  double seconds = 0;
};

struct CellOutcome {
  run::Cell cell;
  Preparing prepare;
  Training full;
  std::vector<Training> full_ladder;
  Clustering cluster;
  std::vector<Training> submodels;
  Merging merge;
  std::vector<Training> finetunes;  // by horizon, ascending

  bool complete() const;  // every job done
  // The first job that is not done, failed ones before the others; null when complete.
  const Status* obstacle() const;
};

// Error naming the file for a damaged result.json or records.jsonl of a done job.
CellOutcome gather(const run::Plan& plan, const run::Cell& cell, const std::filesystem::path& runs);

}  // namespace repro::report
