#include "launch/slurm.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "launch/slurm_fixture.hpp"

namespace repro::launch {
namespace {

using Catch::Contains;

TEST_CASE("a graph goes to Slurm at once, runs in its order, and the second time not at all",
          "[launch]") {
  SlurmFixture f;
  const ExecutionResult first = f.execute_all();
  CHECK(first.count(JobState::done) == 7);
  CHECK(f.watcher.put == 7);
  const auto order = f.finished();
  REQUIRE(order.size() == 7);
  const auto at = [&](const char* name) { return std::find(order.begin(), order.end(), name); };
  CHECK(order.front() == "prepare");
  CHECK(at("cluster") < std::min(at("sub0"), at("sub1")));
  CHECK(std::max(at("sub0"), at("sub1")) < at("merge"));
  CHECK(order.back() == "tune");
  const size_t submissions = f.slurm.calls("sbatch").size();
  CHECK(f.execute_all().cached() == 7);
  CHECK(f.slurm.calls("sbatch").size() == submissions);
}

TEST_CASE("what is asked of Slurm for a job is what the site says of its profile", "[launch]") {
  SlurmFixture f;
  f.graph = run::JobGraph();
  run::Job job;
  job.kind = "train";
  job.name = "train-a";
  job.spec = {{"threads", 2}};
  job.resources = {.profile = "rtx-4090", .ranks = 2, .threads = 2};
  f.graph.add(job);
  CHECK(f.execute_all("continuations = 7\n").count(JobState::done) == 1);
  REQUIRE(f.slurm.calls("sbatch").size() == 1);
  const std::string call = f.slurm.calls("sbatch")[0];
  for (const char* option :
       {"--partition=cheap", "--cpus-per-task=2", "--ntasks=2", "--time=10", "--signal=B:USR1@10",
        "--array=0", "--requeue", "--kill-on-invalid-dep=yes", "--job-name=repro-train-"})
    CHECK_THAT(call, Contains(option));
  CHECK(call.ends_with(" 7"));
  CHECK(call.find("--dependency") == std::string::npos);
}

TEST_CASE("the run directory says which job it is, and whose", "[launch]") {
  SlurmFixture f;
  f.slurm.set("slots", "0");
  f.options.detach = true;
  const ExecutionResult left = f.execute_all();
  CHECK(left.count(JobState::running) == 7);
  const auto mark = read_mark(f.directory(kMerge));
  REQUIRE(mark);
  CHECK(mark->cluster == "fake");
  CHECK(parse_task(mark->task));
  const auto queued = ask_submitted(f.runs);
  CHECK(queued.size() == 7);
  CHECK(queued.at(f.graph[kMerge].directory).task.text() == mark->task);
  CHECK(queued.at(f.graph[kMerge].directory).entry.reason == "Dependency");
}

TEST_CASE("a run that was left to the queue is found there and nothing is submitted twice",
          "[launch]") {
  SlurmFixture f;
  f.slurm.set("slots", "0");
  f.options.detach = true;
  f.execute_all();
  const size_t submissions = f.slurm.calls("sbatch").size();
  // Not even where the process was killed before it noted the ids.
  fs::remove(f.directory(kSub0).submitted_file());
  f.options.detach = false;
  f.slurm.set("slots", "4");
  const ExecutionResult result = f.execute_all();
  CHECK(f.watcher.found == 7);
  CHECK(result.count(JobState::done) == 7);
  CHECK(f.slurm.calls("sbatch").size() == submissions);
  CHECK(f.finished().size() == 7);
}

TEST_CASE("a partition that the cluster lacks is named before anything is submitted", "[launch]") {
  SlurmFixture f;
  CHECK_THROWS_WITH(
      f.launcher("[[profile]]\nname = \"b200\"\npartition = \"costli\"\n"),
      "sites/here.toml:4: the cluster has no partition 'costli' (did you mean 'costly'?); there "
      "are: cheap, costly");
  CHECK(f.slurm.calls("sbatch").empty());
}

TEST_CASE("what sbatch refuses is said in its own words, with the line that asked for it",
          "[launch]") {
  SlurmFixture f;
  f.graph = run::JobGraph();
  add_job(f.graph, "wide", {}, 128);
  CHECK_THROWS_WITH(f.execute_all(), Contains("sites/here.toml:") && Contains("'any': sbatch: ") &&
                                         Contains("Requested node configuration is not available"));
}

TEST_CASE("what Slurm holds because a start failed is released", "[launch]") {
  SlurmFixture f;
  f.slurm.set("held", "launch failed requeued held");
  CHECK(f.execute_all().count(JobState::done) == 7);
  CHECK(f.slurm.calls("scontrol release").size() == 7);
  REQUIRE(f.watcher.notes.size() == 1);
  CHECK_THAT(f.watcher.notes[0], Contains("was held") && Contains("released"));
}

TEST_CASE("a job that waits for what never comes is told once", "[launch]") {
  SlurmFixture f;
  f.slurm.set("held", "PartitionTimeLimit");
  int ticks = 0;
  f.watcher.on_tick = [&] {
    if (++ticks == 40) f.slurm.unset("held");
  };
  CHECK(f.execute_all().count(JobState::done) == 7);
  REQUIRE(f.watcher.notes.size() == 1);
  CHECK_THAT(f.watcher.notes[0], Contains("waits, perhaps for ever: PartitionTimeLimit ('any'"));
}

TEST_CASE("an interrupt lets running jobs write a checkpoint and takes the others back",
          "[launch]") {
  SlurmFixture f(
      "trap 'touch \"$directory/saved\"; exit 130' TERM\n"
      "if [ $name = cluster ]; then while :; do sleep 0.02; done; fi\nfinish");
  f.options.interrupts = [&] { return fs::exists(f.directory(kCluster).path() / "once") ? 1 : 0; };
  const ExecutionResult result = f.execute_all();
  CHECK(result.interrupted);
  CHECK(result.jobs[kCluster].state == JobState::stopped);
  CHECK(result.count(JobState::failed) == 0);
  CHECK(fs::exists(f.directory(kCluster).path() / "saved"));
  CHECK(ask_submitted(f.runs).empty());
}

TEST_CASE("an interrupt twice ends even while Slurm does not answer", "[launch]") {
  SlurmFixture f("while :; do sleep 0.02; done");
  int interrupts = 0;
  f.options.interrupts = [&] { return interrupts; };
  f.watcher.on_tick = [&] {
    if (!fs::exists(f.directory(kPrepare).path() / "once")) return;
    f.slurm.set("down");
    interrupts = 2;
  };
  const ExecutionResult result = f.execute_all();
  f.slurm.unset("down");
  CHECK(result.interrupted);
  CHECK(result.count(JobState::stopped) == 7);
}

TEST_CASE("three thousand jobs are a few submissions and one question a look", "[launch]") {
  SlurmFixture f;
  f.graph = run::JobGraph();
  for (int cell = 0; cell < 500; ++cell) {
    const std::string mark = std::to_string(cell);
    const size_t prepare = add_job(f.graph, "prepare-" + mark);
    const size_t full = add_job(f.graph, "train-full" + mark, {prepare});
    const size_t sub0 = add_job(f.graph, "train-a" + mark, {prepare});
    const size_t sub1 = add_job(f.graph, "train-b" + mark, {prepare});
    const size_t merge = add_job(f.graph, "merge-" + mark, {sub0, sub1});
    add_job(f.graph, "eval-" + mark, {merge, full});
  }
  f.slurm.set("slots", "0");
  f.options.detach = true;
  CHECK(f.execute_all().count(JobState::running) == 3000);
  CHECK(f.slurm.calls("sbatch").size() <= 6);
  CHECK(f.slurm.calls("squeue").size() == 1);
}

}  // namespace
}  // namespace repro::launch
