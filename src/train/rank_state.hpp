#pragma once
// What the ranks of a training hold alike, and what of the optimizer's state each keeps for itself.
// A checkpoint is one process' whatever the number of ranks: it may be continued by others, and by
// ranks that keep all of the state or a part of it.

#include <filesystem>
#include <optional>

#include "train/checkpoint.hpp"
#include "train/optimizer.hpp"
#include "train/ranks.hpp"

namespace repro::train {

// With this rank's part of the state (ZeRO stage 1, Rajbhandari et al.), or with all of it. Ranks
// that share a machine always keep parts: to copy what another has updated is less than to update.
AdamW make_optimizer(const config::OptimizerSpec& spec, model::Transformer& model, Ranks& ranks,
                     bool shard);

// AdamW::gradient_norm() of gradients that all ranks have alike, each doing a part of the work.
double norm_together(const AdamW& optimizer, Ranks& ranks);

// One update of all values on every rank: of a sharded one each sends what it updated.
void update_together(AdamW& optimizer, model::Transformer& model, Ranks& ranks, double lr,
                     double gradient_norm);

// Tokens by expert of a step, over micro-batches and ranks, where selection biases follow them.
class StepCounts {
 public:
  void add(const model::Transformer& model);              // of the last forward
  void balance(model::Transformer& model, Ranks& ranks);  // all ranks alike

 private:
  at::Tensor counts_LE_;
};

// save_checkpoint() by the first rank; returns when it is written.
void save_together(const std::filesystem::path& checkpoints, const TrainState& state,
                   model::Transformer& model, const AdamW& optimizer, Ranks& ranks);

// load_newest_checkpoint() by the first rank, and the same state on all.
std::optional<TrainState> load_together(const std::filesystem::path& checkpoints,
                                        model::Transformer& model, AdamW& optimizer, Ranks& ranks);

// The values of the first rank on all.
void share_values(model::Transformer& model, Ranks& ranks);

}  // namespace repro::train
