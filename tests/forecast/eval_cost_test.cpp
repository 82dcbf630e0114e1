#include "forecast/eval_cost.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "config/job_spec.hpp"
#include "config/task.hpp"
#include "forecast/prediction.hpp"
#include "measure/flops.hpp"
#include "temporary_directory.hpp"

namespace repro::forecast {
namespace {

using nlohmann::json;

config::Task pairs() {
  config::Task task;
  task.name = "pairs";
  task.context = "{c}";
  task.choices = {"{a}", "{b}"};
  task.gold = "0";
  return task;
}

// A corpus, a task of 100 items (70 bytes of context, 35 of choice), a model, and what is asked.
struct Graph {
  explicit Graph(const config::EvalSpec& spec, bool sized = true,
                 const config::Task& asked = pairs()) {
    prepared = add("prepare", {{"name", "corpus"}}, {});
    task = add("task", config::to_json(asked), {},
               sized ? json{{"items", 100}, {"context_bytes", 7000}, {"choice_bytes", 7000}}
                     : json::object());
    weights = add("train", {{"steps", 10}}, {{"corpus", prepared}});
    eval = add("eval", config::to_json(spec),
               {{"weights", weights}, {"corpus", prepared}, {"task-pairs", task}});
  }
  size_t add(const std::string& kind, const json& spec, std::map<std::string, size_t> inputs,
             const json& size = json::object()) {
    run::Job job;
    job.kind = kind;
    job.name = kind + "-x";
    job.spec = spec;
    job.inputs = std::move(inputs);
    job.execution = {{"size", size}};
    return jobs.add(std::move(job));
  }
  void finish(size_t job, const json& result) const {
    const run::RunDirectory directory(folder.path() / jobs[job].directory);
    directory.create(jobs[job], jobs);
    write_file_atomically(directory.result_file(), result.dump());
    directory.mark_done();
  }
  std::map<std::string, EvalCost> costs() const {
    run::Verifier verifier(folder.path());
    return eval_costs(jobs, folder.path(), verifier);
  }
  double tokens() const { return costs().at(jobs[eval].key).tokens; }

  TemporaryDirectory folder;
  run::JobGraph jobs;
  size_t prepared = 0, task = 0, weights = 0, eval = 0;
};

config::EvalSpec asking() {
  config::EvalSpec spec;
  spec.tasks = {"pairs"};
  return spec;
}

}  // namespace

TEST_CASE("an evaluation reads a context once and each of its choices, in tokens of the corpus",
          "[forecast]") {
  const Graph graph(asking());
  CHECK(graph.tokens() == Approx(100 * (70 + 2 * 35) / 3.5));  // before the corpus is there
  graph.finish(graph.prepared, {{"splits", {{"train", {{"tokens", 1000}, {"bytes", 5000}}}}}});
  CHECK(graph.tokens() == Approx(100 * (70 + 2 * 35) / 5.0));
}

TEST_CASE("worked examples that all items have are read once", "[forecast]") {
  config::Task task = pairs();
  task.shots.count = 4;
  CHECK(Graph(asking(), true, task).tokens() == Approx(100 * (70 / 5 + 2 * 35) / 3.5));
  task.shots.draw = "sample";  // each item has its own
  CHECK(Graph(asking(), true, task).tokens() == Approx(100 * (70 + 2 * 35) / 3.5));
}

TEST_CASE("made items count as they are, whatever their definition says", "[forecast]") {
  const Graph graph(asking(), /*sized=*/false);
  CHECK(graph.costs().empty());
  graph.finish(
      graph.task,
      {{"items", 50}, {"parts", {{"", 50}}}, {"bytes", {{"contexts", 3500}, {"choices", 3500}}}});
  CHECK(graph.tokens() == Approx(50 * (70 + 2 * 35) / 3.5));
}

TEST_CASE("a task made of a corpus counts as many items as it may have until they are there",
          "[forecast]") {
  config::Task task = pairs();
  task.choices.clear();
  task.choices_from = "choices";
  task.source.kind = "corpus";
  task.source.name = "next_passage";
  task.made = {.items = 10, .context_words = 20, .choice_words = 10, .seed = 0};
  CHECK(Graph(asking(), /*sized=*/false, task).tokens() == Approx(10 * (20 + 4 * 10) * 6 / 3.5));
}

TEST_CASE("a window and a limit bound what is read, and letters are read in one row",
          "[forecast]") {
  config::EvalSpec spec = asking();
  spec.window = 20;
  spec.limit = 10;
  CHECK(Graph(spec).tokens() == 10 * 2 * 20);
  const Graph letters(asking(), /*sized=*/false);
  letters.finish(
      letters.task,
      {{"items", 100}, {"parts", {{"", 100}}}, {"bytes", {{"contexts", 7000}, {"choices", 200}}}});
  CHECK(letters.tokens() == Approx(100 * (70 + 1) / 3.5));
}

TEST_CASE("measures read their windows, as far as their split has text", "[forecast]") {
  config::EvalSpec spec;
  spec.measures = {{.name = "unseen", .windows = 100}};
  const Graph graph(spec);
  CHECK(graph.tokens() == 100 * 128);
  graph.finish(graph.prepared, {{"splits", {{"valid", {{"tokens", 1280}}}}}});
  CHECK(graph.tokens() == 10 * 128);
  spec.measures = {{.name = "ppl", .split = "test"}};
  CHECK(Graph(spec).costs().empty());  // how long the split is nobody knows yet
}

TEST_CASE("twice the items take twice as long, at the speed of a finished evaluation",
          "[forecast]") {
  config::EvalSpec spec = asking();
  Graph graph(spec);
  spec.limit = 50;
  const size_t half = graph.add(
      "eval", config::to_json(spec),
      {{"weights", graph.weights}, {"corpus", graph.prepared}, {"task-pairs", graph.task}});
  graph.finish(half, {{"seconds", {{"load", 0.0}, {"eval", 20.0}}}});
  const MachineSpeed speed(graph.jobs, graph.folder.path());
  CHECK(speed.knows(graph.jobs[graph.eval]));
  CHECK(speed.seconds(graph.jobs[half]) == Approx(20));
  CHECK(speed.seconds(graph.jobs[graph.eval]) == Approx(40).margin(0.5));
}

TEST_CASE("a finished training tells how long an evaluation takes: a third of its FLOPs a token",
          "[forecast]") {
  const Graph graph(asking());
  const double per_token = static_cast<double>(measure::flops_per_token(
      measure::Convention::palm, config::TrainSpec{}.model, config::TrainSpec{}.sequence));
  const double tokens = 10 * 16 * 128;
  graph.finish(graph.weights, {{"tokens", tokens}, {"clocks", {{"wall", 10.0}}}});
  const double rate = per_token * tokens / 10;
  const auto cost = graph.costs().at(graph.jobs[graph.eval].key);
  CHECK(cost.flops < per_token * cost.tokens / 3);
  CHECK(cost.flops > 0.8 * per_token * cost.tokens / 3);
  const MachineSpeed speed(graph.jobs, graph.folder.path());
  CHECK(speed.seconds(graph.jobs[graph.eval]) == Approx(cost.flops / rate).margin(0.5));
}

TEST_CASE("what runs on other devices is not predicted from this machine's cores", "[forecast]") {
  config::EvalSpec spec = asking();
  spec.device = "cuda";
  CHECK(Graph(spec).costs().empty());
}

}  // namespace repro::forecast
