#pragma once
// Shows an execution while it goes on: on a terminal one line a running job and a total, redrawn in
// place; elsewhere a plain line when a job starts or ends, and now and then between. On standard
// error, so that standard output holds the answer alone.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/stopwatch.hpp"
#include "cli/progress_lines.hpp"
#include "launch/executor.hpp"
#include "run/lock.hpp"

namespace repro::cli {

// What is known of a running execution, and what is left of it. `predicted` seconds are corrected
// by how long jobs of the same kind really took.
class ProgressTracker {
 public:
  ProgressTracker(const run::JobGraph& graph, const std::filesystem::path& runs,
                  std::vector<double> predicted, launch::ScheduleOptions schedule);

  void started(size_t job);
  void finished(size_t job, const launch::Outcome& outcome);
  void crashed(size_t job);
  // How many jobs are in a queue, at work or not.
  void queued(size_t jobs) { queued_ += jobs; }
  void left_queue() { queued_ -= queued_ > 0 ? 1 : 0; }
  void stopping() { stopping_ = true; }
  void wanted(const std::vector<bool>& jobs);

  std::vector<JobProgress> jobs(size_t most);  // that run; at most so many
  TotalProgress total();                       // its fraction never falls

 private:
  JobProgress progress_of(size_t job) const;
  std::optional<double> seconds_of_items(size_t job, const JobProgress& progress) const;
  void remember(size_t job, JobProgress& progress);
  double seconds_left(size_t job) const;
  double correction(const std::string& kind) const;

  const run::JobGraph& graph_;
  std::filesystem::path runs_;
  std::vector<double> predicted_;
  launch::ScheduleOptions schedule_;
  size_t queued_ = 0;
  std::vector<launch::JobState> states_;
  std::map<size_t, Stopwatch> running_;
  // Where a job that counts items was when it was first seen: it may go on behind an earlier try's.
  struct SeenItems {
    double done = 0;
    Stopwatch since;
  };
  mutable std::map<size_t, SeenItems> seen_items_;
  struct Sum {
    double taken = 0;
    double predicted = 0;
  };
  std::map<std::string, Sum> by_kind_;  // of jobs that finished in one try
  struct Seen {
    double step = 0;
    std::vector<double> losses;
  };
  std::map<size_t, Seen> seen_;  // of jobs that were shown
  double furthest_ = 0;
  bool stopping_ = false;
};

class ProgressDisplay final : public launch::Observer {
 public:
  ProgressDisplay(const run::JobGraph& graph, const std::filesystem::path& runs,
                  std::vector<double> predicted, const launch::ScheduleOptions& schedule,
                  run::RunsLock& lock);
  ~ProgressDisplay() override;

  void started(size_t job, int tries, int64_t process) override;
  void finished(size_t job, const launch::Outcome& outcome) override;
  void crashed(size_t job, const std::string& line) override;
  void wanted(const std::vector<bool>& jobs) override { tracker_.wanted(jobs); }
  void queued(size_t put, size_t found) override;
  void returned(size_t) override { tracker_.left_queue(); }
  void noted(const std::string& line) override { say(line); }
  void stopping() override;
  void tick() override;

 private:
  void forget(size_t job);
  bool says_each() const;
  void say(const std::string& line);  // stays on the screen
  void redraw();
  void erase();

  const run::JobGraph& graph_;
  ProgressTracker tracker_;
  run::RunsLock& lock_;
  std::map<std::string, int64_t> pids_;
  bool terminal_;
  size_t drawn_ = 0;  // lines on the screen to redraw
  Stopwatch since_start_;
  Stopwatch since_last_;  // plain lines of progress
  Stopwatch since_drawn_;
  double drawing_seconds_ = 0;
};

}  // namespace repro::cli
