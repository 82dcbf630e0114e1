#pragma once
// records.jsonl: one JSON object a line, written as things happen, full precision. Events:
//
// clang-format off
//   {"event":"start", "step":0, "schema":1, ...}    a process began, at this step (again after a resume)
//   {"event":"step", "step":12, "tokens":24576, "loss":5.21, "lm_loss":.., "aux_loss":.., "lr":.., "grad_norm":..,
//    "seconds":{"train":..,"eval":..,"checkpoint":..,"other":..}, "data_hash":"16 hex digits"}
//   {"event":"eval", "step":100, "split":"valid", "loss":5.4, "tokens":.., "ppl":.., "bits_per_byte":..}
//   {"event":"progress", "phase":"tokenize", "done":.., "total":.., "unit":"documents"}
//   {"event":"phase", "phase":"kmeans", "seconds":1.2}    wall time of a named part of a job
// clang-format on
//
// `step` counts finished optimizer steps: the first step record has step 1. Clocks are cumulative
// over restarts. A resumed run drops records after its checkpoint, so steps are unique and
// increasing.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/file.hpp"

namespace repro::run {

// Seconds since the run began, by kind; train + eval + checkpoint + other = wall, over all its
// processes.
struct Clocks {
  double train = 0;
  double eval = 0;
  double checkpoint = 0;
  double other = 0;
  double wall() const { return train + eval + checkpoint + other; }
};

struct StepRecord {
  int64_t step = 0;
  int64_t tokens = 0;  // seen so far
  double loss = 0;     // what was minimised: lm_loss + aux_loss
  double lm_loss = 0;  // nats a token
  double aux_loss = 0;
  double lr = 0;
  double grad_norm = 0;  // before clipping
  Clocks clocks;
  uint64_t data_hash = 0;  // rolling, of all token ids so far
};

struct EvalRecord {
  int64_t step = 0;
  std::string split;
  double loss = 0;  // nats a token
  int64_t tokens = 0;
  double bits_per_byte = 0;
};

std::string to_line(const StepRecord& record);
std::string to_line(const EvalRecord& record);

struct Records {
  std::vector<StepRecord> steps;
  std::vector<EvalRecord> evals;

  std::vector<int64_t> step_numbers() const;  // of the step records, in order
  std::vector<double> lm_losses() const;      // likewise, nats a token
};
// Reads a file; a torn last line is ignored, any other unreadable line is an Error with its number.
Records read_records(const std::filesystem::path& path);

// Cuts the file after the last record with step <= `step`: what a resumed run does first.
void truncate_records(const std::filesystem::path& path, int64_t step);

// The last complete line that is a step or progress event: cheap whatever the file's size.
struct Progress {
  std::string phase;  // "train", "tokenize", ...
  double done = 0;
  double total = 0;  // 0 = unknown
  std::string unit;  // "steps", "documents", ...
  std::optional<double> loss;
  int64_t tokens = 0;
  double train_seconds = 0;
};
std::optional<Progress> read_progress(const std::filesystem::path& path);
// An evaluation was begun and not ended, by the last line of a training's mlperf.log.
bool is_evaluating(const std::filesystem::path& mlperf_log);

}  // namespace repro::run
