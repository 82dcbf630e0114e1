#pragma once
// The items of a downstream task, from the rows of its files to what a model reads: a context
// (description, worked examples, question) and its choices.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/task.hpp"
#include "data/text/document.hpp"

namespace repro::data {

struct TaskItem {
  int64_t id = 0;              // among the task's items, in the files' order
  std::string part;            // its subject; "" where the task has none
  nlohmann::ordered_json row;  // as published, with the definition's own fields
  std::string context;
  std::vector<std::string> choices;  // without the delimiter before them
  int64_t gold = 0;                  // index of the right one

  // What a model scores after the context: the delimiter and the choice.
  std::string continuation(size_t choice, const std::string& delimiter) const {
    return delimiter + choices[choice];
  }
};

// A row and where it stands, for messages: "FILE, row 12".
struct TaskRow {
  nlohmann::ordered_json row;
  std::string where;
};

// From rows that were read. Error naming the row for a value that a template misses, a right choice
// that is none, or a choice without a character; or when there are fewer examples than asked.
std::vector<TaskItem> make_items(const config::Task& task, const std::vector<TaskRow>& rows,
                                 const std::vector<TaskRow>& shot_rows);

// Brings the task's files into `cache` where they are missing, and makes its items.
struct TaskItems {
  std::vector<TaskItem> items;
  std::string fingerprint;  // SHA-256 over contexts, choices and right ones
};
TaskItems read_task(const config::Task& task, const std::filesystem::path& cache,
                    const ProgressCallback& progress);
// Of a task that is made of a corpus, from the run directory of a finished prepare job.
TaskItems make_task(const config::Task& task, const std::filesystem::path& prepared);

}  // namespace repro::data
