#include "train/rank_state.hpp"

#include <ATen/TensorOperators.h>

#include "base/error.hpp"

namespace repro::train {
namespace {

// One with all of the state; its moments are zero.
AdamW make_whole(model::Transformer& model) {
  return {{}, model.flat_values(), model.flat_gradients(), model.decayed_count()};
}

at::Tensor part_in(const at::Tensor& flat, const Part& part) {
  return flat.narrow(0, part.first, part.count);
}

// Numbers below 2^53 are exact.
std::vector<double> numbers_of(const std::optional<TrainState>& state, int64_t updates) {
  if (!state) return {0, 0, 0, 0, 0, 0};
  return {1,
          static_cast<double>(state->step),
          static_cast<double>(state->tokens),
          static_cast<double>(state->data_hash >> 32),
          static_cast<double>(state->data_hash & 0xffffffffu),
          static_cast<double>(updates)};
}

}  // namespace

AdamW make_optimizer(const config::OptimizerSpec& spec, model::Transformer& model, Ranks& ranks,
                     bool shard) {
  ranks.keep_shared(model.flat_gradients());
  const bool shared = ranks.keep_shared(model.flat_values());
  const int64_t all = model.parameter_count();
  const Part part = shard || shared ? part_of(all, ranks.rank(), ranks.count()) : Part{0, all};
  return {spec, model.flat_values(), model.flat_gradients(), model.decayed_count(), part};
}

double norm_together(const AdamW& optimizer, Ranks& ranks) {
  const int64_t chunks = optimizer.norm_chunks();
  if (ranks.alone() || chunks == 0) return optimizer.gradient_norm();
  return norm_of(
      ranks.sum(optimizer.squares_of_chunks(part_of(chunks, ranks.rank(), ranks.count()))));
}

void update_together(AdamW& optimizer, model::Transformer& model, Ranks& ranks, double lr,
                     double gradient_norm) {
  optimizer.update(lr, gradient_norm);
  if (!optimizer.whole()) ranks.gather(model.flat_values());
  model.values_changed();
}

void StepCounts::add(const model::Transformer& model) {
  if (model.config().router.bias_rate == 0) return;
  const at::Tensor counts = model.expert_counts().to(at::kDouble);
  counts_LE_ = counts_LE_.defined() ? counts_LE_ + counts : counts;
}

void StepCounts::balance(model::Transformer& model, Ranks& ranks) {
  if (!counts_LE_.defined()) return;
  ranks.sum(counts_LE_);
  model.balance_routers(counts_LE_);
}

void save_together(const fs::path& checkpoints, const TrainState& state, model::Transformer& model,
                   const AdamW& optimizer, Ranks& ranks) {
  if (optimizer.whole()) {
    if (ranks.first()) save_checkpoint(checkpoints, state, model.parameters(), optimizer);
  } else {
    AdamW whole = make_whole(model);
    whole.set_updates(optimizer.updates());
    part_in(whole.first_moment(), optimizer.part()).copy_(optimizer.first_moment());
    part_in(whole.second_moment(), optimizer.part()).copy_(optimizer.second_moment());
    ranks.gather(whole.first_moment());
    ranks.gather(whole.second_moment());
    if (ranks.first()) save_checkpoint(checkpoints, state, model.parameters(), whole);
  }
  ranks.wait_for_all();
}

std::optional<TrainState> load_together(const fs::path& checkpoints, model::Transformer& model,
                                        AdamW& optimizer, Ranks& ranks) {
  if (ranks.alone()) return load_newest_checkpoint(checkpoints, model, optimizer);
  AdamW whole = make_whole(model);
  std::optional<TrainState> state;
  if (ranks.first()) state = load_newest_checkpoint(checkpoints, model, whole);
  ranks.wait_for_all();  // what it reads, it also verifies
  const std::vector<double> told =
      ranks.sum(ranks.first() ? numbers_of(state, whole.updates()) : numbers_of(std::nullopt, 0));
  if (told[0] == 0) return std::nullopt;
  if (!state) state.emplace();
  state->step = static_cast<int64_t>(told[1]);
  state->tokens = static_cast<int64_t>(told[2]);
  state->data_hash = (static_cast<uint64_t>(told[3]) << 32) | static_cast<uint64_t>(told[4]);
  share_values(model, ranks);
  ranks.share(whole.first_moment());
  ranks.share(whole.second_moment());
  optimizer.first_moment().copy_(part_in(whole.first_moment(), optimizer.part()));
  optimizer.second_moment().copy_(part_in(whole.second_moment(), optimizer.part()));
  optimizer.set_updates(static_cast<int64_t>(told[5]));
  return state;
}

void share_values(model::Transformer& model, Ranks& ranks) {
  ranks.share(model.flat_values());
  model.values_changed();
}

}  // namespace repro::train
