#pragma once
// A run as trackers of experiments see it: names, settings, numbers and curves, of whatever kind
// its job was.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "run/records.hpp"
#include "run/run_directory.hpp"
#include "run/verifier.hpp"

namespace repro::trackers {

struct TrackedRun {
  std::string directory;        // its name below the folder of the runs
  std::string name, kind, key;  // of its job
  std::string state;            // "done", "failed", "unfinished"
  std::string failure;          // the line in FAILED; "" = none
  std::string started;          // of its last start, "2026-01-31T12:00:00Z"; "" = not known
  int64_t started_seconds = 0;  // the same since 1970; 0 = not known
  std::map<std::string, std::string> inputs;       // role -> directory
  std::map<std::string, std::string> settings;     // "spec.optimizer.lr" -> its JSON
  std::map<std::string, std::string> environment;  // "cpu.model" -> as text
  std::map<std::string, double> numbers;           // of its result: "measures.unseen.loss"
  std::map<std::string, std::string> texts;        // what of its result is no number, as JSON
  run::Records records;
};

// Error of one line when a file of a finished run is not as it was left, or job.json cannot be
// read.
TrackedRun track(const run::RunDirectory& directory, run::Verifier& verifier);

// One value of a curve: "train/loss", "eval/valid/loss".
struct Point {
  int64_t step = 0;
  double value = 0;
  double time = 0;  // seconds since 1970: its last start and the clocks until then
};
std::map<std::string, std::vector<Point>> curves_of(const TrackedRun& run);

}  // namespace repro::trackers
