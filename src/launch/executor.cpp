#include "launch/executor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/stopwatch.hpp"
#include "base/text.hpp"

namespace repro::launch {
namespace {

using run::RunDirectory;

// What a job's end means: its exit status, and what it left in its directory.
struct JobEnd {
  End end = End::done;
  std::string message;
};

// Of a job that left no FAILED: how it ended, and what can be said of the reason.
std::string without_last_words(const RunDirectory& directory, const ExitStatus& status) {
  constexpr uintmax_t kFull = 1 << 16;
  std::error_code unknown;
  const auto space = std::filesystem::space(directory.path(), unknown);
  if (!unknown && space.available < kFull)
    return describe(status) + ", and its disk had no space left to say why";
  constexpr std::string_view kMark = "repro-worker: error: ", kLoader = "error while loading ";
  std::error_code no_log;
  if (std::filesystem::file_size(directory.stderr_file(), no_log) == 0 || no_log)
    return describe(status);
  const std::string line = split(trim(read_file(directory.stderr_file())), '\n').back();
  // Where the worker itself had no chance to speak, its loader may have.
  if (const size_t at = line.find(kLoader); at != std::string::npos)
    return describe(status) + ": " + line.substr(at);
  return line.starts_with(kMark) ? describe(status) + ": " + line.substr(kMark.size())
                                 : describe(status);
}

// DONE wins: what was finished before the process was killed is finished.
JobEnd judge(const RunDirectory& directory, const ExitStatus& status, bool interrupted) {
  if (directory.state() == run::State::done) return {};
  const std::string where = directory.path().string();
  const std::string log = directory.stderr_file().string();
  const bool asked_to_stop = status.code == static_cast<int>(Exit::interrupted);
  if (interrupted && (status.signal != 0 || asked_to_stop)) return {End::stopped, {}};
  if (status.signal != 0 || asked_to_stop)
    return {End::crashed, fmt::format("{}: {}; its log is {}", where, describe(status), log)};
  if (status.clean())
    return {End::failed, fmt::format("{}: ended without a result; its log is {}", where, log)};
  const auto failure = directory.failure();
  const std::string why = failure ? *failure : without_last_words(directory, status);
  return {End::failed, fmt::format("{}: {}; its log is {}", where, why, log)};
}

class Execution {
 public:
  Execution(const run::JobGraph& graph, const std::filesystem::path& runs, Launcher& launcher,
            Observer& observer, const ExecuteOptions& options)
      : graph_(graph),
        runs_(runs),
        launcher_(launcher),
        observer_(observer),
        options_(options),
        done_(find_done(graph, runs)),
        schedule_(graph, done_, options.seconds, options.schedule),
        messages_(graph.jobs().size()),
        seconds_(graph.jobs().size()) {}

  ExecutionResult run() {
    for (size_t job = 0; job < done_.size(); ++job)
      if (done_[job]) remove_leftovers(directory(job).path());
    ask_wanted();
    while (true) {
      heed_interrupts();
      while (const auto job = schedule_.next()) start(*job);
      if (!schedule_.running()) break;
      for (const auto& finished : launcher_.poll(options_.tick)) finish(finished);
      observer_.tick();
    }
    return result();
  }

 private:
  struct Running {
    size_t job;
    Stopwatch watch;
  };

  RunDirectory directory(size_t job) const { return RunDirectory(runs_ / graph_[job].directory); }

  void start(size_t job) {
    directory(job).create(graph_[job], graph_);
    const auto handle =
        launcher_.start(directory(job), static_cast<int>(graph_[job].resources.threads));
    schedule_.start(job);
    running_[handle] = {job, Stopwatch()};
    observer_.started(job, schedule_.tries(job), handle);
  }

  void finish(const Launcher::Finished& finished) {
    const auto at = running_.find(finished.handle);
    check(at != running_.end(), "only a job that we started ends");
    const size_t job = at->second.job;
    seconds_[job] += at->second.watch.seconds();
    running_.erase(at);
    remove_leftovers(directory(job).path());
    const JobEnd end = judge(directory(job), finished.status, interrupts_ > 0);
    messages_[job] = end.message;
    schedule_.finish(job, end.end);
    if (schedule_.state(job) == JobState::waiting) return observer_.crashed(job, end.message);
    if (end.end == End::crashed) keep_reason(job, describe(finished.status));
    observer_.finished(job, outcome(job));
    if (schedule_.state(job) == JobState::failed) tell_blocked();
    if (end.end != End::stopped) ask_wanted();
  }

  // A killed process could not say why; `status` reads it in FAILED. That this cannot be written is
  // said with it, and ends nothing.
  void keep_reason(size_t job, const std::string& reason) {
    try {
      directory(job).mark_failed(reason);
    } catch (const Error& error) {
      messages_[job] += fmt::format("; {}", error.what());
    }
  }

  void ask_wanted() {
    if (!options_.wanted) return;
    const std::vector<bool> wanted = options_.wanted();
    schedule_.want(wanted);
    observer_.wanted(wanted);
    tell_blocked();
  }

  void tell_blocked() {
    for (size_t job = 0; job < graph_.jobs().size(); ++job)
      if (schedule_.state(job) == JobState::blocked && messages_[job].empty()) {
        messages_[job] = blocker(job);
        observer_.finished(job, outcome(job));
      }
  }

  void heed_interrupts() {
    const int now = options_.interrupts();
    if (now == interrupts_) return;
    schedule_.stop_starting();
    const Stop how = now > 1 ? Stop::force : Stop::ask;
    for (const auto& [handle, running] : running_) launcher_.terminate(handle, how);
    if (interrupts_ == 0) observer_.stopping();
    interrupts_ = now;
  }

  Outcome outcome(size_t job) const {
    return {.state = schedule_.state(job),
            .cached = done_[job],
            .tries = schedule_.tries(job),
            .seconds = seconds_[job],
            .message = messages_[job]};
  }

  ExecutionResult result() const {
    ExecutionResult result{.jobs = {}, .interrupted = interrupts_ > 0};
    for (size_t job = 0; job < graph_.jobs().size(); ++job) result.jobs.push_back(outcome(job));
    return result;
  }

  // Jobs come after their inputs, so a blocked input has its message already.
  std::string blocker(size_t job) const {
    for (const auto& [role, input] : graph_[job].inputs) {
      if (schedule_.state(input) == JobState::failed)
        return fmt::format("needs {}, which failed", graph_[input].name);
      if (schedule_.state(input) == JobState::blocked) return messages_[input];
    }
    return {};
  }

  const run::JobGraph& graph_;
  const std::filesystem::path runs_;
  Launcher& launcher_;
  Observer& observer_;
  const ExecuteOptions& options_;
  const std::vector<bool> done_;
  Schedule schedule_;
  std::map<Launcher::Handle, Running> running_;
  std::vector<std::string> messages_;
  std::vector<double> seconds_;
  int interrupts_ = 0;
};

}  // namespace

size_t ExecutionResult::count(JobState state) const {
  return static_cast<size_t>(
      std::count_if(jobs.begin(), jobs.end(), [&](const Outcome& o) { return o.state == state; }));
}

size_t ExecutionResult::cached() const {
  return static_cast<size_t>(
      std::count_if(jobs.begin(), jobs.end(), [](const Outcome& o) { return o.cached; }));
}

std::vector<bool> find_done(const run::JobGraph& graph, const std::filesystem::path& runs) {
  std::vector<bool> done;
  for (const run::Job& job : graph.jobs())
    done.push_back(RunDirectory(runs / job.directory).state() == run::State::done);
  return done;
}

ExecutionResult execute(const run::JobGraph& graph, const std::filesystem::path& runs,
                        Launcher& launcher, Observer& observer, const ExecuteOptions& options) {
  return Execution(graph, runs, launcher, observer, options).run();
}

}  // namespace repro::launch
