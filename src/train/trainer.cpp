#include "train/trainer.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "eval/perplexity.hpp"
#include "model/transformer.hpp"
#include "model/weights.hpp"
#include "run/records.hpp"
#include "train/checkpoint.hpp"
#include "train/clock.hpp"
#include "train/device.hpp"
#include "train/gradient_sum.hpp"
#include "train/mlperf_log.hpp"
#include "train/rank_state.hpp"
#include "train/rehearsal.hpp"
#include "train/result.hpp"
#include "train/schedule.hpp"
#include "train/training_data.hpp"

namespace repro::train {
namespace {

using nlohmann::json;

model::Transformer make_model(const config::TrainSpec& spec, int64_t rank) {
  make_repeatable(spec.threads);
  return {spec.model,
          {.device = open_device(spec.device, rank),
           .precision = model::parse_precision(spec.precision)}};
}

class Trainer {
 public:
  Trainer(const run::OpenedJob& job, const run::RunDirectory& directory,
          const std::atomic<bool>& interrupted, Ranks& ranks)
      : interrupted_(interrupted),
        ranks_(ranks),
        directory_(directory),
        name_(job.name),
        spec_(rehearsed(read_train_spec(job))),
        checkpoint_every_(job.execution.value("checkpoint_every", int64_t{200})),
        data_(open_training_data(spec_, job)),
        total_(spec_.steps > 0 ? spec_.steps : spec_.epochs * data_.sampler.steps_per_epoch()),
        model_(make_model(spec_, ranks.rank())),
        optimizer_(make_optimizer(spec_.optimizer, model_, ranks,
                                  job.execution.value("shard_optimizer", false))),
        summing_(model_, ranks_),
        batch_(static_cast<size_t>(spec_.batch * (spec_.sequence + 1))),
        loss_before_(loss_before_growth(job)),
        rehearsal_(spec_) {
    check(spec_.ranks == ranks.count(), "as many ranks as the job has");
    resumed_ = resume();
    if (!resumed_) set_initial_weights(job);
    if (!ranks_.first()) return;
    // Records go back to what the checkpoint holds of them.
    if (state_.records_bytes >= 0)
      fs::resize_file(directory.records_file(), static_cast<uintmax_t>(state_.records_bytes));
    else
      run::truncate_records(directory.records_file(), state_.step);
    records_.emplace(directory.records_file());
    mlperf_.emplace(directory.mlperf_file(), state_.mlperf_bytes);
    if (!resumed_) log_start(*mlperf_, spec_, name_, total_, data_.sampler.windows());
    log_process_start();
  }

  // Nothing where a rehearsal ends it amid the run, to go on from a checkpoint.
  std::optional<json> run() {
    while (state_.step < total_) {
      step();
      const bool last = state_.step == total_;
      const bool restarts = !last && !resumed_ && rehearsal_.restarts_after(state_.step);
      if (due(spec_.watch.every)) watch();
      if (last || due(checkpoint_every_) || stop_ || restarts) checkpoint();
      if (stop_ && !last)
        throw Error(Exit::interrupted,
                    "{}: interrupted after step {} of {}; the same command continues it", name_,
                    state_.step, total_);
      if (restarts) return std::nullopt;
    }
    return finish();
  }

 private:
  void step() {
    data_.sampler.batch(rehearsal_.batch_of(data_step()), batch_);
    model_.zero_gradients();
    double lm_loss = 0, aux_loss = 0;
    StepCounts counts;
    const double communicated = ranks_.seconds();
    for (int64_t micro = 0; micro < spec_.accumulate; ++micro) {
      const Part rows = rows_of(micro);
      const bool last = micro + 1 == spec_.accumulate;
      const model::Loss loss = model_.forward(tokens_of(rows), /*training=*/true, noise_at(rows),
                                              last ? summing_.beginning() : model::StageDone{});
      const double share = share_of(rows);
      loss.total.mul(share).backward();
      lm_loss += loss.lm * share;
      aux_loss += loss.aux * share;
      counts.add(model_);
    }
    summing_.finish();
    const std::vector<double> sums = ranks_.sum({lm_loss, aux_loss, interrupted_ ? 1.0 : 0.0});
    stop_ = sums[2] > 0;  // when one was told to
    rehearsal_.spoil_gradients(model_, state_.step);
    const double norm = norm_together(optimizer_, ranks_);
    need_finite(sums[0] + sums[1], norm);
    const double lr = rehearsal_.rate(learning_rate(spec_.optimizer, state_.step, total_));
    update_together(optimizer_, model_, ranks_, lr, norm);
    counts.balance(model_, ranks_);
    rehearsal_.spoil_weights(model_);

    // Everything below is bookkeeping.
    synchronise(model_.options().device);
    ++state_.step;
    state_.tokens += spec_.batch * spec_.sequence;
    state_.data_hash = hash_tokens(state_.data_hash, batch_);
    state_.communication += ranks_.seconds() - communicated;
    clock_.lap(&run::Clocks::train);
    if (ranks_.first()) record(rehearsal_.reported(sums[0]), sums[1], lr, norm);
    clock_.lap(&run::Clocks::other);
  }

  void record(double lm_loss, double aux_loss, double lr, double norm) {
    records_->write(run::to_line({.step = state_.step,
                                  .tokens = state_.tokens,
                                  .loss = lm_loss + aux_loss,
                                  .lm_loss = lm_loss,
                                  .aux_loss = aux_loss,
                                  .lr = lr,
                                  .grad_norm = norm,
                                  .clocks = clock_.totals(),
                                  .data_hash = state_.data_hash}));
  }

  Part rows_of(int64_t micro) const { return train::rows_of(spec_, ranks_.rank(), micro); }

  double share_of(const Part& rows) const {
    return static_cast<double>(rows.count) / static_cast<double>(spec_.batch);
  }

  at::Tensor tokens_of(const Part& rows) {
    const int64_t row = spec_.sequence + 1;
    const at::Tensor tokens_BS =
        at::from_blob(batch_.data() + rows.first * row, {rows.count, row}, at::kInt);
    return tokens_BS.to(model_.options().device, at::kLong);
  }

  // Data and noise go on where an earlier stage ended.
  int64_t data_step() const { return spec_.first_step + state_.step; }

  model::NoisePlace noise_at(const Part& rows) const {
    return {.seed = static_cast<uint64_t>(spec_.seed),
            .step = static_cast<uint64_t>(data_step()),
            .first_row = rows.first * spec_.sequence};
  }

  void need_finite(double loss, double norm) {
    if (std::isfinite(loss) && std::isfinite(norm)) return;
    if (mlperf_) mlperf_->stop("run_stop", {{"status", "aborted"}, {"step_num", state_.step + 1}});
    throw Error(Exit::run_failed,
                "{}: step {}: loss {} with gradient norm {} is not finite; stopped before the "
                "update; lower the learning rate or use another precision",
                name_, state_.step + 1, loss, norm);
  }

  bool due(int64_t every) const { return every > 0 && state_.step % every == 0; }

  void watch() {
    if (ranks_.first()) measure_unseen();
    ranks_.wait_for_all();
    clock_.lap(&run::Clocks::other);
  }

  void measure_unseen() {
    const json samples = {{"samples_count", state_.step * spec_.batch}, {"step_num", state_.step}};
    mlperf_->start("eval_start", samples);
    clock_.lap(&run::Clocks::other);
    const eval::HeldOut unseen = eval::unseen_loss(
        model_, *data_.valid, spec_.sequence, spec_.watch.windows, spec_.batch / spec_.accumulate);
    clock_.lap(&run::Clocks::eval);
    mlperf_->point("eval_accuracy", unseen.loss, samples);
    mlperf_->stop("eval_stop", samples);
    records_->write(run::to_line({.step = state_.step,
                                  .split = "valid",
                                  .loss = unseen.loss,
                                  .tokens = unseen.tokens,
                                  .bits_per_byte = unseen.bits_per_byte}));
  }

  void checkpoint() {
    if (ranks_.first()) {
      records_->sync();
      state_.mlperf_bytes = mlperf_->bytes();
    }
    clock_.lap(&run::Clocks::other);
    state_.clocks = clock_.totals();
    save_together(directory_.checkpoints(), state_, model_, optimizer_, ranks_);
    clock_.lap(&run::Clocks::checkpoint);
  }

  bool resume() {
    const auto state = load_together(directory_.checkpoints(), model_, optimizer_, ranks_);
    if (!state) return false;
    state_ = *state;
    clock_.continue_from(state->clocks);
    rehearsal_.resume(model_, optimizer_);
    return true;
  }

  // Another run's weights, or the common initialisation from expert `slice` on.
  void set_initial_weights(const run::OpenedJob& job) {
    if (spec_.keep_optimizer) load_moments(input(job, "initial").path() / kMomentsFile, optimizer_);
    if (job.inputs.contains("initial"))
      model::load_weights(input(job, "initial").weights(), model_.parameters());
    else
      model_.initialise(static_cast<uint64_t>(spec_.seed), std::max<int64_t>(spec_.slice, 0));
    rehearsal_.start(model_);
    share_values(model_, ranks_);
  }

  void log_process_start() {
    const json line = {{"event", "start"},
                       {"schema", 1},
                       {"step", state_.step},
                       {"steps", total_},
                       {"parameters", model_.parameter_count()},
                       {"tokens_per_step", spec_.batch * spec_.sequence}};
    records_->write(line.dump());
    clock_.lap(&run::Clocks::other);
  }

  json finish() {
    const at::Tensor load = model_.expert_load();
    if (!ranks_.alone()) load.mul_(share_of(rows_of(0)) * static_cast<double>(spec_.accumulate));
    ranks_.sum(load);
    return ranks_.first() ? conclude(load) : json();
  }

  json conclude(const at::Tensor& expert_load) {
    log_end(*mlperf_, total_, total_ * spec_.batch, state_.data_hash);
    keep_only(directory_.checkpoints(), total_);
    leave_weights(directory_.checkpoints(), total_, directory_.weights_file());
    json result = summarise(run::read_records(directory_.records_file()).steps, loss_before_);
    clock_.lap(&run::Clocks::other);
    // How often each window of its documents was seen, on average.
    result["epochs"] =
        static_cast<double>(total_ * spec_.batch) / static_cast<double>(data_.sampler.windows());
    result["clocks"] = clocks_json(clock_.totals());
    result["tokens_per_second"] =
        static_cast<double>(state_.tokens) / std::max(clock_.totals().train, 1e-9);
    if (!ranks_.alone()) result["communication_seconds"] = state_.communication;
    result["parameters"] = model_.parameter_count();
    result["expert_load"] = json_rows(expert_load);
    result["peak_memory_bytes"] = peak_memory_bytes(model_.options().device);
    result["corpus_fingerprint"] = data_.fingerprint;
    result["tokenizer_sha256"] = data_.train->tokenizer_sha256();
    if (const json rehearsal = config::to_json(spec_.rehearsal); !rehearsal.empty())
      result["rehearsal"] = rehearsal;
    return result;
  }

  const std::atomic<bool>& interrupted_;
  bool stop_ = false;  // all ranks agree
  Ranks& ranks_;
  const run::RunDirectory& directory_;
  std::string name_;
  Clock clock_;  // before all that takes time
  config::TrainSpec spec_;
  int64_t checkpoint_every_;
  TrainingData data_;
  int64_t total_;  // steps
  model::Transformer model_;
  AdamW optimizer_;
  GradientSum summing_;
  std::vector<int32_t> batch_;
  std::optional<double> loss_before_;  // of the model that this one has grown from
  TrainState state_;
  Rehearsal rehearsal_;
  bool resumed_ = false;
  std::optional<LineWriter> records_;
  std::optional<MlperfLog> mlperf_;
};

}  // namespace

json train(const run::OpenedJob& job, const run::RunDirectory& directory,
           const std::atomic<bool>& interrupted, Ranks& ranks) {
  if (auto result = Trainer(job, directory, interrupted, ranks).run()) return *std::move(result);
  return Trainer(job, directory, interrupted, ranks).run().value();
}

json train(const run::OpenedJob& job, const run::RunDirectory& directory,
           const std::atomic<bool>& interrupted) {
  Ranks alone;
  return train(job, directory, interrupted, alone);
}

}  // namespace repro::train
