#pragma once
// The fingerprints by which lm-evaluation-harness (0.4.13) tells whether two results were asked the
// same questions.

#include <map>
#include <string>
#include <vector>

#include "data/tasks/task_items.hpp"

namespace repro::data {

// SHA-256 of the item's row as Python's json.dumps(row, indent=2, ensure_ascii=False) writes it, of
// the context, and of the right choice's index as digits.
struct HarnessHash {
  std::string doc, prompt, target;
};
HarnessHash harness_hash(const TaskItem& item);

// Of all items of a part ("" where the task has none) in their order: SHA-256 over their three
// hashes, what the harness writes as task_hashes.
std::map<std::string, std::string> harness_task_hashes(const std::vector<TaskItem>& items);

}  // namespace repro::data
