#pragma once
// The one door to Slurm's programs: sbatch, squeue, scancel, scontrol, sinfo. Each call is a vector
// of words that passes no shell, with bounded output and a time-out; what they print is read
// strictly, for its schema follows Slurm's version (which is why squeue's JSON is not asked for).

#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.hpp"

namespace repro::launch {

// A task of a job array. Every job is one, so that all are called alike.
struct SlurmTask {
  int64_t array = 0;
  int64_t index = 0;
  auto operator<=>(const SlurmTask&) const = default;
  std::string text() const;  // "12_3"
};
std::optional<SlurmTask> parse_task(std::string_view text);

// Tasks that were cancelled before they could start have one entry for all of them.
constexpr int64_t kRestOfArray = -1;

struct SlurmEntry {
  std::string name;    // of the array
  std::string state;   // "RUNNING"; Slurm's word, in capitals
  std::string reason;  // why it waits, or how it ended
  std::string nodes;
};
using SlurmQueue = std::map<SlurmTask, SlurmEntry>;

// What the cluster says of itself.
struct SlurmCluster {
  std::string name;
  int64_t most_tasks = 1001;  // MaxArraySize: an index is less than that
};

struct SlurmSubmission {
  std::vector<std::string> options;  // "--partition=cheap", ...
  std::filesystem::path script;
  std::vector<std::string> arguments;
};

// Error (run_failed) when a program is missing, fails or takes too long: then nothing is known.
SlurmCluster ask_cluster();
std::vector<std::string> ask_partitions();
// The tasks of this user that the controller remembers, ended ones too.
SlurmQueue ask_queue();
// "3:0", exit code and signal of a task that the controller remembers.
std::optional<ExitStatus> ask_exit(const SlurmTask& task);
int64_t submit(const SlurmSubmission& submission);  // the array's id
// Tasks as words_of() names them; to those that have ended nothing happens. That Slurm does not
// answer is no error: what goes on is seen at the next look.
void cancel(const std::vector<std::string>& options, const std::vector<std::string>& words);
// Of one that is held; what does not come of it is seen at the next look, too.
void release(const SlurmTask& task);

// Of squeue's lines, in the format that ask_queue() asks for. What has no index is of
// kRestOfArray; a line of another form is an Error.
SlurmQueue parse_queue(std::string_view text);
// 0,2-4: as sbatch's --array takes it. Ascending.
std::string index_text(const std::vector<int64_t>& indices);
// As scancel takes them: "12_[0-3,7]", a word an array.
std::vector<std::string> words_of(std::vector<SlurmTask> tasks);

}  // namespace repro::launch
