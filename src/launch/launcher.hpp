#pragma once
// What can start a job. A launcher only starts, watches and stops; it decides nothing. The executor
// above it keeps the books, so that it is tested with a fake launcher and no process at all.

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/process.hpp"
#include "run/run_directory.hpp"

namespace repro::launch {

enum class Stop { ask, force };  // let it write a checkpoint first; at once

class Launcher {
 public:
  using Handle = int64_t;  // of a local job: its process id
  struct Finished {
    Handle handle;
    ExitStatus status;
  };

  virtual ~Launcher() = default;
  // Starts the job of this directory on `cores` cores, or on all where there are fewer; its output
  // goes to the directory's logs. Error when it cannot be started at all.
  virtual Handle start(const run::RunDirectory& directory, int cores) = 0;
  // Waits at most `timeout` for a job to end. Each ended job is returned once.
  virtual std::vector<Finished> poll(std::chrono::milliseconds timeout) = 0;
  virtual void terminate(Handle handle, Stop how) = 0;
};

}  // namespace repro::launch
