#pragma once
// The answers to downstream tasks as lm-evaluation-harness (0.4.13) writes its own, so that its
// users' tools read them: results_TIME.json, and samples_TASK_TIME.jsonl with every request, its
// log-likelihood and the fingerprints of what was asked. A task with parts (MMLU) becomes a task a
// part, NAME_PART, and groups of them.

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "config/task.hpp"

namespace repro::report {

// One task that a run answered.
struct HarnessTask {
  config::Task definition;
  std::filesystem::path items;    // the task run's items.jsonl
  std::filesystem::path answers;  // the eval run's answers-NAME.jsonl, a line for each item asked
};

// What the harness says of the model and the command.
struct HarnessModel {
  std::string name;  // of the run
  std::string precision;
  int64_t parameters = 0;
  int64_t window = 0;  // its max_length
  int64_t limit = 0;   // of items a part; 0 = all
  double seconds = 0;
};

// Writes FOLDER/MODEL/results_TIME.json last, after the samples; returns its path. Error naming the
// file where answers are not those of the items.
std::filesystem::path write_harness_results(const std::filesystem::path& folder,
                                            const HarnessModel& model,
                                            const std::vector<HarnessTask>& tasks);

}  // namespace repro::report
