#pragma once
// Reads what a plan's runs left behind. One outcome a job, whatever its state: a job that is not
// done has no result, and its status says so. Nothing is computed here beyond reading.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/model.hpp"
#include "findings/answers.hpp"
#include "plan/plan.hpp"
#include "plan/work.hpp"
#include "run/records.hpp"
#include "run/run_directory.hpp"

namespace repro::findings {

struct Status {
  std::string directory;  // name below runs/
  run::State state = run::State::absent;
  std::string failure;  // the line in FAILED
  bool wanted = true;   // false: an ending that the search of its ladder does not ask for
  bool done() const { return state == run::State::done; }
  std::string text() const;  // "done", "not run", "unfinished", "failed", "not needed"
};

struct Training {
  int64_t steps = 0;
  int64_t tokens = 0;
  std::optional<double> epochs;  // of its documents; empty: a run from before it was recorded
  run::Clocks clocks;
  double tokens_per_second = 0;
  int64_t parameters = 0;
  int64_t peak_memory_bytes = 0;
  std::string machine;        // "AMD EPYC 9R14, 2 cores", as recorded; "" = not recorded
  run::Records records;       // steps[i].lm_loss is the training loss
  config::ModelConfig model;  // that was trained
  int64_t sequence = 0;
  // Of a model that had just grown: nats that the loss rose, steps until it was back.
  std::optional<double> spike, recovery_steps;
  int64_t ranks = 1;                 // devices that worked together
  double communication_seconds = 0;  // of them all: in which they exchanged, or one waited
};

// One measurement of a finished model over one split, never mixed with another.
struct Measured {
  std::string split;
  int64_t window = 0;
  int64_t stride = 0;
  double loss = 0;  // nats a token
  double bits_per_byte = 0;
  std::vector<double>
      blocks;  // the loss of each block of consecutive windows; empty = not recorded
};

struct Evaluation {
  std::map<std::string, Measured> measures;  // "unseen", "ppl", "train"
  std::optional<double> active_share;        // of the routed experts, where the reading selects
  std::optional<double> attention_share;     // of the groups of heads, where they are routed
  std::optional<double> tokens_per_second;   // of the measures
  std::optional<double> gini;                // of the experts' loads, mean over the layers
};

struct Clustering {
  std::vector<int64_t> documents;  // by cluster
  std::vector<int64_t> tokens;
  double variance_explained = 0;
  std::vector<std::string> warnings;  // clusters that are too small, as recorded
  // By cluster: some documents on the first two principal components; empty = not recorded.
  std::vector<std::vector<std::pair<double, double>>> plane = {};
};

struct Merging {
  std::vector<double> gamma;
  std::vector<std::vector<double>> backbone_cosine;  // between the shared parts of what was merged
};

struct Preparing {
  std::string fingerprint;
  std::vector<std::string> packages;      // "python3.11-doc 3.11.2-6+deb12u9", as recorded
  std::map<std::string, double> overlap;  // held-out split -> share of its words that train holds
                                          // in runs of 13
  int64_t train_tokens = 0;               // of the train split
};

// The items of a downstream task.
struct ItemMaking {
  int64_t items = 0;
  int64_t shots = 0;        // worked examples before each
  std::string split;        // of the data set
  std::string fingerprint;  // of contexts, choices and right ones
};

// What a job left; of a done one, the part of its kind is there.
struct JobOutcome {
  std::string kind;
  Status status;
  double seconds = 0;       // wall, of a done job
  plan::JobWork work = {};  // that a done job did; its seconds belong to an account (timing.hpp)
  std::optional<Training> training = {};
  std::optional<Evaluation> evaluation = {};
  std::optional<Answers> answers = {};  // of an eval job that answers a task
  std::optional<Clustering> clustering = {};
  std::optional<Merging> merging = {};
  std::optional<Preparing> preparing = {};
  std::optional<ItemMaking> item_making = {};
};

// By index of the plan's graph. Error naming the file when what a done job left is damaged or not
// what it left (run/verifier.hpp).
using Outcomes = std::vector<JobOutcome>;
Outcomes read_outcomes(const plan::Plan& plan, const std::filesystem::path& runs);
// Reads what has ended since, but no answers: as much as a running execution asks.
void read_more(const plan::Plan& plan, const std::filesystem::path& runs, Outcomes& outcomes);

}  // namespace repro::findings
