#include <catch2/catch.hpp>

#include "launch/slurm.hpp"
#include "launch/slurm_fixture.hpp"

namespace repro::launch {
namespace {

using Catch::Contains;

TEST_CASE("a failed job keeps its own line and what waits for it is returned and blocked",
          "[launch]") {
  SlurmFixture f(
      "case $name in cluster) echo 'no documents' > \"$directory/FAILED\"; exit 4;; esac\nfinish");
  const ExecutionResult result = f.execute_all();
  CHECK(result.count(JobState::failed) == 1);
  CHECK(result.count(JobState::blocked) == 4);
  CHECK(result.count(JobState::done) == 2);
  CHECK_THAT(result.jobs[kCluster].message, Contains(": no documents; its log is"));
  CHECK(result.jobs[kTune].message == "needs cluster, which failed");
  CHECK(f.watcher.returns.size() == 4);
}

TEST_CASE("a killed worker is tried again and what waited for it waits for the new job",
          "[launch]") {
  SlurmFixture f("case $name$again in clusterno) kill -KILL $$;; esac\nfinish");
  const ExecutionResult result = f.execute_all();
  CHECK(result.count(JobState::done) == 7);
  CHECK(result.jobs[kCluster].tries == 2);
  CHECK(result.jobs[kTune].tries == 1);
  REQUIRE(f.watcher.crashes.size() == 1);
  CHECK_THAT(f.watcher.crashes[0], Contains("killed by SIGKILL"));
}

TEST_CASE("a job whose time limit comes near goes back into the queue and continues", "[launch]") {
  SlurmFixture f(
      "trap 'touch \"$directory/saved\"; exit 130' TERM\n"
      "if [ $name$again = clusterno ]; then while :; do sleep 0.02; done; fi\nfinish");
  bool warned = false;
  f.watcher.on_tick = [&] {
    if (warned || !fs::exists(f.directory(kCluster).path() / "once")) return;
    f.slurm.fake({"warn", read_mark(f.directory(kCluster))->task});
    warned = true;
  };
  const ExecutionResult result = f.execute_all();
  CHECK(result.count(JobState::done) == 7);
  CHECK(fs::exists(f.directory(kCluster).path() / "saved"));
  CHECK(result.jobs[kCluster].tries == 1);
  CHECK(f.watcher.crashes.empty());
}

// Holds `cluster` at work until the test has done this to its task.
ExecutionResult with_held_cluster(SlurmFixture& f, std::vector<std::string> words) {
  f.write_worker("if [ $name$again = clusterno ]; then while :; do sleep 0.02; done; fi\nfinish");
  bool told = false;
  f.watcher.on_tick = [&f, words, told]() mutable {
    if (told || !fs::exists(f.directory(kCluster).path() / "once")) return;
    words.insert(words.begin() + 1, read_mark(f.directory(kCluster))->task);
    f.slurm.fake(words);
    told = true;
  };
  return f.execute_all();
}

TEST_CASE("each way in which a cluster ends a job has its sentence and its consequence",
          "[launch]") {
  struct Case {
    const char* state;
    bool again;
    const char* sentence;
  };
  for (const Case& one :
       {Case{"TIMEOUT", true, "was stopped at its time limit"},
        Case{"NODE_FAIL", true, "its node n1 failed"}, Case{"PREEMPTED", true, "made room"},
        Case{"OUT_OF_MEMORY", false, "raise memory_gib of 'any' in sites/here.toml:"},
        Case{"CANCELLED", false, "was cancelled; the same command"}}) {
    CAPTURE(one.state);
    SlurmFixture f;
    const ExecutionResult result = with_held_cluster(f, {"end", one.state});
    CHECK(result.count(JobState::done) == (one.again ? 7u : 2u));
    if (one.again) {
      REQUIRE(f.watcher.crashes.size() == 1);
      CHECK_THAT(f.watcher.crashes[0], Contains(one.sentence));
    } else {
      CHECK_THAT(result.jobs[kCluster].message, Contains(one.sentence));
      CHECK_THAT(*f.directory(kCluster).failure(), Contains(one.sentence));
    }
  }
}

TEST_CASE("a waiting job that somebody cancels is not put back by the same run", "[launch]") {
  SlurmFixture f;
  f.slurm.set("held", "BeginTime");
  bool told = false;
  f.watcher.on_tick = [&] {
    if (told || f.watcher.put == 0) return;
    run_command({.words = {"scancel", read_mark(f.directory(kMerge))->task}});
    f.slurm.unset("held");
    told = true;
  };
  const ExecutionResult result = f.execute_all();
  CHECK(result.jobs[kMerge].state == JobState::failed);
  CHECK_THAT(result.jobs[kMerge].message, Contains("was cancelled; the same command"));
  CHECK(result.jobs[kTune].state == JobState::blocked);
  CHECK(result.count(JobState::done) == 5);
  CHECK(f.watcher.put == 7);
}

TEST_CASE("a job of a failed node is started again by the cluster and stays one job", "[launch]") {
  SlurmFixture f;
  const ExecutionResult result = with_held_cluster(f, {"fail"});
  CHECK(result.count(JobState::done) == 7);
  CHECK(result.jobs[kCluster].tries == 1);
  CHECK(f.watcher.put == 7);
}

TEST_CASE("while Slurm does not answer nothing is known and no job is taken for gone", "[launch]") {
  SlurmFixture f;
  int ticks = 0;
  f.watcher.on_tick = [&] {
    ++ticks;
    if (ticks == 3) f.slurm.set("down");
    if (ticks == 60) f.slurm.unset("down");
  };
  const ExecutionResult result = f.execute_all();
  CHECK(result.count(JobState::done) == 7);
  CHECK(f.watcher.put == 7);
  REQUIRE(f.watcher.notes.size() == 2);
  CHECK_THAT(f.watcher.notes[0], Contains("does not answer; they go on") &&
                                     Contains("Unable to contact slurm controller"));
  CHECK(f.watcher.notes[1] == "Slurm answers again");
}

TEST_CASE("jobs that Slurm has forgotten are judged by what they left", "[launch]") {
  SlurmFixture f("case $name in full) exit 3;; esac\nfinish");
  f.slurm.set("purge");
  const ExecutionResult result = f.execute_all();
  CHECK(result.count(JobState::done) == 6);
  CHECK(result.jobs[kFull].state == JobState::failed);
  CHECK_THAT(result.jobs[kFull].message, Contains("ended with exit code 3"));
}

TEST_CASE("a folder that the nodes do not see is one line with the way out", "[launch]") {
  for (const char* exit : {"66:0", "0:53"}) {
    SlurmFixture f;
    f.slurm.set("nodes", exit);
    const ExecutionResult result = f.execute_all();
    CHECK(result.count(JobState::failed) == 1);
    CHECK_THAT(result.jobs[kPrepare].message,
               Contains("node n1 does not see " + f.runs.string()) && Contains("give --runs"));
    CHECK(result.jobs[kPrepare].tries == 1);
  }
}

TEST_CASE("a worker that the nodes do not have is one line with the way out", "[launch]") {
  SlurmFixture f;
  fs::remove(f.folder.path() / "worker");
  const ExecutionResult result = f.execute_all();
  CHECK_THAT(result.jobs[kPrepare].message,
             Contains("node n1 cannot run ") && Contains("say in sites/here.toml"));
}

}  // namespace
}  // namespace repro::launch
