#pragma once
// The faults that a rehearsal makes on purpose (config::RehearsalSpec), each where a real one would
// stand. Of an ordinary training every function does nothing.

#include <cstdint>
#include <vector>

#include "config/job_spec.hpp"
#include "model/transformer.hpp"
#include "train/checkpoint.hpp"
#include "train/optimizer.hpp"

namespace repro::train {

class Rehearsal {
 public:
  explicit Rehearsal(const config::TrainSpec& spec);

  // Whether the process is to end here and go on from a checkpoint.
  bool restarts_after(int64_t step) const { return step > 0 && step == spec_.restart_after; }

  // Of the initial weights: jitter, and what a dead expert is from the start.
  void start(model::Transformer& model) const;
  // Of what a checkpoint gave back.
  void resume(model::Transformer& model, AdamW& optimizer);
  // The batch that step `step` reads.
  int64_t batch_of(int64_t step) const;
  void spoil_gradients(model::Transformer& model, int64_t step) const;
  void spoil_weights(model::Transformer& model) const;  // after an update
  double rate(double lr) const;
  double reported(double loss) const;

 private:
  bool is(const char* fault) const { return spec_.fault == fault; }

  config::RehearsalSpec spec_;
  uint64_t seed_;
  int64_t skipped_ = 0;  // batches
};

// The spec that a fault of the whole training makes of one: another seed's.
config::TrainSpec rehearsed(config::TrainSpec spec);

}  // namespace repro::train
