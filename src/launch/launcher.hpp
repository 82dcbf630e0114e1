#pragma once
// What can start a job. A launcher only starts, watches and stops; it decides nothing. The executor
// above it keeps the books, so that it is tested with a fake launcher and no process at all.
//
// There are two kinds. One runs a job at once, and its jobs end with this process. The other hands
// it to a queue (Slurm): it takes jobs whose inputs have not ended yet and says to the queue what
// waits for what; its jobs outlive this process, and the next one adopts them.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/process.hpp"
#include "run/run_directory.hpp"

namespace repro::launch {

enum class Stop { ask, force };  // let it write a checkpoint first; at once

struct Request {
  size_t job = 0;  // the caller's number: what the launcher calls it from here on
  run::RunDirectory directory;
  run::Resources resources = {};
  std::vector<size_t> after = {};  // jobs that must end well first; only for a launcher that queues
};

// What happened to a job that did not simply end by itself.
enum class Fate {
  exited,     // it ended by itself, as its status says
  lost,       // its machine failed or its time was up: it may go on from its checkpoint
  refused,    // a second try would end the same
  cancelled,  // by somebody else
  returned,   // it never ran, because what it needs did not end well
};

struct Ended {
  size_t job = 0;
  ExitStatus status = {};
  Fate fate = Fate::exited;
  std::string why = {};  // one clause, of every other fate but `returned`
};

struct News {
  std::vector<size_t> began = {};       // jobs of a queue that run now
  std::vector<Ended> ended = {};        // each job once
  std::vector<std::string> notes = {};  // lines for the user
};

class Launcher {
 public:
  virtual ~Launcher() = default;
  // Whether jobs wait in a queue of its own and outlive this process.
  virtual bool queues() const { return false; }
  // Starts these jobs, or puts them into the queue; their output goes to their directories' logs.
  // A job comes after those that it names in `after`. Error when one cannot be started at all.
  virtual void start(const std::vector<Request>& requests) = 0;
  // Of these jobs, in the same order, those that an earlier process put into the queue and that
  // have not ended; they are watched from here on.
  virtual std::vector<size_t> adopt(const std::vector<Request>&) { return {}; }
  // Waits at most `timeout` for something to happen.
  virtual News poll(std::chrono::milliseconds timeout) = 0;
  virtual void terminate(const std::vector<size_t>& jobs, Stop how) = 0;
  // Of a job that runs here: its process id; 0 = it runs elsewhere.
  virtual int64_t process(size_t) const { return 0; }
};

}  // namespace repro::launch
