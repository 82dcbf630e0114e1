#include "launch/schedule.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"

namespace repro::launch {

Schedule::Schedule(const run::JobGraph& graph, const std::vector<bool>& done,
                   const std::vector<double>& seconds, const ScheduleOptions& options)
    : entries_(graph.jobs().size()), options_(options) {
  check(done.size() == entries_.size() && seconds.size() == entries_.size(),
        "one flag and one estimate a job");
  check(options.slots >= 1, "at least one job at a time");
  for (size_t job = 0; job < entries_.size(); ++job) {
    Entry& entry = entries_[job];
    if (done[job]) entry.state = JobState::done;
    if (!options.ahead)
      entry.width = static_cast<int>(
          std::clamp(graph[job].resources.cores(), int64_t{1}, int64_t{options.slots}));
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
  add_pools(graph);
  for (size_t job = 0; job < entries_.size(); ++job) offer(job);
}

void Schedule::add_pools(const run::JobGraph& graph) {
  check(missing_pools(graph, options_.pools).empty(), "every profile has a pool");
  pools_.resize(1);
  std::map<std::string, size_t> places;
  for (const auto& [profile, size] : options_.pools) {
    check(size >= 1, "a pool has a device");
    places[profile] = pools_.size();
    pools_.push_back({.size = size});
  }
  for (size_t job = 0; job < entries_.size(); ++job) {
    const auto place = places.find(graph[job].resources.profile);
    if (place == places.end()) continue;
    entries_[job].pool = place->second;
    entries_[job].devices = static_cast<int>(
        std::clamp(graph[job].resources.ranks, int64_t{1}, int64_t{pools_[place->second].size}));
  }
}

void Schedule::want(const std::vector<bool>& wanted) {
  check(wanted.size() == entries_.size(), "one flag a job");
  for (size_t job = 0; job < entries_.size(); ++job) {
    JobState& state = entries_[job].state;
    if (state == JobState::waiting && entries_[job].tries == 0 && !wanted[job]) {
      state = JobState::spared;
    } else if (state == JobState::spared && wanted[job]) {
      state = blocked(job) ? JobState::blocked : JobState::waiting;
      offer(job);
    }
  }
}

bool Schedule::blocked(size_t job) const {
  return std::any_of(entries_[job].inputs.begin(), entries_[job].inputs.end(), [&](size_t input) {
    return entries_[input].state == JobState::failed || entries_[input].state == JobState::blocked;
  });
}

bool Schedule::inputs_ready(size_t job) const {
  const std::vector<size_t>& inputs = entries_[job].inputs;
  return std::all_of(inputs.begin(), inputs.end(), [&](size_t input) {
    const JobState state = entries_[input].state;
    return state == JobState::done || (options_.ahead && state == JobState::running);
  });
}

bool Schedule::ready(size_t job) const {
  return entries_[job].state == JobState::waiting && !entries_[job].held && inputs_ready(job);
}

void Schedule::offer(size_t job) {
  if (ready(job))
    pools_[entries_[job].pool].ready.emplace(entries_[job].path_seconds,
                                             -static_cast<int64_t>(job));
}

void Schedule::offer_readers(size_t job) {
  for (size_t reader : entries_[job].readers) {
    entries_[reader].held = false;
    offer(reader);
  }
}

std::optional<size_t> Schedule::first_of(Pool& pool) const {
  while (!pool.ready.empty()) {
    const auto job = static_cast<size_t>(-pool.ready.top().second);
    if (ready(job)) return job;
    pool.ready.pop();
  }
  return std::nullopt;
}

std::optional<size_t> Schedule::next() {
  if (stopping_) return std::nullopt;
  std::optional<size_t> best;
  for (Pool& pool : pools_) {
    const auto job = first_of(pool);
    if (!job || pool.used > pool.size - entries_[*job].devices) continue;
    const double path = entries_[*job].path_seconds;
    if (!best || path > entries_[*best].path_seconds ||
        (path == entries_[*best].path_seconds && *job < *best))
      best = job;
  }
  // A wide job waits for its slots and is not overtaken: it would wait for ever.
  if (best && used_ > options_.slots - entries_[*best].width) return std::nullopt;
  return best;
}

void Schedule::take(Entry& entry) {
  entry.state = JobState::running;
  ++entry.tries;
  used_ += entry.width;
  pools_[entry.pool].used += entry.devices;
}

void Schedule::start(size_t job) {
  check(ready(job) && used_ <= options_.slots - entries_[job].width, "the job may start");
  take(entries_[job]);
  if (options_.ahead) offer_readers(job);
}

void Schedule::adopt(size_t job) {
  check(entries_[job].state == JobState::waiting || entries_[job].state == JobState::spared,
        "only a job that has not ended is adopted");
  take(entries_[job]);
  offer_readers(job);
}

void Schedule::retire(size_t job, JobState state) {
  entries_[job].state = state;
  if (state == JobState::waiting) return offer(job);
  if (state == JobState::failed || state == JobState::blocked) return block_readers(job);
  offer_readers(job);
}

void Schedule::finish(size_t job, End end) {
  Entry& entry = entries_[job];
  check(entry.state == JobState::running, "only a running job ends");
  used_ -= entry.width;
  pools_[entry.pool].used -= entry.devices;
  switch (end) {
    case End::done:
      return retire(job, JobState::done);
    case End::stopped:
      return retire(job, JobState::stopped);
    case End::crashed:
      return retire(job, entry.tries <= options_.retries ? JobState::waiting : JobState::failed);
    case End::failed:
      return retire(job, JobState::failed);
    case End::returned:
      --entry.tries;
      // An input has come to a bad end that may not be told yet; or all are done meanwhile.
      entry.held = std::any_of(entry.inputs.begin(), entry.inputs.end(), [&](size_t input) {
        return entries_[input].state != JobState::done;
      });
      return retire(job, blocked(job) ? JobState::blocked : JobState::waiting);
  }
}

void Schedule::block_readers(size_t job) {
  for (size_t reader : entries_[job].readers) {
    if (entries_[reader].state != JobState::waiting) continue;
    entries_[reader].state = JobState::blocked;
    block_readers(reader);
  }
}

std::vector<std::string> missing_pools(const run::JobGraph& graph, const Pools& pools) {
  std::set<std::string> missing;
  for (const run::Job& job : graph.jobs())
    if (!pools.empty() && !job.resources.profile.empty() && !pools.contains(job.resources.profile))
      missing.insert(job.resources.profile);
  return {missing.begin(), missing.end()};
}

}  // namespace repro::launch
