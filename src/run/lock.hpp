#pragma once
// One `repro` at a time starts jobs in a runs folder. The lock file says who holds it and which
// jobs run, so that `repro status` can tell a running job from an abandoned one.

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/file.hpp"

namespace repro::run {

class RunsLock {
 public:
  // Makes the folder, and removes what killed processes left half written in it and its reports.
  // When another process holds it: waits if told to, else an Error that names the holder.
  // `purpose`: what this process does, for such messages.
  RunsLock(const std::filesystem::path& runs, const std::string& purpose, bool wait);
  ~RunsLock();
  RunsLock(const RunsLock&) = delete;
  RunsLock& operator=(const RunsLock&) = delete;

  // Directory name -> process id of each job that runs now.
  void set_running(const std::map<std::string, int64_t>& jobs);

 private:
  void write(const std::map<std::string, int64_t>& jobs);

  std::filesystem::path path_;
  std::string purpose_;
  FileLock lock_;
};

struct LockHolder {
  int64_t pid = 0;
  std::string purpose;                     // "run EXPERIMENT --scale mini"
  std::map<std::string, int64_t> running;  // directory name -> process id
};
// Who holds the folder now; empty when nobody does.
std::optional<LockHolder> find_holder(const std::filesystem::path& runs);

}  // namespace repro::run
