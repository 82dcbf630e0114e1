#pragma once
// Jobs into job arrays: as few submissions as their order allows, because each costs the controller
// as much as a single job does. Pure.
//
// Two ways make one array of many jobs that wait for others. Jobs that wait for the very same tasks
// are one array with a plain dependency. Jobs of which each waits for tasks of its own index in the
// same other arrays are one array whose task i waits for task i of those (`aftercorr`): so the
// cells of an experiment become columns, however many they are.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace repro::launch {

// A task by its array: of this call by the batch's index, of an earlier one by minus Slurm's id.
struct BatchPlace {
  int64_t array = 0;
  int64_t index = 0;
  auto operator<=>(const BatchPlace&) const = default;
};

struct BatchJob {
  size_t job = 0;    // the caller's number
  std::string kind;  // only jobs of one kind, for which the same is asked, share an array
  std::vector<size_t> after = {};              // jobs of this call, given before it
  std::vector<BatchPlace> after_earlier = {};  // tasks of earlier calls
};

struct Batch {
  std::string kind;
  struct Task {
    int64_t index = 0;
    size_t job = 0;
  };
  std::vector<Task> tasks;             // by ascending index
  std::vector<int64_t> corresponding;  // arrays: task i waits for task i of each
  std::vector<BatchPlace> after;       // tasks for which each waits
};

// Each batch after those that it waits for. An index is less than `most_tasks`, which is positive.
std::vector<Batch> make_batches(const std::vector<BatchJob>& jobs, int64_t most_tasks);

}  // namespace repro::launch
