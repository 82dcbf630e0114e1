#include "cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/context.hpp"
#include "cli/printing.hpp"

namespace repro::cli {
namespace {

constexpr double kPlainEverySeconds = 15;
constexpr size_t kMostLines = 24;                // of running jobs
constexpr double kRest = 10;                     // between two drawings, in the time that one takes
constexpr const char* kUp = "\x1b[{}A";          // cursor, lines
constexpr const char* kEraseBelow = "\r\x1b[J";  // from here to the end of the screen

}  // namespace

ProgressDisplay::ProgressDisplay(const run::JobGraph& graph, const std::filesystem::path& runs,
                                 std::vector<double> predicted,
                                 const launch::ScheduleOptions& schedule, run::RunsLock& lock)
    : graph_(graph),
      tracker_(graph, runs, std::move(predicted), schedule),
      lock_(lock),
      terminal_(is_terminal(STDERR_FILENO)) {}

ProgressDisplay::~ProgressDisplay() { erase(); }

void ProgressDisplay::started(size_t job, int tries, int64_t process) {
  tracker_.started(job);
  if (process > 0) {
    pids_[graph_[job].directory] = process;
    lock_.set_running(pids_);
  }
  if (says_each()) say(fmt::format("start  {}{}", graph_[job].name, tries > 1 ? " (again)" : ""));
}

void ProgressDisplay::forget(size_t job) {
  if (pids_.erase(graph_[job].directory) > 0) lock_.set_running(pids_);
}

void ProgressDisplay::queued(size_t put, size_t found) {
  tracker_.queued(put + found);
  if (found > 0) say(fmt::format("found  {} jobs of an earlier run in the queue", found));
  if (put > 0) say(fmt::format("queued {} jobs", put));
}

void ProgressDisplay::finished(size_t job, const launch::Outcome& outcome) {
  tracker_.finished(job, outcome);
  if (outcome.state != launch::JobState::blocked) tracker_.left_queue();
  forget(job);
  if (outcome.state == launch::JobState::failed) say("failed " + outcome.message);
  if (outcome.state == launch::JobState::done && says_each())
    say(fmt::format("done   {} in {}", graph_[job].name, human_seconds(outcome.seconds)));
}

void ProgressDisplay::crashed(size_t job, const std::string& line) {
  tracker_.crashed(job);
  tracker_.left_queue();
  forget(job);
  say("again  " + line);
}

void ProgressDisplay::stopping() {
  tracker_.stopping();
  say("stopping: running jobs write a checkpoint first; interrupt again to kill them");
}

// A terminal shows what runs while it runs.
bool ProgressDisplay::says_each() const {
  return talk() == Talk::verbose || (!terminal_ && talk() == Talk::usual);
}

void ProgressDisplay::tick() {
  if (talk() == Talk::quiet) return;
  if (terminal_) {
    // Of thousands of jobs in a shared folder a look takes long.
    if (since_drawn_.seconds() < kRest * drawing_seconds_) return;
    const Stopwatch drawing;
    redraw();
    drawing_seconds_ = drawing.seconds();
    since_drawn_ = {};
    return;
  }
  if (since_last_.seconds() < kPlainEverySeconds) return;
  since_last_ = {};
  say(total_line(tracker_.total()));
  for (const JobProgress& job : tracker_.jobs(kMostLines)) say("       " + job_line(job, 0));
}

void ProgressDisplay::say(const std::string& line) {
  erase();
  if (terminal_) return warn("{}\n", line);
  warn("[{:>9}] {}\n", human_seconds(since_start_.seconds()), line);
}

void ProgressDisplay::redraw() {
  const std::vector<JobProgress> jobs = tracker_.jobs(kMostLines);
  size_t name_width = 0;
  for (const JobProgress& job : jobs) name_width = std::max(name_width, job.name.size());
  // The last column stays free: some terminals wrap when it is filled.
  const size_t width = terminal_width(STDERR_FILENO) - 1;
  std::string text;
  for (const JobProgress& job : jobs)
    text += fit_width(live_job_line(job, name_width), width) + "\n";
  text += fit_width(live_total_line(tracker_.total()), width) + "\n";
  erase();
  warn_text(text);
  drawn_ = jobs.size() + 1;
}

void ProgressDisplay::erase() {
  if (drawn_ == 0) return;
  fmt::print(stderr, fmt::runtime(kUp), drawn_);
  fmt::print(stderr, "{}", kEraseBelow);
  drawn_ = 0;
}

}  // namespace repro::cli
