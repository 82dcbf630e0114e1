#pragma once
// Which job may start next: the bookkeeping of a job graph, and nothing else. It knows no process,
// no file and no clock.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "run/job.hpp"

namespace repro::launch {

enum class JobState {
  waiting,  // for its inputs, for a free slot, or to be tried again
  running,
  done,
  failed,
  blocked,  // an input failed, so it can never start
  stopped,  // ran, and was stopped by an interrupt
  spared,   // nobody wants its result, so far
};

enum class End { done, failed, crashed, stopped };

struct ScheduleOptions {
  int slots = 1;    // jobs at a time; a job of n threads takes n
  int retries = 2;  // of a crashed job; a job that ends with an error is not tried again
};

class Schedule {
 public:
  // `done`: by job, finished in an earlier invocation. `seconds`: by job, estimated; the job that
  // heads the longest path of remaining work starts first, so that no long chain is left for the
  // end.
  Schedule(const run::JobGraph& graph, const std::vector<bool>& done,
           const std::vector<double>& seconds, const ScheduleOptions& options);

  // By job: only these may start. All, until it is said otherwise; a job that is wanted stays so.
  void want(const std::vector<bool>& wanted);

  // The job to start now, if any may.
  std::optional<size_t> next() const;
  void start(size_t job);
  // Of a running job. A crash returns it to `waiting` while it has retries left.
  void finish(size_t job, End end);
  void stop_starting() { stopping_ = true; }

  JobState state(size_t job) const { return entries_[job].state; }
  int tries(size_t job) const { return entries_[job].tries; }
  bool running() const { return used_ > 0; }
  bool idle() const { return !running() && !next(); }

 private:
  struct Entry {
    JobState state = JobState::waiting;
    int tries = 0;
    int width = 1;            // slots it takes
    double path_seconds = 0;  // its own and the longest chain that waits for it
    std::vector<size_t> inputs;
    std::vector<size_t> readers;
  };
  bool ready(const Entry& entry) const;
  bool blocked(size_t job) const;  // by an input that failed or is blocked itself
  void block_readers(size_t job);

  std::vector<Entry> entries_;
  ScheduleOptions options_;
  int used_ = 0;
  bool stopping_ = false;
};

// Seconds from now until all of it is done with this many slots: the schedule above, simulated.
// `seconds`: by job, what remains of it; 0 = done.
double makespan(const run::JobGraph& graph, const std::vector<double>& seconds, int slots);

}  // namespace repro::launch
