#pragma once
// The other processes of a training that several ranks do together: rank 0, the worker of the run,
// starts them, and says which one failed. They write nothing but a log of their own in the run
// directory, rank-1.log, and end with rank 0 however it ends.

#include <atomic>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/process.hpp"
#include "run/run_directory.hpp"
#include "train/ranks.hpp"

namespace repro::worker {

class RankTeam {
 public:
  // Starts ranks 1 to `ranks` - 1: this program, after the words of train::rank_prefix().
  RankTeam(const run::RunDirectory& directory, int64_t ranks, double timeout_seconds);
  ~RankTeam();  // kills those that still run
  RankTeam(const RankTeam&) = delete;
  RankTeam& operator=(const RankTeam&) = delete;

  // Of rank 0. While it waits for the others one that has ended is noticed at once.
  train::RankPlace place();

  // After the training: waits until all have ended.
  void join();
  // After one was lost, and this process has left the group: "rank 1 was killed by SIGKILL", "rank
  // 2 said nothing for 600 s". Error, with the rank's own word, when another try would end the
  // same.
  std::string who_failed();

 private:
  std::filesystem::path log_of(int64_t rank) const;
  void look();
  void wait_a_little();
  std::string failure_of(int64_t rank);

  run::RunDirectory directory_;
  std::filesystem::path meeting_;
  double timeout_seconds_;
  std::vector<Child> others_;  // rank 1 first
};

// What one of the others is told by its arguments.
struct RankCall {
  int64_t rank = 0;
  std::filesystem::path meeting;
};

// Of a job that several ranks do: rank 0 with its team, begun again from the checkpoint when one is
// lost; or one of the others.
nlohmann::json train_together(const run::OpenedJob& job, const run::RunDirectory& directory,
                              const std::atomic<bool>& interrupted);
void train_as(const RankCall& call, const run::OpenedJob& job, const run::RunDirectory& directory,
              const std::atomic<bool>& interrupted);

}  // namespace repro::worker
