#pragma once
// A launcher without a process, and what the executor's tests share.

#include <algorithm>
#include <csignal>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "launch/executor.hpp"
#include "launch/graphs.hpp"
#include "temporary_directory.hpp"

namespace repro::launch {

constexpr ExitStatus kSuccess{};
constexpr ExitStatus kKilled{.code = 0, .signal = SIGKILL};

// Ends the oldest running job at each poll, as its script says; no process anywhere. A job without
// a script succeeds.
class FakeLauncher final : public Launcher {
 public:
  std::map<std::string, std::deque<ExitStatus>> scripts;  // by job name, one a try
  std::map<std::string, std::string> last_words;          // its line in FAILED
  std::set<std::string> forgets_to_finish;                // ends cleanly without DONE
  std::set<std::string> finishes_first;                   // DONE stands, whatever its status
  std::map<std::string, std::string> logs;                // what it says on standard error
  std::vector<std::string> starts;
  std::vector<int> cores;  // by start
  std::vector<std::pair<std::string, Stop>> terminations;
  size_t most_running = 0;
  bool hold = false;  // jobs end only when terminated
  bool queue = false;
  std::vector<size_t> held;                // by the queue, from an earlier process
  std::map<std::string, Fate> fates;       // by job name, of its first end
  std::vector<std::vector<size_t>> waits;  // by start, for which jobs
  double poll_seconds = 0;

  void start(const std::vector<Request>& requests) override {
    for (const Request& request : requests) {
      starts.push_back(name_of(request.directory));
      cores.push_back(static_cast<int>(request.resources.threads));
      waits.push_back(request.after);
      running_.push_back({request.job, request.directory});
      most_running = std::max(most_running, running_.size());
    }
  }
  bool queues() const override { return queue; }
  std::vector<size_t> adopt(const std::vector<Request>& requests) override {
    for (const Request& request : requests)
      if (std::count(held.begin(), held.end(), request.job) > 0)
        running_.push_back({request.job, request.directory});
    return held;
  }

  News poll(std::chrono::milliseconds) override {
    std::this_thread::sleep_for(std::chrono::duration<double>(poll_seconds));
    if (running_.empty() || (hold && terminations.empty())) return {};
    const auto [job, directory] = running_.front();
    running_.pop_front();
    const std::string name = name_of(directory);
    if (!terminations.empty())
      return ending({.job = job, .status = {.code = static_cast<int>(Exit::interrupted)}});
    if (fates.contains(name)) {
      const Fate fate = fates[name];
      fates.erase(name);
      return ending({.job = job, .status = {}, .fate = fate, .why = "the cluster said so"});
    }
    auto& script = scripts[name];
    const ExitStatus status = script.empty() ? kSuccess : script.front();
    if (!script.empty()) script.pop_front();
    if ((status.clean() && !forgets_to_finish.contains(name)) || finishes_first.contains(name))
      directory.mark_done();
    if (logs.contains(name)) write_file_atomically(directory.stderr_file(), logs[name]);
    if (last_words.contains(name)) directory.mark_failed(last_words[name]);
    return ending({.job = job, .status = status});
  }

  void terminate(const std::vector<size_t>& jobs, Stop how) override {
    for (const auto& [running, directory] : running_)
      if (std::count(jobs.begin(), jobs.end(), running) > 0)
        terminations.emplace_back(name_of(directory), how);
  }

 private:
  static News ending(const Ended& ended) { return {.ended = {ended}}; }
  static std::string name_of(const run::RunDirectory& directory) {
    const std::string folder = directory.path().filename().string();
    return folder.substr(0, folder.rfind('-'));
  }
  std::deque<std::pair<size_t, run::RunDirectory>> running_;
};

struct QuietObserver final : Observer {
  std::vector<std::string> crashes;
  int stops = 0;
  std::vector<size_t> returns;
  void started(size_t, int, int64_t) override {}
  void returned(size_t job) override { returns.push_back(job); }
  void finished(size_t, const Outcome&) override {}
  void crashed(size_t, const std::string& line) override { crashes.push_back(line); }
  void stopping() override { ++stops; }
  void tick() override {}
};

struct Fixture {
  TemporaryDirectory folder;
  run::JobGraph graph = cell_graph();
  FakeLauncher launcher;
  QuietObserver observer;
  ExecuteOptions options = {.schedule = {.slots = 2, .retries = 1},
                            .seconds = std::vector<double>(7, 1.0)};
  ExecutionResult execute_all() {
    return execute(graph, folder.path(), launcher, observer, options);
  }
  run::RunDirectory directory(size_t job) const {
    return run::RunDirectory(folder.path() / graph[job].directory);
  }
};

}  // namespace repro::launch
