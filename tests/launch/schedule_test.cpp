#include "launch/schedule.hpp"
#include "launch/simulation.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "launch/graphs.hpp"

namespace repro::launch {
namespace {

Schedule make_schedule(const run::JobGraph& graph, const ScheduleOptions& options,
                       std::vector<double> seconds = {}) {
  seconds.resize(graph.jobs().size(), 1.0);
  return Schedule(graph, std::vector<bool>(graph.jobs().size()), seconds, options);
}

TEST_CASE("a job starts only when all its inputs are done", "[launch]") {
  const run::JobGraph graph = cell_graph();
  Schedule schedule = make_schedule(graph, {.slots = 8});
  CHECK(schedule.next() == kPrepare);
  schedule.start(kPrepare);
  CHECK_FALSE(schedule.next());
  schedule.finish(kPrepare, End::done);
  schedule.start(kFull);
  schedule.start(kCluster);
  CHECK_FALSE(schedule.next());
  schedule.finish(kCluster, End::done);
  schedule.start(kSub0);
  schedule.start(kSub1);
  schedule.finish(kSub0, End::done);
  CHECK_FALSE(schedule.next());
  schedule.finish(kSub1, End::done);
  CHECK(schedule.next() == kMerge);
}

TEST_CASE("no more jobs run at a time than there are slots", "[launch]") {
  run::JobGraph graph;
  for (const char* name : {"a", "b", "c"}) add_job(graph, name);
  Schedule schedule = make_schedule(graph, {.slots = 2});
  schedule.start(*schedule.next());
  schedule.start(*schedule.next());
  CHECK_FALSE(schedule.next());
  schedule.finish(0, End::done);
  CHECK(schedule.next() == 2);
}

TEST_CASE("a job of two threads takes two slots", "[launch]") {
  run::JobGraph graph;
  add_job(graph, "narrow");
  add_job(graph, "wide", {}, 2);
  Schedule schedule = make_schedule(graph, {.slots = 2}, {2.0, 1.0});
  schedule.start(0);
  CHECK_FALSE(schedule.next());
  schedule.finish(0, End::done);
  CHECK(schedule.next() == 1);
}

TEST_CASE("a job of two ranks of two threads takes four slots", "[launch]") {
  run::JobGraph graph;
  add_job(graph, "narrow");
  run::Job job;
  job.kind = "train";
  job.name = "ranks";
  job.spec = {{"name", job.name}, {"threads", 2}};
  job.resources = {.ranks = 2, .threads = 2};
  graph.add(std::move(job));
  Schedule schedule = make_schedule(graph, {.slots = 4}, {2.0, 1.0});
  schedule.start(0);
  CHECK_FALSE(schedule.next());
  schedule.finish(0, End::done);
  CHECK(schedule.next() == 1);
}

TEST_CASE("a job of more threads than slots still runs, alone", "[launch]") {
  run::JobGraph graph;
  add_job(graph, "wide", {}, 16);
  add_job(graph, "narrow");
  Schedule schedule = make_schedule(graph, {.slots = 2}, {2.0, 1.0});
  CHECK(schedule.next() == 0);
  schedule.start(0);
  CHECK_FALSE(schedule.next());
}

TEST_CASE("the job that heads the longest chain starts first", "[launch]") {
  const run::JobGraph graph = cell_graph();
  // The chain cluster -> sub -> merge -> tune is 1 + 5 + 1 + 5 s, the full run 10 s.
  Schedule schedule = make_schedule(graph, {.slots = 1}, {1, 10, 1, 5, 5, 1, 5});
  schedule.start(kPrepare);
  schedule.finish(kPrepare, End::done);
  CHECK(schedule.next() == kCluster);
}

TEST_CASE("a crashed job is tried again until its retries are used up", "[launch]") {
  run::JobGraph graph;
  add_job(graph, "a");
  Schedule schedule = make_schedule(graph, {.slots = 1, .retries = 2});
  for (int round = 0; round < 2; ++round) {
    schedule.start(*schedule.next());
    schedule.finish(0, End::crashed);
    CHECK(schedule.state(0) == JobState::waiting);
  }
  schedule.start(*schedule.next());
  schedule.finish(0, End::crashed);
  CHECK(schedule.state(0) == JobState::failed);
  CHECK(schedule.idle());
}

TEST_CASE("a job that ends with an error is not tried again", "[launch]") {
  run::JobGraph graph;
  add_job(graph, "a");
  Schedule schedule = make_schedule(graph, {.slots = 1, .retries = 2});
  schedule.start(0);
  schedule.finish(0, End::failed);
  CHECK(schedule.state(0) == JobState::failed);
}

TEST_CASE("what needs a failed job is blocked and the other branch goes on", "[launch]") {
  const run::JobGraph graph = cell_graph();
  Schedule schedule = make_schedule(graph, {.slots = 8});
  schedule.start(kPrepare);
  schedule.finish(kPrepare, End::done);
  schedule.start(kFull);
  schedule.start(kCluster);
  schedule.finish(kCluster, End::failed);
  for (size_t job : {kSub0, kSub1, kMerge, kTune}) CHECK(schedule.state(job) == JobState::blocked);
  CHECK(schedule.state(kFull) == JobState::running);
  CHECK_FALSE(schedule.idle());
}

TEST_CASE("a job done earlier is not started again", "[launch]") {
  const run::JobGraph graph = cell_graph();
  std::vector<bool> done(graph.jobs().size(), false);
  for (size_t job : {kPrepare, kFull, kCluster, kSub0}) done[job] = true;
  Schedule schedule(graph, done, std::vector<double>(done.size(), 1.0), {.slots = 8});
  CHECK(schedule.next() == kSub1);
  schedule.start(kSub1);
  CHECK_FALSE(schedule.next());
}

TEST_CASE("after stop_starting nothing new starts", "[launch]") {
  const run::JobGraph graph = cell_graph();
  Schedule schedule = make_schedule(graph, {.slots = 8});
  schedule.start(kPrepare);
  schedule.stop_starting();
  schedule.finish(kPrepare, End::done);
  CHECK(schedule.idle());
}

TEST_CASE("the makespan on one slot is the sum and on many the longest chain", "[launch]") {
  const run::JobGraph graph = cell_graph();
  const std::vector<double> seconds = {1, 10, 1, 5, 6, 1, 4};
  CHECK(makespan(graph, seconds, {.slots = 1}) == Approx(28));
  CHECK(makespan(graph, seconds, {.slots = 8}) == Approx(1 + 1 + 6 + 1 + 4));
  CHECK(makespan(graph, std::vector<double>(7, 0.0), {.slots = 2}) == 0);
}

TEST_CASE("a job whose result nobody wants is spared until somebody does", "[launch]") {
  run::JobGraph graph;
  for (const char* name : {"a", "b", "c"}) add_job(graph, name);
  Schedule schedule = make_schedule(graph, {.slots = 3});
  schedule.want({true, false, false});
  CHECK(schedule.state(1) == JobState::spared);
  schedule.start(*schedule.next());
  CHECK_FALSE(schedule.next());
  schedule.want({true, false, true});
  CHECK(schedule.next() == 2);
  schedule.start(2);
  // What has started goes on.
  schedule.want({false, false, false});
  CHECK(schedule.state(2) == JobState::running);
}

TEST_CASE("a spared job that is wanted after its input failed is blocked", "[launch]") {
  run::JobGraph graph;
  const size_t first = add_job(graph, "a");
  add_job(graph, "b", {first});
  Schedule schedule = make_schedule(graph, {.slots = 1});
  schedule.want({true, false});
  schedule.start(first);
  schedule.finish(first, End::failed);
  schedule.want({true, true});
  CHECK(schedule.state(1) == JobState::blocked);
}

TEST_CASE("random graphs run to the end in order, within their slots and within Graham's bound",
          "[launch]") {
  std::mt19937 random(7);  // raw 32-bit draws only: the same graphs with every standard library
  for (int trial = 0; trial < 50; ++trial) {
    run::JobGraph graph;
    std::vector<double> seconds;
    std::vector<double> chain;  // the longest chain that ends with each job
    for (size_t job = 0; job < 30; ++job) {
      run::Job next;
      next.name = std::to_string(job);
      next.spec = {{"name", next.name}};
      seconds.push_back(1 + random() % 9);
      double before = 0;
      for (size_t input = 0; input < job; ++input)
        if (random() % 10 == 0) {
          next.inputs["in" + std::to_string(input)] = input;
          before = std::max(before, chain[input]);
        }
      chain.push_back(before + seconds.back());
      graph.add(std::move(next));
    }
    const int slots = 1 + static_cast<int>(random() % 4);
    double sum = 0;
    for (double one : seconds) sum += one;
    const double longest = *std::max_element(chain.begin(), chain.end());
    const double total = makespan(graph, seconds, {.slots = slots});
    CHECK(total >= std::max(longest, sum / slots) - 1e-9);
    CHECK(total <= sum / slots + longest + 1e-9);
  }
}

TEST_CASE("a wide job waits for its slots and is not overtaken by narrow ones", "[launch]") {
  run::JobGraph graph;
  add_job(graph, "first");
  add_job(graph, "wide", {}, 2);
  add_job(graph, "narrow");
  Schedule schedule = make_schedule(graph, {.slots = 2}, {3.0, 2.0, 1.0});
  schedule.start(*schedule.next());
  // One slot is free and `narrow` would fit; then `wide` might wait for ever.
  CHECK_FALSE(schedule.next());
  schedule.finish(0, End::done);
  CHECK(schedule.next() == 1);
  schedule.start(1);
  CHECK_FALSE(schedule.next());
  schedule.finish(1, End::done);
  CHECK(schedule.next() == 2);
}

}  // namespace
}  // namespace repro::launch
