#pragma once
// Jobs as tasks of Slurm's job arrays. Slurm starts them in their order on the nodes that the site
// names, requeues those of a failed node, and keeps them when this process ends: the next one finds
// them again. That Slurm does not answer means that nothing is known, never that a job is gone.

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/stopwatch.hpp"
#include "launch/launcher.hpp"
#include "launch/site.hpp"
#include "launch/slurm_batches.hpp"
#include "launch/slurm_commands.hpp"
#include "launch/slurm_states.hpp"
#include "launch/slurm_submissions.hpp"

namespace repro::launch {

class SlurmLauncher final : public Launcher {
 public:
  // `runs` and `worker` are paths that the nodes have too. Error when Slurm does not answer, or the
  // site names a partition that the cluster does not have.
  SlurmLauncher(Site site, const std::filesystem::path& runs, const std::filesystem::path& worker);

  bool queues() const override { return true; }
  void start(const std::vector<Request>& requests) override;
  std::vector<size_t> adopt(const std::vector<Request>& requests) override;
  News poll(std::chrono::milliseconds timeout) override;
  void terminate(const std::vector<size_t>& jobs, Stop how) override;

 private:
  struct Job {
    run::RunDirectory directory;
    run::Resources resources;
    SlurmTask task;
    std::string name;       // of its array
    int64_t submitted = 0;  // when, by this machine's clock
    bool began = false;
    int releases = 0;                     // after starts that failed
    int absences = 0;                     // questions in a row to which Slurm did not name it
    std::optional<Stopwatch> ended = {};  // since Slurm says so
  };

  std::vector<std::string> options_of(const run::Resources& resources) const;
  std::string dependency_of(const Batch& batch, const std::vector<int64_t>& ids) const;
  int64_t submit_batch(const Batch& batch, const std::vector<int64_t>& ids,
                       const std::map<size_t, const Request*>& requests);
  int64_t submit_or_say(const SlurmSubmission& submission, const SiteProfile& asked) const;
  std::optional<SlurmQueue> ask_or_say(News& news);
  void look(const SlurmQueue& queue, News& news);
  QueuePhase look_at(size_t number, Job& job, const SlurmQueue& queue, News& news);
  void see_to_waiting(Job& job, const SlurmEntry& entry, News& news);
  std::optional<Ended> end_of_job(size_t number, const Job& job, const SlurmEntry* entry) const;
  Ended without_word(size_t number, const Job& job, const SlurmEntry* entry) const;
  void compare_clocks(const Job& job, News& news);
  void give_up(News& news);
  std::string place_of(const Job& job) const;
  static std::string node_of(const SlurmEntry* entry);

  Site site_;
  std::filesystem::path runs_;
  std::filesystem::path worker_;
  SlurmCluster cluster_;
  Submissions submissions_;
  std::map<size_t, Job> jobs_;  // by the caller's number; those that have not ended
  std::optional<Stopwatch> asked_;
  bool away_ = false;            // Slurm did not answer the last question
  bool forced_ = false;          // the user wants an end now
  std::set<size_t> stopping_;    // jobs that were asked to stop
  std::set<std::string> noted_;  // what was said already, by what it is of
};

}  // namespace repro::launch
