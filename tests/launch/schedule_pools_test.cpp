#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "launch/graphs.hpp"
#include "launch/schedule.hpp"
#include "launch/simulation.hpp"

namespace repro::launch {
namespace {

Schedule schedule_of(const run::JobGraph& graph, const ScheduleOptions& options,
                     std::vector<double> seconds = {}) {
  seconds.resize(graph.jobs().size(), 1.0);
  return Schedule(graph, std::vector<bool>(graph.jobs().size()), seconds, options);
}

// Four jobs of one device, two of another, and one of none.
run::JobGraph unlike_graph() {
  run::JobGraph graph;
  const auto add = [&](const std::string& name, const std::string& profile, int64_t ranks = 1) {
    run::Job job;
    job.kind = "train";
    job.name = name;
    job.spec = {{"name", name}};
    job.resources = {.profile = profile, .ranks = ranks, .threads = 1};
    graph.add(std::move(job));
  };
  for (const char* name : {"a", "b", "c", "d"}) add(name, "cheap");
  for (const char* name : {"e", "f"}) add(name, "costly");
  add("g", "");
  return graph;
}

// By profile: how many of the jobs run now.
std::map<std::string, int> running_of(const run::JobGraph& graph, const Schedule& schedule) {
  std::map<std::string, int> running;
  for (size_t job = 0; job < graph.jobs().size(); ++job)
    running[graph[job].resources.profile] += schedule.state(job) == JobState::running ? 1 : 0;
  return running;
}

TEST_CASE(
    "no more jobs of a profile run than its pool has devices, and other pools are not held up",
    "[launch]") {
  const run::JobGraph graph = unlike_graph();
  Schedule schedule = schedule_of(
      graph, {.slots = kUnlimited, .pools = {{"cheap", 3}, {"costly", 1}}}, {9, 9, 9, 9, 1, 1, 1});
  while (const auto job = schedule.next()) schedule.start(*job);
  CHECK(running_of(graph, schedule) ==
        std::map<std::string, int>{{"cheap", 3}, {"costly", 1}, {"", 1}});
  schedule.finish(4, End::done);
  CHECK(schedule.next() == 5);
  schedule.finish(0, End::crashed);
  CHECK(schedule.next() == 0);
}

TEST_CASE("slots still bound what pools would allow", "[launch]") {
  const run::JobGraph graph = unlike_graph();
  Schedule schedule = schedule_of(graph, {.slots = 2, .pools = {{"cheap", 9}, {"costly", 9}}});
  while (const auto job = schedule.next()) schedule.start(*job);
  const auto running = running_of(graph, schedule);
  CHECK(running.at("cheap") + running.at("costly") + running.at("") == 2);
}

TEST_CASE("a job takes a device for each of its ranks, and all there are if it has more",
          "[launch]") {
  run::JobGraph graph;
  for (const int64_t ranks : {2, 2, 8}) {
    run::Job job;
    job.kind = "train";
    job.name = std::to_string(graph.jobs().size());
    job.spec = {{"name", job.name}};
    job.resources = {.profile = "cheap", .ranks = ranks, .threads = 1};
    graph.add(std::move(job));
  }
  Schedule schedule = schedule_of(graph, {.slots = kUnlimited, .pools = {{"cheap", 3}}}, {3, 2, 1});
  schedule.start(*schedule.next());
  CHECK_FALSE(schedule.next());
  schedule.finish(0, End::done);
  schedule.start(*schedule.next());
  schedule.finish(1, End::done);
  CHECK(schedule.next() == 2);
}

TEST_CASE("the makespan over pools is that of the pool with most work", "[launch]") {
  const run::JobGraph graph = unlike_graph();
  const std::vector<double> seconds = {3, 3, 3, 3, 5, 5, 1};
  CHECK(makespan(graph, seconds, {.slots = kUnlimited, .pools = {{"cheap", 4}, {"costly", 1}}}) ==
        Approx(10));
  CHECK(makespan(graph, seconds, {.slots = kUnlimited, .pools = {{"cheap", 1}, {"costly", 2}}}) ==
        Approx(12));
}

TEST_CASE("a profile of the graph without a pool is told, once", "[launch]") {
  const run::JobGraph graph = unlike_graph();
  CHECK(missing_pools(graph, {{"cheap", 1}}) == std::vector<std::string>{"costly"});
  CHECK(missing_pools(graph, {}).empty());
}

TEST_CASE("ten thousand jobs over a thousand devices keep within Graham's bound", "[launch]") {
  run::JobGraph graph;
  std::vector<double> seconds, chain;
  double cheap = 0, costly = 0;
  std::mt19937 random(11);  // raw 32-bit draws only: the same graph with every standard library
  for (size_t job = 0; job < 10'000; ++job) {
    run::Job next;
    next.kind = "train";
    next.name = std::to_string(job);
    next.spec = {{"name", next.name}};
    next.resources = {.profile = job % 5 == 0 ? "costly" : "cheap", .ranks = 1, .threads = 1};
    seconds.push_back(1 + random() % 100);
    (job % 5 == 0 ? costly : cheap) += seconds.back();
    double before = 0;
    if (job >= 2000) {
      const size_t input = job - 2000 + random() % 2000;
      next.inputs["in"] = input;
      before = chain[input];
    }
    chain.push_back(before + seconds.back());
    graph.add(std::move(next));
  }
  const double total =
      makespan(graph, seconds, {.slots = kUnlimited, .pools = {{"cheap", 900}, {"costly", 100}}});
  const double longest = *std::max_element(chain.begin(), chain.end());
  CHECK(total >= std::max({longest, cheap / 900, costly / 100}) - 1e-9);
  CHECK(total <= cheap / 900 + costly / 100 + longest + 1e-9);
  const ScheduleOptions options{.slots = kUnlimited, .pools = {{"cheap", 900}, {"costly", 100}}};
  const Simulated troubled =
      simulate(graph, seconds, options,
               {.failures_per_device_hour = 1,
                .queue_seconds = 10,
                .checkpoint_seconds = std::vector<double>(seconds.size(), 10)});
  CHECK((troubled.finished && troubled.failures > 0 && troubled.seconds > total));
}

TEST_CASE("ahead of its inputs a job may start only once they have", "[launch]") {
  const run::JobGraph graph = cell_graph();
  Schedule schedule = schedule_of(graph, {.slots = kUnlimited, .ahead = true});
  std::vector<size_t> order;
  while (const auto job = schedule.next()) {
    schedule.start(*job);
    order.push_back(*job);
  }
  CHECK(order.size() == 7);
  for (size_t job : order)
    for (const auto& [role, input] : graph[job].inputs)
      CHECK(std::find(order.begin(), order.end(), input) <
            std::find(order.begin(), order.end(), job));
}

TEST_CASE("a returned job waits for its input to be tried again, or is blocked by it", "[launch]") {
  for (const bool fails : {false, true}) {
    const run::JobGraph graph = cell_graph();
    Schedule schedule = schedule_of(graph, {.slots = kUnlimited, .retries = 1, .ahead = true});
    while (const auto job = schedule.next()) schedule.start(*job);
    schedule.finish(0, End::done);
    schedule.finish(2, fails ? End::failed : End::crashed);
    for (size_t job : {3, 4, 5, 6}) schedule.finish(job, End::returned);
    CHECK(schedule.state(3) == (fails ? JobState::blocked : JobState::waiting));
    CHECK(schedule.state(6) == (fails ? JobState::blocked : JobState::waiting));
    CHECK(schedule.tries(6) == 0);
    if (fails) continue;
    std::vector<size_t> again;
    while (const auto job = schedule.next()) {
      schedule.start(*job);
      again.push_back(*job);
    }
    CHECK(again == std::vector<size_t>{2, 3, 4, 5, 6});
  }
}

}  // namespace
}  // namespace repro::launch
