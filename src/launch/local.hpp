#pragma once
// Jobs as child processes of this machine: one process group each, pinned to its cores, no standard
// input, output appended to the run directory's logs. Children die with this process, however it
// dies.

#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "launch/launcher.hpp"

namespace repro::launch {

// $REPRO_WORKER if set (tests use it), else `repro-worker` beside the running program. Error when
// there is none.
std::filesystem::path find_worker();

// The cores this process may use, in order.
std::vector<int> available_cores();

class LocalLauncher final : public Launcher {
 public:
  // Runs `<worker> <run directory>` for each job.
  explicit LocalLauncher(std::filesystem::path worker);
  // Asks what still runs to stop, waits a little, then kills it.
  ~LocalLauncher() override;
  LocalLauncher(const LocalLauncher&) = delete;
  LocalLauncher& operator=(const LocalLauncher&) = delete;

  Handle start(const run::RunDirectory& directory, int cores) override;
  std::vector<Finished> poll(std::chrono::milliseconds timeout) override;
  void terminate(Handle handle, Stop how) override;

 private:
  struct Job;
  std::vector<int> take_cores(int count);
  void give_back(const std::vector<int>& slots);
  std::vector<Finished> collect();

  std::filesystem::path worker_;
  std::vector<int> cores_;
  std::vector<int> load_;  // running jobs on each of cores_
  std::map<Handle, std::unique_ptr<Job>> jobs_;
};

}  // namespace repro::launch
