#pragma once
// The gate: runs what a golden's first look lacks, compares, and looks again with the golden's
// other seeds where something is suspect.

#include <string>
#include <vector>

#include "check/golden.hpp"
#include "check/observations.hpp"
#include "check/verdict.hpp"
#include "cli/check_runs.hpp"

namespace repro::cli {

// What a gate has to say.
struct Checked {
  std::string name = {};     // of the golden, or "BASE against NEW"
  std::string command = {};  // that does it again
  std::vector<checks::Row> rows = {};
  std::vector<std::string> warnings = {};
  std::vector<std::string> notes = {};  // how far the verdict can be relied on
  int64_t cleared = 0;                  // rows that were suspect at the first look only
  double seconds = 0;
  Exit exit = Exit::ok;
};

struct GateOptions {
  CheckRunOptions runs;
  bool exact = true, approximate = true, statistical = true;  // lanes
  bool time = false;                                          // seconds of a step too
};

// Error when the manifest is not the golden's; Checked with exit interrupted when the user stopped
// it.
Checked run_gate(const Context& context, const checks::Golden& golden, const GateOptions& options);

// The plan of a golden's experiment with its first `seeds` seeds.
plan::Plan golden_plan(const Context& context, const checks::Golden& golden, int64_t seeds);

// "false alarms: 0 of 200 replays of the golden's own noise were red, 3 suspect", and what is found
// in 4 of 5 cases.
std::vector<std::string> reliability_notes(const checks::Golden& golden);

}  // namespace repro::cli
