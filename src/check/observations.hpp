#pragma once
// What is compared: of each training and seed its losses step by step, its numbers, and which
// tokens it saw. Runs of this program and logs of others become the same thing; how they are read
// stands in observed_runs.hpp and observed_files.hpp.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "check/platform.hpp"
#include "run/records.hpp"

namespace repro::checks {

struct Series {
  std::vector<int64_t> steps;  // increasing
  std::vector<double> values;  // as many; not finite where the log says so
  // Decimals that the values were rounded to when they were written; -1 = all digits.
  int decimals = -1;
};

// One training with one seed.
struct Member {
  std::map<std::string, Series> series;   // "loss", "grad_norm", "lr"
  std::map<std::string, double> numbers;  // "final_loss", "unseen_loss", "steps_to_loss", ...
  std::string order;                      // hash of all tokens that it saw; "" = not known
  bool chosen_by_floats = false;  // which text it reads was decided by sums of floats: a cluster
  std::string digest;             // of all its step records without the clocks, or of all losses
                                  // of another program's log; "" = not known
  double step_seconds = 0;        // median over its steps; 0 = not known
  std::string started;            // UTC, "2026-01-31T12:00:00Z"; "" = not known
  std::string failure;            // why it has no result; "" = it has one
  std::filesystem::path directory = {};  // of the run here; "" = there is none
};

using Ensemble = std::map<int64_t, Member>;  // by seed

struct Observations {
  std::map<std::string, Ensemble> trainings;  // "qwen_moe-c4-full"
  bool paired = true;  // equal seeds begin alike and see equal tokens; not so of others' logs
  Platform platform;   // of all of them
  std::map<std::string, std::string> environment;  // every fact of it, by path: "cpu.model"
  std::string machine;                             // machine_id(), "" = not known
  std::string machine_text;                        // for people
  std::vector<std::string> warnings;               // of runs that are not of one platform
};

// Steps 1, every `every`-th, and the last.
Series sampled(const Series& series, int64_t every);
// Mean of the values of the last `window` steps.
double final_mean(const Series& series, int64_t window);
// At which step the mean of the last `window` steps first is at most `loss`, straight between two
// steps in the logarithm; NaN where it never is.
double steps_to_loss(const Series& series, double loss, int64_t window);

// loss, grad_norm and lr of step records, their order, digest and median seconds.
void add_records(Member& member, const std::vector<run::StepRecord>& steps);

// Of each seed that has it; the ensemble must outlive them.
std::vector<const Series*> series_of(const Ensemble& ensemble, const std::string& name);
// The values of these seeds; NaN for one that lacks the number.
std::vector<double> numbers_of(const Ensemble& ensemble, const std::string& number,
                               const std::vector<int64_t>& seeds);
std::vector<int64_t> seeds_of(const Ensemble& ensemble);

// Two seeds that saw the same tokens and lost the same are one run twice: "seeds 0 and 1 are the
// same run", a line each.
std::vector<std::string> repeated_seeds(const Ensemble& ensemble);

}  // namespace repro::checks
