#include "launch/slurm_commands.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "cluster/fake_slurm.hpp"
#include "fake_command.hpp"
#include "launch/slurm_states.hpp"
#include "temporary_directory.hpp"

namespace repro::launch {
namespace {

using Catch::Contains;

TEST_CASE("squeue's lines are read by field, and one without an index is of the rest", "[launch]") {
  const SlurmQueue queue = parse_queue(
      "12|3|repro-train-0a|RUNNING|None|n1\n"
      "12|4|repro-train-0a|PENDING|Resources|\n"
      "12|N/A|repro-train-0a|CANCELLED|Resources|\n\n");
  REQUIRE(queue.size() == 3);
  CHECK(queue.at({12, kRestOfArray}).state == "CANCELLED");
  CHECK(queue.at({12, 3}).nodes == "n1");
  CHECK(queue.at({12, 4}).state == "PENDING");
  CHECK(queue.at({12, 4}).reason == "Resources");
}

TEST_CASE("a line of squeue of another form is an error that shows it without its colours",
          "[launch]") {
  CHECK_THROWS_WITH(parse_queue("12|3|x\x1b[31m|RUNNING\n"),
                    Contains("squeue: a line of another form") && Contains("12|3|x\uFFFD[31m"));
}

TEST_CASE("names of tasks are read whole or not at all", "[launch]") {
  CHECK(parse_task("12_3") == SlurmTask{12, 3});
  CHECK(SlurmTask{12, 3}.text() == "12_3");
  for (const char* text :
       {"12", "12_", "_3", "12_3x", "-1_3", "12_[0-3]", "99999999999999999999_1"})
    CHECK_FALSE(parse_task(text));
}

TEST_CASE("indices are told as ranges, as sbatch and scancel take them", "[launch]") {
  CHECK(index_text({0}) == "0");
  CHECK(index_text({0, 1, 2, 5, 7, 8}) == "0-2,5,7-8");
  CHECK(words_of({{13, 1}, {12, 2}, {12, 1}, {12, 4}}) ==
        std::vector<std::string>{"12_[1-2,4]", "13_[1]"});
}

TEST_CASE("the cluster's own words say its name and how long an array may be", "[launch]") {
  TemporaryDirectory folder;
  const FakeCommand scontrol(
      folder.path(), "scontrol",
      "printf 'AccountingStorageHost   = localhost\\nClusterName             "
      "= north\\nMaxArraySize            = 5001\\n'\n");
  const SlurmCluster cluster = ask_cluster();
  CHECK(cluster.name == "north");
  CHECK(cluster.most_tasks == 5001);
}

TEST_CASE("a cluster without job arrays, and one without a name, are told so", "[launch]") {
  TemporaryDirectory folder;
  {
    const FakeCommand none(folder.path(), "scontrol",
                           "printf 'ClusterName = north\\nMaxArraySize = 0\\n'\n");
    CHECK_THROWS_WITH(ask_cluster(), Contains("north takes no job arrays (MaxArraySize = 0)"));
  }
  const FakeCommand nameless(folder.path(), "scontrol", "echo nothing\n");
  CHECK_THROWS_WITH(ask_cluster(), Contains("names no cluster"));
}

TEST_CASE("an answer of sbatch that is no id is an error", "[launch]") {
  TemporaryDirectory folder;
  {
    const FakeCommand federated(folder.path(), "sbatch", "echo '77;north'\n");
    CHECK(submit({.options = {}, .script = "x", .arguments = {}}) == 77);
  }
  const FakeCommand chatty(folder.path(), "sbatch", "echo Welcome\n");
  CHECK_THROWS_WITH(submit({.options = {}, .script = "x", .arguments = {}}),
                    "sbatch: named no job: 'Welcome'");
}

TEST_CASE("the exit code of a task is read from among its other fields", "[launch]") {
  TemporaryDirectory folder;
  const FakeCommand scontrol(folder.path(), "scontrol",
                             "echo 'JobId=5 Reason=None DerivedExitCode=0:0 ExitCode=0:53 X=1'\n");
  const auto exit = ask_exit({12, 3});
  REQUIRE(exit);
  CHECK(exit->signal == 53);
}

TEST_CASE("Slurm's states wait, run or have ended, and one that nobody knows goes on", "[launch]") {
  CHECK(phase_of("PENDING") == QueuePhase::waiting);
  CHECK(phase_of("REQUEUE_HOLD") == QueuePhase::waiting);
  for (const char* state : {"RUNNING", "COMPLETING", "SUSPENDED", "SOME_FUTURE_STATE"})
    CHECK(phase_of(state) == QueuePhase::running);
  for (const char* state : {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"})
    CHECK(phase_of(state) == QueuePhase::ended);
}

TEST_CASE("a task that the queue cancelled with its input was returned, not cancelled",
          "[launch]") {
  const SlurmTask task{12, 3};
  const auto fate = [&](const char* state, const char* reason) {
    return end_of(task, {.name = "", .state = state, .reason = reason, .nodes = ""}, "'a' in b:3")
        .fate;
  };
  CHECK(fate("CANCELLED", "DependencyNeverSatisfied") == Fate::returned);
  CHECK(fate("CANCELLED", "None") == Fate::cancelled);
  CHECK(fate("CANCELLED", "Dependency") == Fate::cancelled);
  CHECK(fate("COMPLETED", "None") == Fate::exited);
  CHECK(fate("FAILED", "NonZeroExitCode") == Fate::exited);
}

TEST_CASE("only reasons that do not pass by themselves ask for help", "[launch]") {
  for (const char* reason : {"", "None", "Priority", "Resources", "Dependency", "BeginTime"})
    CHECK_FALSE(needs_help(reason));
  for (const char* reason : {"PartitionTimeLimit", "JobHeldUser", "launch failed requeued held"})
    CHECK(needs_help(reason));
}

}  // namespace
}  // namespace repro::launch
