#pragma once
// A golden: what trainings gave once, with everything that says what a deviation means - how to run
// them again, where they ran, how far noise moves them, and why they were recorded. It stands in
// the tree as goldens/NAME.json, sealed by a checksum, and is renewed only together with its
// evidence.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "check/observations.hpp"
#include "check/policy.hpp"

namespace repro::checks {

constexpr int kGoldenSchema = 1;
constexpr int64_t kFewestSeeds = 5;  // that say how far noise moves a step

// How its runs are made again. No experiment: of another program's files.
struct Recipe {
  std::string experiment = {}, scale = {};
  std::vector<std::string> settings = {};
  int64_t window = 1;      // steps that a final loss is the mean of
  int64_t gate_seeds = 0;  // of the recorded ones a gate runs the first so many at first
};

// How far noise moves what is measured, at one seed.
enum class Basis {
  twins,  // the same seed once more, from a start beside its own: differences are at one seed
  seeds,  // other seeds: differences are from the seeds' mean
};

struct TrainingGolden {
  Ensemble seeds;  // series as sampled
  Basis basis = Basis::seeds;
  std::map<std::string, Series> tolerance;  // by series, at its steps; none where seeds are too few
  std::map<std::string, double> spread;     // by number: sd of the differences that the basis makes
  std::map<std::string, double> margin;     // by number: the policy's, or more where noise asks it
  double target_loss = 0;                   // of steps_to_loss; 0 = none
};

// What a gate with this golden does by chance, found by replaying its own noise.
struct Reliability {
  int64_t replays = 0;
  int64_t suspect = 0;                       // replays in which a first look found something
  int64_t red = 0;                           // and the second bore it out
  std::map<std::string, int64_t> rows = {};  // by "TRAINING: QUANTITY": first looks it was found in
  // By number of a training: the smallest move that is found in 4 of 5 cases; "TRAINING: NUMBER".
  std::map<std::string, double> found;
};

// Why one golden took another's place.
struct Renewal {
  std::string previous;                  // checksum of the one before
  std::string cause;                     // as the person who renewed it says
  std::vector<std::string> drift;        // a line each: what moved, and how far
  std::vector<std::string> environment;  // what differs
};

struct Golden {
  std::string name, why, recorded, version;
  Recipe recipe;
  Policy policy;
  bool paired = true;  // equal seeds begin alike and see equal tokens
  Platform platform;
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> keys;   // name of a job -> its key
  std::map<std::string, std::string> specs;  // likewise, of the first seed: the spec's JSON
  std::map<std::string, TrainingGolden> trainings;
  Reliability reliability;
  std::optional<Renewal> renewal;
  std::string checksum;  // of everything above, as read or written

  std::vector<int64_t> seeds() const;  // of the training that has the most
  std::vector<int64_t> gate_seeds() const;
  std::vector<int64_t> reserve_seeds() const;  // those besides
};

// With tolerances and spreads by the seeds themselves, or by twins of them. What too few seeds
// cannot give is left out. `every`: of the steps that are kept.
Golden make_golden(const Observations& observed, const Observations* twins, const Recipe& recipe,
                   const Policy& policy);

// As a golden keeps it: long series at some of their steps, without folders.
Ensemble as_kept(Ensemble ensemble);

// Adds to observations what is measured by the golden: steps to its target losses.
void measure_like(Observations& observed, const Golden& golden);

// "goldens/NAME.json" below a root.
std::filesystem::path golden_path(const std::filesystem::path& root, const std::string& name);
std::vector<std::string> golden_names(const std::filesystem::path& root);

// Error of one line with the way out: no such golden, damaged, of another schema, edited by hand,
// with values that are no numbers.
Golden read_golden(const std::filesystem::path& path);
Golden find_golden(const std::filesystem::path& root, const std::string& name);
// Writes it whole and fills in its checksum.
void write_golden(const std::filesystem::path& path, Golden& golden);

}  // namespace repro::checks
