#include "launch/executor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

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

// What neither the job nor its directory says of its end, but its launcher does.
JobEnd judge_fate(const std::string& where, const Ended& ended, bool interrupted) {
  if (ended.fate == Fate::returned) return {End::returned, {}};
  if (interrupted && ended.fate != Fate::refused) return {End::stopped, {}};
  return {ended.fate == Fate::lost ? End::crashed : End::failed,
          fmt::format("{}: {}", where, ended.why)};
}

// DONE wins: what was finished before the process was killed is finished.
JobEnd judge(const RunDirectory& directory, const Ended& ended, bool interrupted) {
  if (directory.state() == run::State::done) return {};
  const std::string where = directory.path().string();
  if (ended.fate != Fate::exited) return judge_fate(where, ended, interrupted);
  const ExitStatus& status = ended.status;
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
        schedule_(graph, done_, options.seconds, as_it_queues(options.schedule, launcher)),
        messages_(graph.jobs().size()),
        seconds_(graph.jobs().size()) {}

  ExecutionResult run() {
    for (size_t job = 0; job < done_.size(); ++job)
      if (done_[job]) remove_leftovers(directory(job).path());
    size_t found = adopt();
    ask_wanted();
    while (true) {
      heed_interrupts();
      const size_t started = start_ready();
      if (launcher_.queues() && started + found > 0)
        observer_.queued(started, std::exchange(found, 0));
      if (!schedule_.running() || options_.detach) break;
      heed(launcher_.poll(options_.tick));
      observer_.tick();
    }
    return result();
  }

 private:
  static ScheduleOptions as_it_queues(ScheduleOptions schedule, const Launcher& launcher) {
    schedule.ahead = launcher.queues();
    return schedule;
  }

  RunDirectory directory(size_t job) const { return RunDirectory(runs_ / graph_[job].directory); }

  Request request_of(size_t job) const {
    Request request{.job = job, .directory = directory(job), .resources = graph_[job].resources};
    for (const auto& [role, input] : graph_[job].inputs)
      if (schedule_.state(input) != JobState::done) request.after.push_back(input);
    return request;
  }

  size_t adopt() {
    std::vector<Request> open;
    for (size_t job = 0; job < done_.size(); ++job)
      if (!done_[job]) open.push_back(request_of(job));
    const std::vector<size_t> found = launcher_.adopt(open);
    for (const size_t job : found) {
      schedule_.adopt(job);
      running_.emplace(job, Stopwatch());
    }
    return found.size();
  }

  size_t start_ready() {
    std::vector<Request> requests;
    while (const auto job = schedule_.next()) {
      directory(*job).create(graph_[*job], graph_);
      requests.push_back(request_of(*job));
      schedule_.start(*job);
      running_.insert_or_assign(*job, Stopwatch());
    }
    if (requests.empty()) return 0;
    launcher_.start(requests);
    if (!launcher_.queues())
      for (const Request& request : requests) tell_started(request.job);
    return requests.size();
  }

  void tell_started(size_t job) {
    observer_.started(job, schedule_.tries(job), launcher_.process(job));
  }

  void heed(News news) {
    for (const std::string& note : news.notes) observer_.noted(note);
    for (const size_t job : news.began) {
      running_.insert_or_assign(job, Stopwatch());
      tell_started(job);
    }
    // Inputs first: whether a returned job may go again depends on how they ended.
    std::sort(news.ended.begin(), news.ended.end(),
              [](const Ended& a, const Ended& b) { return a.job < b.job; });
    bool changed = false;
    for (const Ended& ended : news.ended) changed |= finish(ended);
    if (changed) ask_wanted();
  }

  // Whether what is wanted may have changed by it.
  bool finish(const Ended& ended) {
    const size_t job = ended.job;
    const auto at = running_.find(job);
    check(at != running_.end(), "only a job that we started ends");
    seconds_[job] += at->second.seconds();
    running_.erase(at);
    remove_leftovers(directory(job).path());
    JobEnd end = judge(directory(job), ended, interrupts_ > 0);
    // Cancelled by the queue with the input that it waited for, or by somebody.
    if (ended.fate == Fate::cancelled && end.end == End::failed && !schedule_.inputs_ready(job))
      end = {End::returned, {}};
    messages_[job] = end.message;
    schedule_.finish(job, end.end);
    if (end.end == End::returned) return take_back(job);
    if (schedule_.state(job) == JobState::waiting) {
      observer_.crashed(job, end.message);
      return false;
    }
    if (schedule_.state(job) == JobState::failed) keep_reason(job, end, ended);
    observer_.finished(job, outcome(job));
    if (schedule_.state(job) == JobState::failed) tell_blocked();
    return end.end != End::stopped;
  }

  bool take_back(size_t job) {
    observer_.returned(job);
    if (schedule_.state(job) == JobState::blocked) tell_blocked();
    return false;
  }

  // A killed process could not say why; `status` reads it in FAILED. That this cannot be written is
  // said with it, and ends nothing.
  void keep_reason(size_t job, const JobEnd& end, const Ended& ended) {
    if (end.end != End::crashed && ended.fate == Fate::exited) return;
    try {
      directory(job).mark_failed(ended.fate == Fate::exited ? describe(ended.status) : ended.why);
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
    std::vector<size_t> jobs;
    for (const auto& [job, watch] : running_) jobs.push_back(job);
    launcher_.terminate(jobs, now > 1 ? Stop::force : Stop::ask);
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
  std::map<size_t, Stopwatch> running_;  // by job, since it was started or began
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
