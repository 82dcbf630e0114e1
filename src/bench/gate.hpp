#pragma once
// Is the gate right as often as it says? Trainings that are made up, whose truth is known: how
// often one that nothing changed is called a regression, how often a change of known size is found,
// and how often the intervals that it prints hold the truth.

#include <cstdint>
#include <string>
#include <vector>

#include "check/golden.hpp"
#include "check/observations.hpp"

namespace repro::bench {

// A made-up training: a loss that falls as a power of the steps.
struct MadeTraining {
  int64_t steps = 400;
  double slower = 1;       // steps that it takes for what another takes one for
  double shift = 0;        // nats, of every loss
  double seed_sd = 0.02;   // nats: how seeds differ from one another
  double batch_sd = 0.05;  // nats: how the text of a step differs from another's
  double jitter = 0;       // nats: what chance does at one seed, to a run and to each step
  uint64_t draw = 0;       // which chance
};
checks::Observations make_trainings(const MadeTraining& training, int64_t first_seed,
                                    int64_t seeds);

struct GateBenchOptions {
  int64_t nulls = 200;
  uint64_t seed = 1;
};

struct Counted {
  std::string what;
  double expected = 0;  // share; of false alarms the most that is allowed
  int64_t hits = 0, times = 0;
  double share() const { return static_cast<double>(hits) / static_cast<double>(times); }
};

struct GateReport {
  std::vector<Counted> false_alarms;  // called a regression in the end
  std::vector<Counted> suspects;      // at the first look alone
  std::vector<Counted> found;         // changes of known size
  std::vector<Counted> coverage;      // of nominal 95 % intervals
};

GateReport measure_gate(const GateBenchOptions& options);
std::string to_text(const GateReport& report);

}  // namespace repro::bench
