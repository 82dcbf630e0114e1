#pragma once
// Runs what a job graph lacks: starts jobs through a launcher in the order of a schedule, judges
// how each ended, and says so. One failed branch does not stop the others. Knows no process: the
// launcher does.

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "launch/launcher.hpp"
#include "launch/schedule.hpp"
#include "run/job.hpp"

namespace repro::launch {

struct Outcome {
  JobState state = JobState::waiting;  // waiting: never started, because of an interrupt
  bool cached = false;                 // done before this invocation
  int tries = 0;
  double seconds = 0;   // of this invocation, over its tries
  std::string message;  // one line: why it failed, or what blocks it
};

struct ExecutionResult {
  std::vector<Outcome> jobs;  // by job of the graph
  bool interrupted = false;
  size_t count(JobState state) const;
  size_t cached() const;
};

// Told of everything as it happens; `tick` comes a few times a second.
class Observer {
 public:
  virtual ~Observer() = default;
  // `process`: its id where it runs here, else 0.
  virtual void started(size_t job, int tries, int64_t process) = 0;
  virtual void finished(size_t job, const Outcome& outcome) = 0;  // or blocked, for good
  virtual void crashed(size_t job, const std::string& line) = 0;  // and is tried again
  virtual void wanted(const std::vector<bool>&) {}                // by job; first of all
  virtual void queued(size_t, size_t) {}     // jobs put into a queue, and found in it
  virtual void returned(size_t) {}           // from a queue, without having run
  virtual void noted(const std::string&) {}  // a line of the launcher's
  virtual void stopping() = 0;               // the first interrupt
  virtual void tick() = 0;
};

struct ExecuteOptions {
  ScheduleOptions schedule;
  std::vector<double> seconds;  // estimated, by job
  // By job: whose results are wanted, as far as the done ones tell. Asked at the start and whenever
  // a job has ended; a job once wanted stays so.
  std::function<std::vector<bool>()> wanted = {};  // empty = all
  // Interrupts so far. At the first, children are asked to stop and write their checkpoints;
  // at the second they are killed.
  std::function<int()> interrupts = [] { return 0; };
  std::chrono::milliseconds tick{200};
  bool detach = false;  // put into the queue what may be, and return: such jobs are `running`
};

// By job: whether its directory under `runs` is done.
std::vector<bool> find_done(const run::JobGraph& graph, const std::filesystem::path& runs);

// Every job that is not done under `runs`, as far as its inputs allow.
ExecutionResult execute(const run::JobGraph& graph, const std::filesystem::path& runs,
                        Launcher& launcher, Observer& observer, const ExecuteOptions& options);

}  // namespace repro::launch
