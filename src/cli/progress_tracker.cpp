#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/progress.hpp"
#include "launch/simulation.hpp"
#include "run/records.hpp"
#include "run/run_directory.hpp"

namespace repro::cli {
namespace {

// Below this share a job's own speed says little about its end.
constexpr double kEnough = 0.02;

}  // namespace

ProgressTracker::ProgressTracker(const run::JobGraph& graph, const std::filesystem::path& runs,
                                 std::vector<double> predicted, launch::ScheduleOptions schedule)
    : graph_(graph), runs_(runs), predicted_(std::move(predicted)), schedule_(std::move(schedule)) {
  for (bool done : launch::find_done(graph, runs))
    states_.push_back(done ? launch::JobState::done : launch::JobState::waiting);
}

void ProgressTracker::started(size_t job) { running_[job] = {}; }

void ProgressTracker::finished(size_t job, const launch::Outcome& outcome) {
  running_.erase(job);
  seen_.erase(job);
  states_[job] = outcome.state;
  if (outcome.state != launch::JobState::done || outcome.tries != 1) return;
  Sum& sum = by_kind_[graph_[job].kind];
  sum.taken += outcome.seconds;
  sum.predicted += predicted_[job];
}

void ProgressTracker::crashed(size_t job) {
  running_.erase(job);
  seen_.erase(job);
}

void ProgressTracker::wanted(const std::vector<bool>& jobs) {
  for (size_t job = 0; job < jobs.size(); ++job) {
    if (!jobs[job] && states_[job] == launch::JobState::waiting && !running_.contains(job))
      states_[job] = launch::JobState::spared;
    else if (jobs[job] && states_[job] == launch::JobState::spared)
      states_[job] = launch::JobState::waiting;
  }
}

double ProgressTracker::correction(const std::string& kind) const {
  const auto at = by_kind_.find(kind);
  return at != by_kind_.end() && at->second.predicted > 0 ? at->second.taken / at->second.predicted
                                                          : 1.0;
}

// By its own speed since it was first seen; empty while that says little.
std::optional<double> ProgressTracker::seconds_of_items(size_t job,
                                                        const JobProgress& progress) const {
  const auto [seen, is_new] = seen_items_.try_emplace(job, SeenItems{progress.done, {}});
  const double done = progress.done - seen->second.done;
  if (done <= kEnough * progress.total) return std::nullopt;
  return std::max(0.0, progress.total - progress.done) * seen->second.since.seconds() / done;
}

JobProgress ProgressTracker::progress_of(size_t job) const {
  JobProgress progress{.name = graph_[job].name};
  const run::RunDirectory directory(runs_ / graph_[job].directory);
  const auto read = run::read_progress(directory.records_file());
  if (!read) return progress;
  progress.phase = read->phase;
  progress.unit = read->unit;
  progress.done = read->done;
  progress.total = read->total;
  progress.loss = read->loss;
  if (progress.unit == "items" && progress.total > 0)
    progress.seconds_left = seconds_of_items(job, progress);
  if (read->phase != "train" || graph_[job].kind != "train") return progress;
  if (progress.total <= 0) progress.total = graph_[job].spec.value("steps", 0.0);
  if (read->train_seconds > 0) {
    progress.tokens_per_second = static_cast<double>(read->tokens) / read->train_seconds;
    if (progress.total > kEnough && progress.done > kEnough * progress.total)
      progress.seconds_left =
          std::max(0.0, progress.total - progress.done) * read->train_seconds / progress.done;
  }
  // Its last step is recorded: what is left is its weights.
  if (progress.total > 0 && progress.done >= progress.total)
    progress.phase = "saving";
  else if (run::is_evaluating(directory.mlperf_file()))
    progress.phase = "evaluating";
  return progress;
}

double ProgressTracker::seconds_left(size_t job) const {
  const double predicted = predicted_[job] * correction(graph_[job].kind);
  const auto running = running_.find(job);
  if (running == running_.end()) return predicted;
  if (const auto left = progress_of(job).seconds_left) return *left;
  return std::max(predicted - running->second.seconds(), 0.1 * predicted);
}

void ProgressTracker::remember(size_t job, JobProgress& progress) {
  constexpr size_t kKept = 400;
  Seen& seen = seen_[job];
  if (progress.loss && progress.done > seen.step) {
    seen.losses.push_back(*progress.loss);
    // The whole way in few values: every other one goes when there are many.
    if (seen.losses.size() > kKept) {
      for (size_t i = 1; 2 * i < seen.losses.size(); ++i) seen.losses[i] = seen.losses[2 * i];
      seen.losses.resize((seen.losses.size() + 1) / 2);
    }
  }
  seen.step = std::max(seen.step, progress.done);
  progress.losses = seen.losses;
}

std::vector<JobProgress> ProgressTracker::jobs(size_t most) {
  std::vector<JobProgress> some;
  for (const auto& [job, begin] : running_) {
    if (some.size() == most) break;
    some.push_back(progress_of(job));
    remember(job, some.back());
  }
  return some;
}

TotalProgress ProgressTracker::total() {
  TotalProgress total{.running = running_.size(), .stopping = stopping_};
  total.queued = queued_ - std::min(queued_, running_.size());
  std::vector<double> left(states_.size(), 0.0);
  double all_seconds = 0;
  double left_seconds = 0;
  for (size_t job = 0; job < states_.size(); ++job) {
    if (states_[job] == launch::JobState::spared) continue;
    ++total.jobs;
    all_seconds += predicted_[job] * correction(graph_[job].kind);
    if (states_[job] == launch::JobState::done) ++total.done;
    if (states_[job] == launch::JobState::failed || states_[job] == launch::JobState::blocked)
      ++total.failed;
    if (states_[job] != launch::JobState::waiting) continue;
    left[job] = seconds_left(job);
    left_seconds += left[job];
  }
  // What is predicted of the rest changes as jobs end, and a search may come to want more: what is
  // shown as done stays so.
  furthest_ = std::max(
      furthest_, all_seconds > 0 ? 1 - left_seconds / std::max(all_seconds, left_seconds) : 1);
  total.fraction = furthest_;
  total.seconds_left = launch::makespan(graph_, left, schedule_);
  return total;
}

}  // namespace repro::cli
