#include "run/run_directory.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
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
  CHECK(graph[graph.add(train)].key != graph[1].key);
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

TEST_CASE("a damaged job file is an error, not an empty job", "[run]") {
  const TemporaryDirectory folder;
  std::ofstream(folder.path() / "job.json") << "{\"kind\":";
  CHECK_THROWS_AS(open_job(RunDirectory(folder.path())), Error);
}

}  // namespace repro::run
