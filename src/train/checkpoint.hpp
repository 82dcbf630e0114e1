#pragma once
// Checkpoints: all that a run needs to go on as if it had never stopped. A folder per step,
// checkpoints/00001000/, holding
//
//   model.safetensors      the weights under their published names (masters in bf16-mixed)
//   optimizer.safetensors  first_moment, second_moment: flat, in the order of the flat buffer
//   state.json             step, tokens, data hash, clocks, and sizes and SHA-256: of the other
//   files,
//                          and of what records.jsonl and mlperf.log beside checkpoints/ held then
//   DONE                   the SHA-256 of state.json; written last
//
// A folder is written under another name, synced and renamed. So a checkpoint is whole or it does
// not count, and damage done later is noticed.

#include <cstdint>
#include <filesystem>
#include <optional>

#include "model/transformer.hpp"
#include "run/records.hpp"
#include "train/optimizer.hpp"

namespace repro::train {

// A run's state besides its tensors. Data order and noise are pure functions of the step.
struct TrainState {
  int64_t step = 0;    // finished updates
  int64_t tokens = 0;  // seen
  uint64_t data_hash = 0;
  run::Clocks clocks;
  double communication = 0;  // seconds of training in which ranks exchanged, or waited for one
  int64_t mlperf_bytes = 0;  // length of mlperf.log at this step
  // Of records.jsonl; filled when a checkpoint is loaded, -1 of one from before it was kept.
  int64_t records_bytes = -1;
};

std::filesystem::path checkpoint_folder(const std::filesystem::path& checkpoints, int64_t step);
// The finished checkpoint of the highest step; none when there is no finished one. Does not open
// it.
std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& checkpoints);

// Error when it cannot be written (a full disk); earlier checkpoints stay as they are. Afterwards
// only this one and the one before it are kept. The logs beside `checkpoints` are sealed as far as
// they are written.
void save_checkpoint(const std::filesystem::path& checkpoints, const TrainState& state,
                     const std::vector<model::Parameter>& parameters, const AdamW& optimizer);

// Loads the newest whole checkpoint into the model and the optimizer. A damaged one, or one whose
// part of the logs was changed, is named on stderr and the one before it is tried. None at all: no
// value. Error when there are checkpoints but none is whole, or they belong to another model.
std::optional<TrainState> load_newest_checkpoint(const std::filesystem::path& checkpoints,
                                                 model::Transformer& model, AdamW& optimizer);

// An optimizer's moments without its model: flat, in the order of the model's buffer.
struct Moments {
  at::Tensor first, second;
  int64_t updates = 0;
};
// Of the newest checkpoint. Error when there is none or it is damaged.
Moments read_moments(const std::filesystem::path& checkpoints);
inline constexpr const char* kMomentsFile = "optimizer.safetensors";
// In a file of their own, and from one into an optimizer. Error when they do not fit it.
void save_moments(const std::filesystem::path& file, const Moments& moments);
void load_moments(const std::filesystem::path& file, AdamW& optimizer);

// Removes all checkpoints but the one of `step`: when a run is finished.
void keep_only(const std::filesystem::path& checkpoints, int64_t step);

// The weights of the checkpoint of `step` under another name, as a second link to the same bytes,
// or a copy where the file system has none.
void leave_weights(const std::filesystem::path& checkpoints, int64_t step,
                   const std::filesystem::path& file);

}  // namespace repro::train
