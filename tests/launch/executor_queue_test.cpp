#include <catch2/catch.hpp>

#include "launch/executor.hpp"
#include "launch/fake_launcher.hpp"

namespace repro::launch {
namespace {

TEST_CASE("a launcher that queues has every job at once, with what it waits for", "[launch]") {
  Fixture f;
  f.launcher.queue = true;
  f.options.schedule.slots = kUnlimited;
  CHECK(f.execute_all().count(JobState::done) == 7);
  CHECK(f.launcher.most_running == 7);
  REQUIRE(f.launcher.starts.size() == 7);
  CHECK(f.launcher.starts.front() == "prepare");
  CHECK(f.launcher.waits.front().empty());
  CHECK(f.launcher.waits.back() == std::vector<size_t>{5});
}

TEST_CASE("a queue takes no more jobs than it has room for, and the rest later", "[launch]") {
  Fixture f;
  f.launcher.queue = true;
  f.options.schedule.slots = 3;
  CHECK(f.execute_all().count(JobState::done) == 7);
  CHECK(f.launcher.most_running == 3);
}

TEST_CASE("jobs that the queue holds already are watched and not started", "[launch]") {
  Fixture f;
  f.launcher.queue = true;
  f.options.schedule.slots = kUnlimited;
  f.launcher.held = {0, 1, 2};
  f.directory(0).create(f.graph[0], f.graph);
  f.directory(1).create(f.graph[1], f.graph);
  f.directory(2).create(f.graph[2], f.graph);
  CHECK(f.execute_all().count(JobState::done) == 7);
  CHECK(f.launcher.starts == std::vector<std::string>{"sub0", "sub1", "merge", "tune"});
}

TEST_CASE("detached, what waits and what runs is left in the queue", "[launch]") {
  Fixture f;
  f.launcher.queue = true;
  f.options.schedule.slots = 5;
  f.options.detach = true;
  const ExecutionResult result = f.execute_all();
  CHECK(result.count(JobState::running) == 5);
  CHECK(result.count(JobState::waiting) == 2);
  CHECK_FALSE(result.interrupted);
}

TEST_CASE("a job that was lost is tried again, one that was refused is not", "[launch]") {
  for (const Fate fate : {Fate::lost, Fate::refused, Fate::cancelled}) {
    Fixture f;
    f.launcher.fates["full"] = fate;
    const ExecutionResult result = f.execute_all();
    const bool again = fate == Fate::lost;
    CHECK(result.count(JobState::done) == (again ? 7u : 6u));
    CHECK(f.observer.crashes.size() == (again ? 1u : 0u));
    if (again) continue;
    CHECK(result.jobs[1].message == f.directory(1).path().string() + ": the cluster said so");
    CHECK(f.directory(1).failure() == "the cluster said so");
  }
}

TEST_CASE("a job that the queue returns goes there again and it costs no try", "[launch]") {
  Fixture f;
  f.launcher.queue = true;
  f.options.schedule.slots = kUnlimited;
  f.launcher.fates["sub0"] = Fate::returned;
  const ExecutionResult result = f.execute_all();
  CHECK(result.count(JobState::done) == 7);
  CHECK(result.jobs[3].tries == 1);
  CHECK(f.observer.returns == std::vector<size_t>{3});
}

}  // namespace
}  // namespace repro::launch
