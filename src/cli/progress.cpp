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
constexpr const char* kUp = "\x1b[{}A";          // cursor, lines
constexpr const char* kEraseBelow = "\r\x1b[J";  // from here to the end of the screen

}  // namespace

ProgressDisplay::ProgressDisplay(const run::JobGraph& graph, const std::filesystem::path& runs,
                                 std::vector<double> predicted, int slots, run::RunsLock& lock)
    : graph_(graph),
      tracker_(graph, runs, std::move(predicted), slots),
      lock_(lock),
      terminal_(is_terminal(STDERR_FILENO)) {}

ProgressDisplay::~ProgressDisplay() { erase(); }

void ProgressDisplay::started(size_t job, int tries, launch::Launcher::Handle handle) {
  tracker_.started(job);
  pids_[graph_[job].directory] = handle;
  lock_.set_running(pids_);
  if (says_each()) say(fmt::format("start  {}{}", graph_[job].name, tries > 1 ? " (again)" : ""));
}

void ProgressDisplay::forget(size_t job) {
  pids_.erase(graph_[job].directory);
  lock_.set_running(pids_);
}

void ProgressDisplay::finished(size_t job, const launch::Outcome& outcome) {
  tracker_.finished(job, outcome);
  forget(job);
  if (outcome.state == launch::JobState::failed) say("failed " + outcome.message);
  if (outcome.state == launch::JobState::done && says_each())
    say(fmt::format("done   {} in {}", graph_[job].name, human_seconds(outcome.seconds)));
}

void ProgressDisplay::crashed(size_t job, const std::string& line) {
  tracker_.crashed(job);
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
  if (terminal_) return redraw();
  if (since_last_.seconds() < kPlainEverySeconds) return;
  since_last_ = {};
  say(total_line(tracker_.total()));
  for (const JobProgress& job : tracker_.jobs()) say("       " + job_line(job, 0));
}

void ProgressDisplay::say(const std::string& line) {
  erase();
  if (terminal_) return warn("{}\n", line);
  warn("[{:>9}] {}\n", human_seconds(since_start_.seconds()), line);
}

void ProgressDisplay::redraw() {
  const std::vector<JobProgress> jobs = tracker_.jobs();
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
