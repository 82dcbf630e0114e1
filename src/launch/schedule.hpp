#pragma once
// Which job may start next: the bookkeeping of a job graph, and nothing else. It knows no process,
// no file and no clock.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "run/job.hpp"

namespace repro::launch {

enum class JobState {
  waiting,  // for its inputs, for a free slot, or to be tried again
  running,  // or handed to a queue
  done,
  failed,
  blocked,  // an input failed, so it can never start
  stopped,  // ran, and was stopped by an interrupt
  spared,   // nobody wants its result, so far
};

enum class End {
  done,
  failed,
  crashed,
  stopped,
  returned,  // by a queue, because an input did not end well: it did not run
};

// Devices by hardware profile.
using Pools = std::map<std::string, int>;
constexpr int kUnlimited = std::numeric_limits<int>::max();

struct ScheduleOptions {
  int slots = 1;    // jobs at a time; a job takes one for each thread of its ranks
  int retries = 2;  // of a crashed job; a job that ends with an error is not tried again
  Pools pools =
      {};  // a job takes as many of its profile's as it has ranks; {} = as many as it likes
  // To a queue that keeps their order: a job may go before its inputs have ended, and takes a slot.
  bool ahead = false;
};

class Schedule {
 public:
  // `done`: by job, finished in an earlier invocation. `seconds`: by job, estimated; the job that
  // heads the longest path of remaining work starts first, so that no long chain is left for the
  // end. Every profile of the graph has a pool where there are pools.
  Schedule(const run::JobGraph& graph, const std::vector<bool>& done,
           const std::vector<double>& seconds, const ScheduleOptions& options);

  // By job: only these may start. All, until it is said otherwise; a job that is wanted stays so.
  void want(const std::vector<bool>& wanted);

  // The job to start now, if any may.
  std::optional<size_t> next();
  void start(size_t job);
  // One that an earlier invocation started and that goes on, wanted or not.
  void adopt(size_t job);
  // Of a running job. A crash returns it to `waiting` while it has retries left.
  void finish(size_t job, End end);
  void stop_starting() { stopping_ = true; }

  JobState state(size_t job) const { return entries_[job].state; }
  int tries(size_t job) const { return entries_[job].tries; }
  bool running() const { return used_ > 0; }
  bool idle() { return !running() && !next(); }
  bool inputs_ready(size_t job) const;  // done, or at work where that is enough

 private:
  struct Entry {
    JobState state = JobState::waiting;
    int tries = 0;
    bool held = false;        // returned, until an input begins or ends
    int width = 1;            // slots it takes
    size_t pool = 0;          // where its devices are counted
    int devices = 0;          // of the pool
    double path_seconds = 0;  // its own and the longest chain that waits for it
    std::vector<size_t> inputs;
    std::vector<size_t> readers;
  };
  struct Pool {
    int size = kUnlimited;
    int used = 0;
    // Path seconds and minus the job: the longest path first, of equal ones the first job. Holds
    // every job that may start, and some that no longer may.
    std::priority_queue<std::pair<double, int64_t>> ready = {};
  };
  void add_pools(const run::JobGraph& graph);
  bool ready(size_t job) const;
  void offer(size_t job);  // to next(), if it may start
  void offer_readers(size_t job);
  std::optional<size_t> first_of(Pool& pool) const;
  void take(Entry& entry);
  void retire(size_t job, JobState state);  // from running
  bool blocked(size_t job) const;           // by an input that failed or is blocked itself
  void block_readers(size_t job);

  std::vector<Entry> entries_;
  ScheduleOptions options_;
  std::vector<Pool> pools_;  // the first is of jobs that take no device
  int used_ = 0;
  bool stopping_ = false;
};

// Profiles of the graph that have no pool, each once; none where there are no pools.
std::vector<std::string> missing_pools(const run::JobGraph& graph, const Pools& pools);

}  // namespace repro::launch
