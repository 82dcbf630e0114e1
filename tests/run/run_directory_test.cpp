#include "run/run_directory.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "run/last_words.hpp"
#include "temporary_directory.hpp"

namespace repro::run {
namespace {

JobGraph two_jobs() {
  JobGraph graph;
  Job first;
  first.kind = "prepare";
  first.name = "prepare-web";
  first.spec = {{"vocabulary", 4096}};
  const size_t prepared = graph.add(first);
  Job second;
  second.kind = "train";
  second.name = "train-web";
  second.spec = {{"steps", 10}};
  second.inputs = {{"corpus", prepared}};
  graph.add(second);
  return graph;
}

}  // namespace

TEST_CASE("equal jobs are one job; a job's key depends on its inputs' keys", "[run]") {
  JobGraph graph = two_jobs();
  Job again = graph[0];
  CHECK(graph.add(again) == 0);
  again.spec["vocabulary"] = 8192;
  const size_t other = graph.add(again);
  CHECK(other == 2);
  Job train = graph[1];
  train.inputs["corpus"] = other;
  const size_t changed = graph.add(train);  // references into the graph end when it grows
  CHECK(graph[changed].key != graph[1].key);
  Job of_another_kind = graph[0];
  of_another_kind.kind = "task";
  const size_t unlike = graph.add(of_another_kind);
  CHECK(graph[unlike].key != graph[0].key);
}

TEST_CASE("a worker opens what was created, once its inputs are done", "[run]") {
  const TemporaryDirectory folder;
  const JobGraph graph = two_jobs();
  const RunDirectory prepared(folder.path() / graph[0].directory);
  const RunDirectory training(folder.path() / graph[1].directory);
  CHECK(prepared.state() == State::absent);
  prepared.create(graph[0], graph);
  training.create(graph[1], graph);
  CHECK(prepared.state() == State::started);
  CHECK_THROWS_WITH(open_job(training), Catch::Contains("its input 'corpus'"));
  prepared.mark_done();
  const OpenedJob job = open_job(training);
  CHECK(job.spec["steps"] == 10);
  CHECK(job.inputs.at("corpus").path() == prepared.path());
}

TEST_CASE("what is done is done, whatever failure an earlier try left", "[run]") {
  const TemporaryDirectory folder;
  const JobGraph graph = two_jobs();
  const RunDirectory directory(folder.path() / graph[0].directory);
  directory.create(graph[0], graph);
  write_file_atomically(directory.failed_file(), "disk full\n");
  CHECK(directory.state() == State::failed);
  directory.mark_done();
  write_file_atomically(directory.failed_file(), "disk full\n");
  CHECK(directory.state() == State::done);
  CHECK_FALSE(directory.failure());
}

TEST_CASE("a failure is kept as one line and forgotten when the job is tried again", "[run]") {
  const TemporaryDirectory folder;
  const JobGraph graph = two_jobs();
  const RunDirectory directory(folder.path() / graph[0].directory);
  directory.create(graph[0], graph);
  directory.mark_failed("disk full");
  CHECK(directory.state() == State::failed);
  CHECK(directory.failure() == "disk full");
  directory.create(graph[0], graph);
  CHECK(directory.state() == State::started);
}

TEST_CASE("a done run hands out its weights; one that left none or is not done says so", "[run]") {
  const TemporaryDirectory folder;
  const JobGraph graph = two_jobs();
  const RunDirectory directory(folder.path() / graph[0].directory);
  directory.create(graph[0], graph);
  std::ofstream(directory.weights_file()) << "tensors";
  CHECK_THROWS_WITH(directory.weights(), Catch::Contains("holds no weights"));
  directory.mark_done();
  CHECK(directory.weights() == directory.path() / "model.safetensors");
  std::filesystem::remove(directory.weights_file());
  CHECK_THROWS_WITH(directory.weights(), Catch::Contains("holds no weights"));
}

TEST_CASE("a job whose values were changed by hand is refused: its key is not theirs", "[run]") {
  const TemporaryDirectory folder;
  const JobGraph graph = two_jobs();
  const RunDirectory prepared(folder.path() / graph[0].directory);
  const RunDirectory training(folder.path() / graph[1].directory);
  for (size_t i = 0; i < 2; ++i)
    RunDirectory(folder.path() / graph[i].directory).create(graph[i], graph);
  prepared.mark_done();
  const auto edit = [](const RunDirectory& directory, const char* member, auto value) {
    nlohmann::json file = nlohmann::json::parse(read_file(directory.job_file()));
    file[member] = value;
    write_file_atomically(directory.job_file(), file.dump());
  };
  CHECK(open_job(training).resources.threads == 1);
  edit(training, "execution", nlohmann::json({{"checkpoint_every", 5}}));
  CHECK(open_job(training).execution["checkpoint_every"] == 5);  // no part of the key
  edit(training, "spec", nlohmann::json({{"steps", 11}}));
  CHECK_THROWS_WITH(open_job(training), Catch::Contains("its key is not that of its values"));
  training.create(graph[1], graph);
  edit(prepared, "key", std::string(64, '0'));
  prepared.mark_done();  // sealed as it is now
  CHECK_THROWS_WITH(open_job(training), Catch::Contains("its key is not that of its values"));
}

TEST_CASE("a worker refuses an input of which a byte changed after it was done", "[run]") {
  const TemporaryDirectory folder;
  const JobGraph graph = two_jobs();
  const RunDirectory prepared(folder.path() / graph[0].directory);
  const RunDirectory training(folder.path() / graph[1].directory);
  prepared.create(graph[0], graph);
  training.create(graph[1], graph);
  std::ofstream(prepared.path() / "train.tokens") << "tokens";
  prepared.mark_done();
  CHECK_NOTHROW(open_job(training));
  std::ofstream(prepared.path() / "train.tokens") << "tokenz";
  CHECK_THROWS_WITH(open_job(training), Catch::Contains("train.tokens: its bytes changed") &&
                                            Catch::Contains("delete " + prepared.path().string()));
}

TEST_CASE("a job that begins anew is not done, and what a killed one half wrote is gone", "[run]") {
  const TemporaryDirectory folder;
  const JobGraph graph = two_jobs();
  const RunDirectory directory(folder.path() / graph[0].directory);
  directory.create(graph[0], graph);
  std::ofstream(directory.submitted_file()) << "{}";
  directory.mark_done();
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ::waitpid(dead, nullptr, 0);
  const fs::path left = directory.path() / ("result.json.tmp" + std::to_string(dead));
  const fs::path mine = directory.path() / ("result.json.tmp" + std::to_string(::getpid()));
  for (const fs::path& path : {left, mine}) std::ofstream(path) << "half";
  directory.create(graph[0], graph);
  CHECK(directory.state() == State::started);
  CHECK_FALSE(fs::exists(directory.submitted_file()));
  CHECK_FALSE(fs::exists(left));
  CHECK(fs::exists(mine));
}

TEST_CASE("a job that begins anew has a new job file, never half of one over the old", "[run]") {
  const TemporaryDirectory folder;
  const JobGraph graph = two_jobs();
  const RunDirectory directory(folder.path() / graph[0].directory);
  directory.create(graph[0], graph);
  const fs::path old = folder.path() / "old";
  fs::create_hard_link(directory.job_file(), old);
  directory.create(graph[0], graph);
  CHECK_FALSE(fs::equivalent(directory.job_file(), old));
  CHECK(read_file(directory.job_file()) == read_file(old));
}

TEST_CASE("a full disk still takes the line that says so", "[run]") {
  const TemporaryDirectory folder;
  const pid_t child = ::fork();  // a mount of its own
  if (child == 0) {
    const bool own = ::unshare(CLONE_NEWNS) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
    if (!own || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0)
      ::_exit(2);
    const RunDirectory directory(folder.path());
    LastWords last_words(directory);
    std::ofstream fill(folder.path() / "fill");
    fill << std::string(1 << 20, 'x') << std::flush;
    bool full = !fill;
    try {
      directory.mark_failed("no");
      full = false;
    } catch (const Error&) {
    }
    last_words.say("the disk is full");
    ::_exit(full && directory.failure() == "the disk is full" ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("last words that were not needed leave nothing", "[run]") {
  const TemporaryDirectory folder;
  { const LastWords last_words{RunDirectory(folder.path())}; }
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("runs of another schema are recognised, counted and not opened", "[run]") {
  const TemporaryDirectory folder;
  const JobGraph graph = two_jobs();
  const RunDirectory ours(folder.path() / graph[0].directory);
  ours.create(graph[0], graph);
  const RunDirectory old(folder.path() / "train-qwen-web-full-s0-1f3c9a7e");
  make_directories(old.path());
  make_directories(folder.path() / "reports");
  write_file_atomically(old.job_file(),
                        R"({"schema": 1, "kind": "train", "name": "old", "key": "1f3c9a7e",
                            "spec": {"phase": "full"}, "inputs": {}, "execution": {}})");
  CHECK(ours.schema() == kSchema);
  CHECK(old.schema() == 1);
  CHECK(RunDirectory(folder.path() / "reports").schema() == 0);
  CHECK(count_foreign_runs(folder.path()) == 1);
  CHECK(count_foreign_runs(folder.path() / "nowhere") == 0);
  CHECK_THROWS_WITH(open_job(old), Catch::Contains("is of schema 1, this program writes 3"));
}

TEST_CASE("a damaged job file is an error, not an empty job", "[run]") {
  const TemporaryDirectory folder;
  std::ofstream(folder.path() / "job.json") << "{\"kind\":";
  CHECK_THROWS_AS(open_job(RunDirectory(folder.path())), Error);
}

}  // namespace repro::run
