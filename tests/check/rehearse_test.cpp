#include "check/rehearse.hpp"

#include <catch2/catch.hpp>

#include "base/file.hpp"

namespace repro::checks {
namespace {

const fs::path kExample = fs::path(REPRO_SOURCE_ROOT) / "docs/example";

plan::Plan plan_of(int64_t seeds) {
  plan::ExperimentOptions options;
  options.scale = "tiny";
  options.seeds = seeds;
  return plan::make_plan(plan::load_experiment(kExample, "table1", options));
}

}  // namespace

TEST_CASE("the jobs of a plan have names without their seeds", "[check]") {
  const plan::Plan plan = plan_of(2);
  const auto jobs = named_jobs(plan);
  REQUIRE(jobs.size() == 2 * 2 * 2);  // seeds, arms, a training and an evaluation
  for (const NamedJob& job : jobs) {
    CHECK((job.training == "toy-speeches-all" || job.training == "toy-speeches-half"));
    CHECK(job.evaluates == (plan.graph[job.job].kind == "eval"));
  }
  const Rehearsed chosen = rehearsed_training(plan);
  CHECK(chosen.training == "toy-speeches-all");
  CHECK(chosen.jobs.size() == 2);
}

TEST_CASE("a rehearsed training has a key and a folder of its own, and so has what reads it",
          "[check]") {
  const plan::Plan plan = plan_of(1);
  const size_t before = plan.graph.jobs().size();
  run::JobGraph graph = plan.graph;
  config::RehearsalSpec how;
  how.fault = "rate";
  const size_t job = rehearsed_training(plan).jobs.front().second;
  const auto place = rehearse(graph, {job}, how);
  CHECK(graph.jobs().size() == before + 2);  // the training and its evaluation
  CHECK(graph[place[job]].key != graph[job].key);
  CHECK(graph[place[job]].directory != graph[job].directory);
  CHECK(graph[place[job]].spec.at("rehearsal").at("fault") == "rate");
  CHECK(graph[place[job]].inputs == graph[job].inputs);
  // A second fault shares nothing with the first but what both read.
  how.fault = "order";
  CHECK(rehearse(graph, {job}, how)[job] != place[job]);
  CHECK(graph.jobs().size() == before + 4);
  // An ordinary training's key knows nothing of rehearsals.
  CHECK_FALSE(graph[job].spec.contains("rehearsal"));
}

}  // namespace repro::checks
