#include "launch/slurm_batches.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

namespace repro::launch {
namespace {

// Jobs of `cells` cells, each prepare -> (full, split -> 4 parts -> merge -> tune -> eval).
std::vector<BatchJob> cells_of(size_t cells) {
  std::vector<BatchJob> jobs;
  const auto add = [&](const char* kind, std::vector<size_t> after) {
    jobs.push_back({.job = jobs.size(), .kind = kind, .after = std::move(after)});
    return jobs.back().job;
  };
  for (size_t cell = 0; cell < cells; ++cell) {
    const size_t prepare = add("prepare", {});
    add("full", {prepare});
    const size_t split = add("split", {prepare});
    std::vector<size_t> parts;
    for (int part = 0; part < 4; ++part) parts.push_back(add("part", {prepare, split}));
    parts.push_back(split);
    const size_t merge = add("merge", parts);
    add("eval", {prepare, add("tune", {prepare, merge})});
  }
  return jobs;
}

// Every task that a job waits for by its batch, whether as a column or plainly.
std::set<BatchPlace> waits_for(const Batch& batch, int64_t index) {
  std::set<BatchPlace> places(batch.after.begin(), batch.after.end());
  for (const int64_t array : batch.corresponding) places.insert({array, index});
  return places;
}

// Checks that each job is in one batch, waits for nothing but its inputs, and for all of them, if
// only through others.
void check_order(const std::vector<BatchJob>& jobs, const std::vector<Batch>& batches,
                 int64_t most_tasks) {
  std::map<size_t, BatchPlace> places;
  std::map<BatchPlace, std::set<BatchPlace>> before;  // all that a task comes after
  for (size_t at = 0; at < batches.size(); ++at) {
    REQUIRE_FALSE(batches[at].tasks.empty());
    int64_t last = -1;
    for (const Batch::Task& task : batches[at].tasks) {
      CHECK(task.index > last);
      CHECK(task.index < most_tasks);
      last = task.index;
      const BatchPlace place{static_cast<int64_t>(at), task.index};
      CHECK(places.emplace(task.job, place).second);
      for (const BatchPlace& input : waits_for(batches[at], task.index)) {
        before[place].insert(input);
        before[place].insert(before[input].begin(), before[input].end());
      }
    }
  }
  REQUIRE(places.size() == jobs.size());
  for (const BatchJob& job : jobs) {
    std::set<BatchPlace> inputs;
    for (const size_t input : job.after) inputs.insert(places.at(input));
    const BatchPlace place = places.at(job.job);
    for (const BatchPlace& input : inputs) CHECK(before[place].contains(input));
    for (const BatchPlace& wait : waits_for(batches[static_cast<size_t>(place.array)], place.index))
      CHECK(inputs.contains(wait));
  }
}

TEST_CASE("the parts of one cell are one array that waits for the one task", "[launch]") {
  const auto jobs = cells_of(1);
  const auto batches = make_batches(jobs, 1001);
  check_order(jobs, batches, 1001);
  CHECK(batches.size() == 7);
  const auto part = std::find_if(batches.begin(), batches.end(),
                                 [](const Batch& batch) { return batch.kind == "part"; });
  REQUIRE(part != batches.end());
  CHECK(part->tasks.size() == 4);
  CHECK(part->after.size() == 1);
}

TEST_CASE("many cells become columns: as many arrays as one cell has jobs, at most", "[launch]") {
  for (const size_t cells : {6, 100, 1000}) {
    const auto jobs = cells_of(cells);
    const auto batches = make_batches(jobs, 1001);
    CAPTURE(cells);
    check_order(jobs, batches, 1001);
    CHECK(batches.size() <= 10);
  }
}

TEST_CASE("an array holds no more tasks than the cluster allows, and what reads them follows",
          "[launch]") {
  const auto jobs = cells_of(25);
  const auto batches = make_batches(jobs, 10);
  check_order(jobs, batches, 10);
  CHECK(batches.size() <= 3 * 10);
}

TEST_CASE("jobs of different kinds never share an array", "[launch]") {
  const std::vector<BatchJob> jobs = {
      {.job = 0, .kind = "a"}, {.job = 1, .kind = "b"}, {.job = 2, .kind = "a"}};
  const auto batches = make_batches(jobs, 1001);
  REQUIRE(batches.size() == 2);
  CHECK(batches[0].tasks.size() == 2);
  check_order(jobs, batches, 1001);
}

TEST_CASE("jobs that wait for tasks of earlier calls name them by the array's id", "[launch]") {
  const std::vector<BatchJob> jobs = {
      {.job = 7, .kind = "a", .after = {}, .after_earlier = {{-12, 3}, {-11, 0}}},
      {.job = 8, .kind = "a", .after = {}, .after_earlier = {{-11, 0}, {-12, 3}}}};
  const auto batches = make_batches(jobs, 1001);
  REQUIRE(batches.size() == 1);
  CHECK(batches[0].after == std::vector<BatchPlace>{{-12, 3}, {-11, 0}});
  CHECK(batches[0].tasks.size() == 2);
}

TEST_CASE("jobs that wait for tasks of different places keep their order", "[launch]") {
  // Each c waits for one a and another b: no column.
  std::vector<BatchJob> jobs;
  for (size_t i = 0; i < 3; ++i) jobs.push_back({.job = i, .kind = "a"});
  for (size_t i = 3; i < 6; ++i) jobs.push_back({.job = i, .kind = "b"});
  for (size_t i = 0; i < 3; ++i)
    jobs.push_back({.job = 6 + i, .kind = "c", .after = {i, 3 + (i + 1) % 3}});
  const auto batches = make_batches(jobs, 1001);
  check_order(jobs, batches, 1001);
  CHECK(batches.size() == 2 + 3);
}

}  // namespace
}  // namespace repro::launch
