#pragma once
// What was submitted from a runs folder, kept in it: RUNS/.slurm/CLUSTER/ holds one list of run
// directories a job array, written before the array is submitted and named like it. So whoever
// finds an array in the queue knows its runs, whether or not the process that submitted it lived to
// note its id; and a job that does not see its list knows that the folder is not shared with its
// node. SUBMITTED in a run directory says the id to people and to `repro status`.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "launch/slurm_commands.hpp"
#include "run/run_directory.hpp"

namespace repro::launch {

constexpr const char* kSubmissions = ".slurm";  // in a runs folder

class Submissions {
 public:
  // Makes the folder, and writes the script that every job runs.
  Submissions(const std::filesystem::path& runs, const std::string& cluster);

  const std::filesystem::path& script() const { return script_; }
  std::filesystem::path list(const std::string& name) const { return folder_ / (name + ".list"); }
  std::filesystem::path log(const std::string& name) const { return folder_ / (name + ".log"); }

  // A list of run directories by index, under a new name: "repro-train-1f3c9a7e5b21".
  std::string add(const std::string& kind,
                  const std::map<int64_t, std::filesystem::path>& directories) const;
  // Removes lists of which the queue holds nothing that goes on, and their empty logs.
  void prune(const SlurmQueue& queue) const;

 private:
  std::filesystem::path folder_;
  std::filesystem::path script_;
};

// A run's task that has not ended.
struct SubmittedRun {
  SlurmTask task;
  SlurmEntry entry;
};
// By name of the run directory; the newest task of each. Damaged lists are left alone.
std::map<std::string, SubmittedRun> find_submitted(const std::filesystem::path& runs,
                                                   const std::string& cluster,
                                                   const SlurmQueue& queue);

// The same, asking Slurm: Error when it does not answer.
std::map<std::string, SubmittedRun> ask_submitted(const std::filesystem::path& runs);

// SUBMITTED of a run directory.
struct SubmittedMark {
  std::string cluster;
  std::string task;  // "12_3"
  int64_t time = 0;  // when, in seconds since 1970, by the clock of the machine that submitted it
};
void write_mark(const run::RunDirectory& directory, const SubmittedMark& mark);
std::optional<SubmittedMark> read_mark(const run::RunDirectory& directory);

// How the job script says that its worker ended: .ended of a run directory, written last. Nothing
// when it says so of another array or not at all.
std::optional<ExitStatus> read_ended(const run::RunDirectory& directory, const std::string& name,
                                     int64_t index);

}  // namespace repro::launch
