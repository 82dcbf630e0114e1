#include "launch/schedule.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <queue>

#include "base/error.hpp"

namespace repro::launch {
namespace {

int threads_of(const run::Job& job) { return static_cast<int>(job.resources.threads); }

}  // namespace

Schedule::Schedule(const run::JobGraph& graph, const std::vector<bool>& done,
                   const std::vector<double>& seconds, const ScheduleOptions& options)
    : entries_(graph.jobs().size()), options_(options) {
  check(done.size() == entries_.size() && seconds.size() == entries_.size(),
        "one flag and one estimate a job");
  check(options.slots >= 1, "at least one job at a time");
  for (size_t job = 0; job < entries_.size(); ++job) {
    Entry& entry = entries_[job];
    if (done[job]) entry.state = JobState::done;
    entry.width = std::clamp(threads_of(graph[job]), 1, options.slots);
    for (const auto& [role, input] : graph[job].inputs) {
      check(input < job, "inputs come first in a job graph");
      entry.inputs.push_back(input);
      entries_[input].readers.push_back(job);
    }
  }
  for (size_t job = entries_.size(); job-- > 0;) {
    double longest = 0;
    for (size_t reader : entries_[job].readers)
      longest = std::max(longest, entries_[reader].path_seconds);
    entries_[job].path_seconds = longest + (done[job] ? 0 : seconds[job]);
  }
}

void Schedule::want(const std::vector<bool>& wanted) {
  check(wanted.size() == entries_.size(), "one flag a job");
  for (size_t job = 0; job < entries_.size(); ++job) {
    JobState& state = entries_[job].state;
    if (state == JobState::waiting && entries_[job].tries == 0 && !wanted[job])
      state = JobState::spared;
    else if (state == JobState::spared && wanted[job])
      state = blocked(job) ? JobState::blocked : JobState::waiting;
  }
}

bool Schedule::blocked(size_t job) const {
  return std::any_of(entries_[job].inputs.begin(), entries_[job].inputs.end(), [&](size_t input) {
    return entries_[input].state == JobState::failed || entries_[input].state == JobState::blocked;
  });
}

bool Schedule::ready(const Entry& entry) const {
  return entry.state == JobState::waiting &&
         std::all_of(entry.inputs.begin(), entry.inputs.end(),
                     [&](size_t input) { return entries_[input].state == JobState::done; });
}

std::optional<size_t> Schedule::next() const {
  if (stopping_) return std::nullopt;
  std::optional<size_t> best;
  for (size_t job = 0; job < entries_.size(); ++job)
    if (ready(entries_[job]) &&
        (!best || entries_[job].path_seconds > entries_[*best].path_seconds))
      best = job;
  // A wide job waits for its slots and is not overtaken: it would wait for ever.
  if (best && used_ + entries_[*best].width > options_.slots) return std::nullopt;
  return best;
}

void Schedule::start(size_t job) {
  Entry& entry = entries_[job];
  check(ready(entry) && used_ + entry.width <= options_.slots, "the job may start");
  entry.state = JobState::running;
  ++entry.tries;
  used_ += entry.width;
}

void Schedule::finish(size_t job, End end) {
  Entry& entry = entries_[job];
  check(entry.state == JobState::running, "only a running job ends");
  used_ -= entry.width;
  switch (end) {
    case End::done:
      entry.state = JobState::done;
      return;
    case End::stopped:
      entry.state = JobState::stopped;
      return;
    case End::crashed:
      if (entry.tries <= options_.retries) {
        entry.state = JobState::waiting;
        return;
      }
      [[fallthrough]];
    case End::failed:
      entry.state = JobState::failed;
      block_readers(job);
  }
}

void Schedule::block_readers(size_t job) {
  for (size_t reader : entries_[job].readers) {
    if (entries_[reader].state != JobState::waiting) continue;
    entries_[reader].state = JobState::blocked;
    block_readers(reader);
  }
}

double makespan(const run::JobGraph& graph, const std::vector<double>& seconds, int slots) {
  std::vector<bool> done(seconds.size());
  for (size_t job = 0; job < seconds.size(); ++job) done[job] = seconds[job] <= 0;
  Schedule schedule(graph, done, seconds, {.slots = slots, .retries = 0});
  using Ending = std::pair<double, size_t>;  // when, which
  std::priority_queue<Ending, std::vector<Ending>, std::greater<>> endings;
  double now = 0;
  while (true) {
    while (const auto job = schedule.next()) {
      schedule.start(*job);
      endings.emplace(now + seconds[*job], *job);
    }
    if (endings.empty()) return now;
    now = endings.top().first;
    schedule.finish(endings.top().second, End::done);
    endings.pop();
  }
}

}  // namespace repro::launch
