#include "launch/executor.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <deque>
#include <map>
#include <set>
#include <thread>

#include "base/error.hpp"
#include "base/file.hpp"
#include "launch/fake_launcher.hpp"
#include "temporary_directory.hpp"

namespace repro::launch {
namespace {

TEST_CASE("every job of a graph is run once, after its inputs, and the second time none is",
          "[launch]") {
  Fixture f;
  const ExecutionResult first = f.execute_all();
  CHECK(first.count(JobState::done) == 7);
  CHECK(first.cached() == 0);
  CHECK(f.launcher.starts.size() == 7);
  CHECK(f.launcher.starts.front() == "prepare");
  CHECK(f.launcher.starts.back() == "tune");
  CHECK(f.launcher.most_running == 2);
  const ExecutionResult second = f.execute_all();
  CHECK(f.launcher.starts.size() == 7);
  CHECK(second.cached() == 7);
}

TEST_CASE("a failure is reported with the job's own line and blocks what needs it", "[launch]") {
  Fixture f;
  f.launcher.scripts["sub0"] = {{.code = 4, .signal = 0}};
  f.launcher.last_words["sub0"] = "the loss is not finite at step 12";
  const ExecutionResult result = f.execute_all();
  CHECK(result.count(JobState::failed) == 1);
  CHECK(result.count(JobState::blocked) == 2);
  CHECK(result.count(JobState::done) == 4);
  CHECK(result.jobs[3].message == f.directory(3).path().string() +
                                      ": the loss is not finite at step 12; its log is " +
                                      f.directory(3).stderr_file().string());
  CHECK(result.jobs[3].tries == 1);
  CHECK(result.jobs[6].message == "needs sub0, which failed");
}

TEST_CASE("a job killed once is tried again and finishes", "[launch]") {
  Fixture f;
  f.launcher.scripts["full"] = {kKilled, kSuccess};
  const ExecutionResult result = f.execute_all();
  CHECK(result.count(JobState::done) == 7);
  CHECK(result.jobs[1].tries == 2);
  REQUIRE(f.observer.crashes.size() == 1);
  CHECK(f.observer.crashes[0].find("killed by SIGKILL (perhaps out of memory)") !=
        std::string::npos);
}

TEST_CASE("a job killed at every try fails, and its directory says by what", "[launch]") {
  Fixture f;
  f.launcher.scripts["full"] = {kKilled, kKilled, kSuccess};
  const ExecutionResult result = f.execute_all();
  CHECK(result.jobs[1].state == JobState::failed);
  CHECK(result.jobs[1].tries == 2);
  CHECK(f.directory(1).failure() == "killed by SIGKILL (perhaps out of memory)");
  CHECK(result.count(JobState::done) == 6);
}

TEST_CASE("a job killed after its DONE is finished and is not run again", "[launch]") {
  Fixture f;
  f.launcher.scripts["full"] = {kKilled};
  f.launcher.scripts["cluster"] = {{.code = 2, .signal = 0}};
  f.launcher.finishes_first = {"full", "cluster"};
  const ExecutionResult result = f.execute_all();
  CHECK(result.count(JobState::done) == 7);
  CHECK(f.observer.crashes.empty());
  CHECK(f.launcher.starts.size() == 7);
}

TEST_CASE("a job that left no line in FAILED is told by the end of its log", "[launch]") {
  Fixture f;
  f.launcher.scripts["full"] = f.launcher.scripts["cluster"] = {{.code = 2, .signal = 0}};
  f.launcher.logs["full"] = "a warning\nrepro-worker: error: x: cannot write: No space left\n";
  f.launcher.logs["cluster"] = "repro-worker: error: of an earlier line\nanother\n";
  const ExecutionResult result = f.execute_all();
  CHECK_THAT(result.jobs[1].message,
             Catch::Contains(": ended with exit code 2: x: cannot write: No space left; its log"));
  CHECK_THAT(result.jobs[2].message, Catch::Contains(": ended with exit code 2; its log"));
}

TEST_CASE("a worker that could not be loaded is told by what its loader said", "[launch]") {
  Fixture f;
  f.launcher.scripts["full"] = {{.code = 127, .signal = 0}};
  f.launcher.logs["full"] =
      "repro-worker: error while loading shared libraries: libx.so: failed to map segment from "
      "shared object\n";
  CHECK_THAT(f.execute_all().jobs[1].message,
             Catch::Contains(": ended with exit code 127: error while loading shared libraries: "
                             "libx.so: failed to map segment from shared object; its log"));
}

TEST_CASE("what a killed process half wrote is removed, in finished directories too", "[launch]") {
  Fixture f;
  f.execute_all();
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ::waitpid(dead, nullptr, 0);
  const fs::path left = f.directory(1).path() / ("FAILED.tmp" + std::to_string(dead));
  write_file_atomically(left, "");
  f.execute_all();
  CHECK_FALSE(fs::exists(left));
}

TEST_CASE("a job that ends cleanly without a DONE mark has failed", "[launch]") {
  Fixture f;
  f.launcher.forgets_to_finish = {"cluster"};
  const ExecutionResult result = f.execute_all();
  CHECK(result.jobs[2].state == JobState::failed);
  CHECK(result.jobs[2].message.find("ended without a result") != std::string::npos);
}

TEST_CASE("a failed job is tried afresh by the next invocation", "[launch]") {
  Fixture f;
  f.launcher.scripts["full"] = {{.code = 2, .signal = 0}, kSuccess};
  f.launcher.last_words["full"] = "the disk is full";
  CHECK(f.execute_all().count(JobState::failed) == 1);
  f.launcher.last_words.clear();
  const ExecutionResult again = f.execute_all();
  CHECK(again.count(JobState::done) == 7);
  CHECK(again.cached() == 6);
}

TEST_CASE("the first interrupt asks the children to stop and starts nothing more", "[launch]") {
  Fixture f;
  f.launcher.hold = true;
  int polls = 0;
  f.options.interrupts = [&] { return ++polls > 3 ? 1 : 0; };
  const ExecutionResult result = f.execute_all();
  CHECK(result.interrupted);
  CHECK(f.observer.stops == 1);
  REQUIRE(f.launcher.terminations.size() == 1);
  CHECK(f.launcher.terminations[0] == std::pair<std::string, Stop>("prepare", Stop::ask));
  CHECK(result.count(JobState::stopped) == 1);
  CHECK(result.count(JobState::waiting) == 6);
  CHECK(f.directory(0).state() == run::State::started);
}

TEST_CASE("the second interrupt kills", "[launch]") {
  Fixture f;
  f.launcher.hold = true;
  f.options.interrupts = [] { return 2; };
  int polls = 0;
  f.options.interrupts = [&] { return ++polls > 3 ? 2 : 0; };
  f.execute_all();
  REQUIRE_FALSE(f.launcher.terminations.empty());
  CHECK(f.launcher.terminations[0].second == Stop::force);
}

TEST_CASE("a job has the cores of its threads, however few jobs may run at a time", "[launch]") {
  Fixture f;
  f.graph = run::JobGraph();
  add_job(f.graph, "wide", {}, 2);
  f.options.schedule.slots = 1;
  f.options.seconds = {1.0};
  CHECK(f.execute_all().count(JobState::done) == 1);
  CHECK(f.launcher.cores == std::vector<int>{2});
}

TEST_CASE("a job that was interrupted continues in the next invocation", "[launch]") {
  Fixture f;
  f.launcher.hold = true;
  int polls = 0;
  f.options.interrupts = [&] { return ++polls > 3 ? 1 : 0; };
  f.execute_all();
  f.launcher.hold = false;
  f.launcher.terminations.clear();
  f.options.interrupts = [] { return 0; };
  CHECK(f.execute_all().count(JobState::done) == 7);
}

TEST_CASE("the seconds of a job are those of all its tries", "[launch]") {
  Fixture f;
  // Alone each try takes one poll; beside other jobs the last try alone might take two.
  f.graph = run::JobGraph();
  add_job(f.graph, "alone");
  f.options.seconds = {1.0};
  f.launcher.scripts["alone"] = {kKilled, kSuccess};
  f.launcher.poll_seconds = 0.1;
  const ExecutionResult result = f.execute_all();
  CHECK(result.count(JobState::done) == 1);
  CHECK(result.jobs[0].tries == 2);
  CHECK(result.jobs[0].seconds >= 2 * 0.1);
}

TEST_CASE("an interrupt asks every job that runs to stop", "[launch]") {
  Fixture f;
  f.launcher.hold = true;
  int polls = 0;
  // prepare ends; then full and cluster run side by side.
  f.directory(0).create(f.graph[0], f.graph);
  f.directory(0).mark_done();
  f.options.interrupts = [&] { return ++polls > 3 ? 1 : 0; };
  const ExecutionResult result = f.execute_all();
  std::set<std::string> asked;
  for (const auto& [name, how] : f.launcher.terminations) {
    CHECK(how == Stop::ask);
    asked.insert(name);
  }
  CHECK(asked == std::set<std::string>{"full", "cluster"});
  CHECK(result.count(JobState::stopped) == 2);
  CHECK(result.count(JobState::done) == 1);
}

TEST_CASE("after an interrupt no job starts in the place of one that stopped", "[launch]") {
  Fixture f;
  f.options.schedule.slots = 1;
  f.launcher.hold = true;
  // With prepare done full and cluster could both start, and one of them waits for the slot.
  f.directory(0).create(f.graph[0], f.graph);
  f.directory(0).mark_done();
  int polls = 0;
  f.options.interrupts = [&] { return ++polls > 3 ? 1 : 0; };
  const ExecutionResult result = f.execute_all();
  CHECK(result.interrupted);
  CHECK(f.launcher.starts.size() == 1);
  CHECK(result.count(JobState::stopped) == 1);
  CHECK(result.count(JobState::waiting) == 5);
}

}  // namespace
}  // namespace repro::launch
