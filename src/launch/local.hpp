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

  // Each on the cores of its ranks' threads, or on all where there are fewer.
  void start(const std::vector<Request>& requests) override;
  News poll(std::chrono::milliseconds timeout) override;
  void terminate(const std::vector<size_t>& jobs, Stop how) override;
  int64_t process(size_t job) const override;

 private:
  struct Job;
  std::vector<int> take_cores(int64_t count);
  void give_back(const std::vector<int>& slots);
  void start_one(const Request& request);
  std::vector<Ended> collect();

  std::filesystem::path worker_;
  std::vector<int> cores_;
  std::vector<int> load_;                        // running jobs on each of cores_
  std::map<size_t, std::unique_ptr<Job>> jobs_;  // by the caller's number
};

}  // namespace repro::launch
