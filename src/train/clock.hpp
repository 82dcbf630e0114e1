#pragma once
// Where the time of a run goes. The clock never stops: lap() charges all time since the last lap to
// one kind, so the kinds sum to the wall time by construction. Totals live in the checkpoint and
// continue after a restart.

#include "base/stopwatch.hpp"
#include "run/records.hpp"

namespace repro::train {

class Clock {
 public:
  // Continues from the totals of a checkpoint.
  explicit Clock(const run::Clocks& totals = {}) : totals_(totals) {}

  // lap(&run::Clocks::eval): all time since the last lap, or the start, was evaluation.
  void lap(double run::Clocks::*kind) { totals_.*kind += stopwatch_.lap(); }
  // Adds what earlier processes of the run spent, read from their checkpoint after this one began.
  void continue_from(const run::Clocks& earlier) {
    totals_.train += earlier.train;
    totals_.eval += earlier.eval;
    totals_.checkpoint += earlier.checkpoint;
    totals_.other += earlier.other;
  }
  const run::Clocks& totals() const { return totals_; }

 private:
  run::Clocks totals_;
  Stopwatch stopwatch_;
};

}  // namespace repro::train
