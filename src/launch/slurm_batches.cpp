#include "launch/slurm_batches.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "base/error.hpp"

namespace repro::launch {
namespace {

using Places = std::vector<BatchPlace>;  // ascending, each once

// Jobs of one depth that are of one kind and wait for the same arrays.
struct Member {
  size_t job = 0;
  Places after;
};
using Class = std::pair<std::string, std::vector<int64_t>>;  // kind, arrays

// Whether all of it are tasks of one index.
bool is_column(const Places& places) {
  return !places.empty() && std::all_of(places.begin(), places.end(), [&](const BatchPlace& place) {
    return place.index == places.front().index;
  });
}

// Whether a job comes after another through those that it waits for. Looks at a few jobs only: to
// miss one costs a submission, not the order.
class Ancestry {
 public:
  explicit Ancestry(const std::vector<BatchJob>& jobs) {
    for (const BatchJob& job : jobs) after_[job.job] = &job.after;
  }

  // What a job waits for, without what another of these waits for itself.
  std::vector<size_t> reduced(const BatchJob& job) const {
    std::set<size_t> implied;
    std::vector<size_t> open = job.after;
    constexpr size_t kMostSeen = 200;
    for (size_t at = 0; at < open.size() && open.size() < kMostSeen; ++at)
      for (const size_t input : *after_.at(open[at]))
        if (implied.insert(input).second) open.push_back(input);
    std::vector<size_t> kept;
    std::copy_if(job.after.begin(), job.after.end(), std::back_inserter(kept),
                 [&](size_t input) { return !implied.contains(input); });
    return kept;
  }

 private:
  std::map<size_t, const std::vector<size_t>*> after_;
};

class BatchMaker {
 public:
  explicit BatchMaker(int64_t most_tasks) : most_tasks_(most_tasks) {
    check(most_tasks >= 1, "an array holds a task");
  }

  std::vector<Batch> make(const std::vector<BatchJob>& jobs) {
    const Ancestry ancestry(jobs);
    for (const std::vector<const BatchJob*>& level : levels_of(jobs)) {
      std::map<Class, std::vector<Member>> classes;
      for (const BatchJob* job : level) {
        Member member{job->job, places_of(*job, ancestry.reduced(*job))};
        std::set<int64_t> arrays;
        for (const BatchPlace& place : member.after) arrays.insert(place.array);
        classes[{job->kind, {arrays.begin(), arrays.end()}}].push_back(std::move(member));
      }
      for (const auto& [key, members] : classes) add_class(key, members);
    }
    return std::move(batches_);
  }

 private:
  // By how long the longest chain before a job is.
  static std::vector<std::vector<const BatchJob*>> levels_of(const std::vector<BatchJob>& jobs) {
    std::map<size_t, size_t> depths;
    std::vector<std::vector<const BatchJob*>> levels;
    for (const BatchJob& job : jobs) {
      size_t depth = 0;
      for (const size_t input : job.after) {
        const auto at = depths.find(input);
        check(at != depths.end(), "a job is given after those that it waits for");
        depth = std::max(depth, at->second + 1);
      }
      depths[job.job] = depth;
      if (depth >= levels.size()) levels.resize(depth + 1);
      levels[depth].push_back(&job);
    }
    return levels;
  }

  Places places_of(const BatchJob& job, const std::vector<size_t>& after) const {
    std::set<BatchPlace> places(job.after_earlier.begin(), job.after_earlier.end());
    for (const size_t input : after) places.insert(places_.at(input));
    return {places.begin(), places.end()};
  }

  void add_class(const Class& key, const std::vector<Member>& members) {
    std::map<int64_t, size_t> columns;  // index -> jobs that wait for it
    std::set<Places> different;
    size_t most = 0;
    bool all_columns = true;
    for (const Member& member : members) {
      different.insert(member.after);
      all_columns =
          all_columns && is_column(member.after) && member.after.size() == key.second.size();
      if (all_columns) most = std::max(most, ++columns[member.after.front().index]);
    }
    if (all_columns && most < different.size())
      add_columns(key, members);
    else
      add_groups(key, members);
  }

  // The n-th job that waits for an index goes into the n-th array.
  void add_columns(const Class& key, const std::vector<Member>& members) {
    std::map<int64_t, size_t> taken;
    std::vector<size_t> arrays;  // of this class, by their index in batches_
    for (const Member& member : members) {
      const int64_t index = member.after.front().index;
      const size_t which = taken[index]++;
      if (which == arrays.size()) {
        arrays.push_back(batches_.size());
        batches_.push_back(
            {.kind = key.first, .tasks = {}, .corresponding = key.second, .after = {}});
      }
      put(arrays[which], index, member.job);
    }
    for (const size_t array : arrays)
      std::sort(batches_[array].tasks.begin(), batches_[array].tasks.end(),
                [](const Batch::Task& a, const Batch::Task& b) { return a.index < b.index; });
  }

  // Jobs that wait for the same tasks, as many as an array holds.
  void add_groups(const Class& key, const std::vector<Member>& members) {
    std::map<Places, size_t> open;
    for (const Member& member : members) {
      const auto at = open.find(member.after);
      if (at == open.end() ||
          static_cast<int64_t>(batches_[at->second].tasks.size()) == most_tasks_) {
        open[member.after] = batches_.size();
        batches_.push_back(
            {.kind = key.first, .tasks = {}, .corresponding = {}, .after = member.after});
      }
      const size_t array = open.at(member.after);
      put(array, static_cast<int64_t>(batches_[array].tasks.size()), member.job);
    }
  }

  void put(size_t array, int64_t index, size_t job) {
    batches_[array].tasks.push_back({index, job});
    places_[job] = {static_cast<int64_t>(array), index};
  }

  int64_t most_tasks_;
  std::vector<Batch> batches_;
  std::map<size_t, BatchPlace> places_;  // by job
};

}  // namespace

std::vector<Batch> make_batches(const std::vector<BatchJob>& jobs, int64_t most_tasks) {
  return BatchMaker(most_tasks).make(jobs);
}

}  // namespace repro::launch
