#include "launch/simulation.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <queue>

#include "base/error.hpp"
#include "base/random.hpp"

namespace repro::launch {
namespace {

constexpr double kHour = 3600;
// Beyond this nobody waits for the end of it: a job whose checkpoints lie further apart than its
// devices last makes no progress worth the name.
constexpr int64_t kMostFailuresOfAJob = 10'000;

enum Stream : uint64_t { kFailure = 1, kQueue = 2 };

class Simulation {
 public:
  Simulation(const run::JobGraph& graph, const std::vector<double>& seconds,
             const ScheduleOptions& options, const Troubles& troubles)
      : graph_(graph),
        troubles_(troubles),
        left_(seconds),
        starts_(seconds.size(), 0),
        schedule_(graph, done_of(seconds), seconds, options) {}

  Simulated run() {
    while (true) {
      while (const auto job = schedule_.next()) start(*job);
      if (endings_.empty()) return result_;
      const Ending ending = endings_.top();
      endings_.pop();
      now_ = result_.seconds = ending.time;
      if (!ending.failed) {
        schedule_.finish(ending.job, End::done);
      } else if (starts_[ending.job] <= kMostFailuresOfAJob) {
        schedule_.finish(ending.job, End::crashed);
      } else {
        result_.finished = false;
        schedule_.finish(ending.job, End::failed);
      }
    }
  }

 private:
  struct Ending {
    double time = 0;
    size_t job = 0;
    bool failed = false;
    bool operator>(const Ending& other) const {
      return time != other.time ? time > other.time : job > other.job;
    }
  };

  static std::vector<bool> done_of(const std::vector<double>& seconds) {
    std::vector<bool> done(seconds.size());
    for (size_t job = 0; job < seconds.size(); ++job) done[job] = seconds[job] <= 0;
    return done;
  }

  // With mean 1, of this try of a job.
  double draw(Stream stream, size_t job) const {
    const auto place = static_cast<uint64_t>(job);
    const auto times = static_cast<uint64_t>(starts_[job]);
    return -std::log1p(-random_uniform(troubles_.seed, mix64(place) + stream, times));
  }

  double seconds_to_failure(size_t job) const {
    const run::Resources& resources = graph_[job].resources;
    const double rate = troubles_.failures_per_device_hour * static_cast<double>(resources.ranks);
    // What takes no device fails with no device.
    if (rate <= 0 || resources.profile.empty()) return std::numeric_limits<double>::infinity();
    return draw(kFailure, job) * kHour / rate;
  }

  void start(size_t job) {
    schedule_.start(job);
    const double wait =
        graph_[job].resources.profile.empty() ? 0 : draw(kQueue, job) * troubles_.queue_seconds;
    const double lasts = seconds_to_failure(job);
    ++starts_[job];
    result_.queue_seconds += wait;
    if (lasts >= left_[job]) {
      endings_.push({now_ + wait + left_[job], job, false});
      return;
    }
    ++result_.failures;
    const double every =
        troubles_.checkpoint_seconds.empty() ? 0 : troubles_.checkpoint_seconds[job];
    const double kept = every > 0 ? std::floor(lasts / every) * every : 0;
    result_.lost_seconds += lasts - kept;
    left_[job] -= kept;
    endings_.push({now_ + wait + lasts, job, true});
  }

  const run::JobGraph& graph_;
  const Troubles& troubles_;
  std::vector<double> left_;     // seconds of work, by job
  std::vector<int64_t> starts_;  // by job
  Schedule schedule_;
  std::priority_queue<Ending, std::vector<Ending>, std::greater<>> endings_;
  double now_ = 0;
  Simulated result_;
};

}  // namespace

Simulated simulate(const run::JobGraph& graph, const std::vector<double>& seconds,
                   ScheduleOptions options, const Troubles& troubles) {
  check(troubles.failures_per_device_hour >= 0 && troubles.queue_seconds >= 0,
        "troubles are no help");
  check(troubles.checkpoint_seconds.empty() || troubles.checkpoint_seconds.size() == seconds.size(),
        "a time between checkpoints a job");
  options.retries = std::numeric_limits<int>::max();
  options.ahead = false;
  return Simulation(graph, seconds, options, troubles).run();
}

double makespan(const run::JobGraph& graph, const std::vector<double>& seconds,
                const ScheduleOptions& options) {
  return simulate(graph, seconds, options, {}).seconds;
}

std::vector<Simulated> simulate_often(const run::JobGraph& graph,
                                      const std::vector<double>& seconds,
                                      const ScheduleOptions& options, Troubles troubles,
                                      int64_t times) {
  std::vector<Simulated> all;
  for (int64_t time = 0; time < times; ++time) {
    all.push_back(simulate(graph, seconds, options, troubles));
    ++troubles.seed;
  }
  std::sort(all.begin(), all.end(),
            [](const Simulated& a, const Simulated& b) { return a.seconds < b.seconds; });
  return all;
}

}  // namespace repro::launch
