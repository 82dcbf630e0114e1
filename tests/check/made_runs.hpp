#pragma once
// Trainings that never ran: losses that fall with the steps, differ by seed, and move by chance
// where a test says so.

#include <cmath>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "check/golden.hpp"
#include "check/observations.hpp"

namespace repro::checks {

struct Made {
  int64_t steps = 40;
  double scale = 1;       // of every loss
  double shift = 0;       // nats, of every loss
  double slower = 1;      // steps that a training takes for what it took one step for
  double jitter = 0;      // sd of chance at one seed, nats, of a run and of each step
  uint64_t draw = 0;      // which chance
  double seed_sd = 0.02;  // nats
  double batch_sd = 0.1;  // nats: how a step's text differs from another's
  std::string kernels = "avx512";
};

inline run::StepRecord made_step(const Made& made, int64_t seed, int64_t step) {
  const auto s = static_cast<uint64_t>(seed);
  const double progress = static_cast<double>(step) / made.slower;
  const double chance =
      made.jitter * (random_normal(made.draw + 100, s, 0) +
                     random_normal(made.draw + 101, s, static_cast<uint64_t>(step)));
  run::StepRecord record;
  record.step = step;
  record.tokens = 64 * step;
  record.lm_loss =
      made.scale * (3 + 3 * std::pow(progress, -0.5) + made.seed_sd * random_normal(1, s, 0) +
                    made.batch_sd * random_normal(2, s, static_cast<uint64_t>(step))) +
      made.shift + chance;
  record.loss = record.lm_loss;
  record.lr = 1e-3 * (1 - static_cast<double>(step) / 100);
  record.grad_norm = 1 + 0.1 * random_normal(3, s, static_cast<uint64_t>(step)) + chance;
  record.clocks.train = 0.01 * static_cast<double>(step);
  record.data_hash = mix64(s * 1000 + static_cast<uint64_t>(step));
  return record;
}

inline Member made_member(const Made& made, int64_t seed, int64_t window = 5) {
  std::vector<run::StepRecord> steps;
  for (int64_t step = 1; step <= made.steps; ++step) steps.push_back(made_step(made, seed, step));
  Member member;
  add_records(member, steps);
  member.numbers["final_loss"] = final_mean(member.series.at("loss"), window);
  member.numbers["unseen_loss"] = member.numbers["final_loss"] + 0.1;
  return member;
}

inline Observations made_runs(const Made& made, int64_t first, int64_t seeds,
                              const std::vector<std::string>& trainings = {"qwen-full"}) {
  Observations observed;
  for (const std::string& name : trainings)
    for (int64_t seed = first; seed < first + seeds; ++seed)
      observed.trainings[name][seed] = made_member(made, seed);
  observed.platform = {{"processor", "A"}, {"kernels", made.kernels}};
  observed.environment = {{"torch", "2.15.0"}, {"kernels", made.kernels}};
  return observed;
}

// Ten seeds, five of them a gate's, with twins that chance moved by 0.001 nats.
inline Golden made_golden(const Policy& policy = {}, const Made& made = {}) {
  const Observations observed = made_runs(made, 0, 10);
  Made other = made;
  other.jitter = 0.001;
  other.draw = 7;
  const Observations twins = made_runs(other, 0, 10);
  Recipe recipe{
      .experiment = "table", .scale = "smoke", .settings = {}, .window = 5, .gate_seeds = 5};
  Golden golden = make_golden(observed, &twins, recipe, policy);
  golden.name = "made";
  golden.why = "made up";
  golden.recorded = "2026-01-31T12:00:00Z";
  golden.version = "0";
  return golden;
}

// What a gate measures of a made training, by this golden.
inline Observations measured(const Made& made, const Golden& golden, int64_t first = 0,
                             int64_t seeds = 5) {
  Observations observed = made_runs(made, first, seeds);
  measure_like(observed, golden);
  return observed;
}

}  // namespace repro::checks
