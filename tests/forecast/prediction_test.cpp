#include "forecast/prediction.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "run/run_directory.hpp"
#include "temporary_directory.hpp"

namespace repro::forecast {
namespace {

run::Job training(const std::string& name, int64_t steps, bool one_expert = false) {
  config::TrainSpec spec;
  spec.steps = steps;
  if (one_expert) spec.model = config::one_expert(spec.model);
  run::Job job;
  job.kind = "train";
  job.name = name;
  job.spec = config::to_json(spec);
  return job;
}

void finish(const run::Job& job, const run::JobGraph& graph, const fs::path& runs,
            const nlohmann::json& result) {
  const run::RunDirectory directory(runs / job.directory);
  directory.create(job, graph);
  write_file_atomically(directory.result_file(), result.dump());
  directory.mark_done();
}

TEST_CASE("a training's tokens are steps x batch x sequence", "[forecast]") {
  const auto cost = train_cost(training("a", 10));
  REQUIRE(cost);
  CHECK(cost->tokens == 10 * 16 * 128);
  CHECK(cost->flops_per_token > 6.0 * 0.1 * static_cast<double>(cost->parameters));
}

TEST_CASE("two ranks take half the time of one and half its activations, and bill two devices",
          "[forecast]") {
  run::Job one = training("a", 10), two = one;
  two.spec["ranks"] = two.resources.ranks = 2;
  two.execution = {{"shard_optimizer", true}};
  const run::JobGraph graph;
  const TemporaryDirectory no_runs;
  const MachineSpeed speed(graph, no_runs.path());
  CHECK(speed.seconds(two) == Approx(speed.seconds(one) / 2));
  const auto alone = train_cost(one), shared = train_cost(two);
  CHECK(shared->memory.activation_bytes * 2 == alone->memory.activation_bytes);
  CHECK(shared->shards == 2);
  CHECK(shared->memory.state_bytes < alone->memory.state_bytes);
  CHECK(shared->tokens == alone->tokens);
}

TEST_CASE("one expert costs fewer parameters and FLOPs than the full model", "[forecast]") {
  const auto full = train_cost(training("a", 10));
  const auto submodel = train_cost(training("b", 10, true));
  CHECK(submodel->parameters < full->parameters);
  CHECK(submodel->flops_per_token < full->flops_per_token);
}

TEST_CASE("a training by epochs has no known number of steps", "[forecast]") {
  CHECK_FALSE(train_cost(training("a", 0))->tokens);
}

TEST_CASE("a job that trains nothing has no training cost", "[forecast]") {
  run::Job job;
  job.kind = "prepare";
  CHECK_FALSE(train_cost(job));
}

TEST_CASE("twice the steps take twice as long, at the speed of a finished training", "[forecast]") {
  TemporaryDirectory folder;
  run::JobGraph graph;
  graph.add(training("done", 100));
  graph.add(training("longer", 200));
  const MachineSpeed before(graph, folder.path());
  CHECK(before.evidence() == measure::Evidence::assumed);
  finish(graph[0], graph, folder.path(),
         {{"tokens", 100 * 16 * 128},
          {"clocks",
           {{"train", 7.0}, {"eval", 2.0}, {"checkpoint", 0.5}, {"other", 0.5}, {"wall", 10.0}}}});
  const MachineSpeed after(graph, folder.path());
  CHECK(after.evidence() == measure::Evidence::calibrated);
  CHECK(after.seconds(graph[0]) == Approx(10));
  CHECK(after.seconds(graph[1]) == Approx(20));
}

TEST_CASE("a kind of job that finished before is predicted by what it took", "[forecast]") {
  TemporaryDirectory folder;
  run::JobGraph graph;
  for (const char* name : {"cluster-a", "cluster-b"}) {
    run::Job job;
    job.kind = "cluster";
    job.name = name;
    job.spec = {{"name", name}};
    graph.add(std::move(job));
  }
  CHECK_FALSE(MachineSpeed(graph, folder.path()).knows(graph[1]));
  finish(graph[0], graph, folder.path(), {{"seconds", {{"embed", 1.5}, {"kmeans", 0.5}}}});
  const MachineSpeed after(graph, folder.path());
  CHECK(after.knows(graph[1]));
  CHECK(after.seconds(graph[1]) == Approx(2));
}

}  // namespace
}  // namespace repro::forecast
