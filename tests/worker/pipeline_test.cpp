// A whole graph of jobs through the real worker, a process a job: text -> corpus -> clusters ->
// parts -> merge -> training -> evaluation. The text is made here, so nothing is downloaded.

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <map>
#include <set>
#include <thread>

#include "base/error.hpp"
#include "base/random.hpp"
#include "config/assembly_spec.hpp"
#include "config/job_spec.hpp"
#include "process.hpp"
#include "run/records.hpp"
#include "run/run_directory.hpp"

namespace repro {
namespace {

using nlohmann::json;

// The cache in a folder of the test's own; the workers inherit it.
class CacheIn {
 public:
  explicit CacheIn(const fs::path& folder) { ::setenv("XDG_CACHE_HOME", folder.c_str(), 1); }
  ~CacheIn() { ::unsetenv("XDG_CACHE_HOME"); }
};

config::Corpus write_corpus(const fs::path& folder) {
  const std::vector<std::string> kWords = {"the", "of",     "river", "mountain", "and",
                                           "to",  "old",    "is",    "winter",   "in",
                                           "a",   "sailor", "that",  "ships"};
  std::string lines;
  for (uint64_t document = 0; document < 600; ++document) {
    std::string text = "It is said that " + std::to_string(document);
    for (uint64_t i = 0; i < 30; ++i)
      text += ' ' + kWords[random_bits(document, 0, i) % kWords.size()];
    lines += json({{"text", text + " of the house."}}).dump() + "\n";
  }
  write_file_atomically(folder / "text.jsonl", lines);
  config::Corpus corpus;
  corpus.name = "made";
  corpus.filter = false;
  config::CorpusSource source;
  source.kind = "file";
  source.name = (folder / "text.jsonl").string();
  source.reader = "jsonl";
  corpus.sources = {source};
  return corpus;
}

config::ModelConfig small_model() {
  config::ModelConfig model;
  model.vocabulary = 320;
  model.width = 32;
  model.head_width = 16;
  model.expert_width = 16;
  model.shared_width = 32;
  return model;
}

// The jobs of one comparison: a training, and another that starts from merged parts.
struct Graph {
  run::JobGraph jobs;
  size_t prepared = 0, assigned = 0, full = 0, merged = 0, tuned = 0;
  std::vector<size_t> parts, evals;
};

size_t add(Graph& graph, const std::string& kind, const std::string& name, const json& spec,
           std::map<std::string, size_t> inputs) {
  run::Job job;
  job.kind = kind;
  job.name = name;
  job.spec = spec;
  job.inputs = std::move(inputs);
  job.execution = {{"checkpoint_every", 10}};
  return graph.jobs.add(std::move(job));
}

config::TrainSpec train_spec(int64_t steps) {
  config::TrainSpec spec;
  spec.model = small_model();
  spec.steps = steps;
  spec.batch = 8;
  spec.sequence = 32;
  spec.optimizer.lr = 3e-3;
  spec.watch.every = 20;
  spec.watch.windows = 8;
  return spec;
}

size_t add_part(Graph& graph, int64_t k) {
  config::TrainSpec spec = train_spec(40);
  spec.model = config::one_expert(spec.model);
  spec.slice = spec.part = k;
  return add(graph, "train", fmt::format("train-part{}", k), config::to_json(spec),
             {{"corpus", graph.prepared}, {"assignment", graph.assigned}});
}

size_t add_eval(Graph& graph, const std::string& name, size_t weights) {
  config::EvalSpec spec;
  spec.model = small_model();
  spec.batch = 8;
  spec.sequence = 32;
  spec.measures = {{.name = "unseen", .windows = 16},
                   {.name = "ppl", .split = "test"},
                   {.name = "train", .split = "train", .windows = 16}};
  return add(graph, "eval", "eval-" + name, config::to_json(spec),
             {{"corpus", graph.prepared}, {"weights", weights}});
}

Graph make_graph(const fs::path& folder) {
  Graph graph;
  config::PrepareSpec prepare;
  prepare.corpus = write_corpus(folder);
  prepare.vocabulary = small_model().vocabulary;
  graph.prepared = add(graph, "prepare", "prepare", config::to_json(prepare), {});
  config::ClusterSpec cluster;
  cluster.embedding = "model";
  cluster.k = small_model().experts;
  cluster.model = small_model();
  graph.assigned =
      add(graph, "cluster", "cluster", config::to_json(cluster), {{"corpus", graph.prepared}});
  graph.full = add(graph, "train", "train-full", config::to_json(train_spec(120)),
                   {{"corpus", graph.prepared}});
  std::map<std::string, size_t> inputs = {{"assignment", graph.assigned}};
  for (int64_t k = 0; k < cluster.k; ++k) {
    graph.parts.push_back(add_part(graph, k));
    inputs[fmt::format("part{}", k)] = graph.parts.back();
  }
  config::MergeSpec merge;
  merge.model = small_model();
  graph.merged = add(graph, "merge", "merge", config::to_json(merge), inputs);
  graph.tuned = add(graph, "train", "train-tuned", config::to_json(train_spec(60)),
                    {{"corpus", graph.prepared}, {"initial", graph.merged}});
  for (const auto& [name, weights] : std::map<std::string, size_t>{
           {"full", graph.full}, {"merged", graph.merged}, {"tuned", graph.tuned}})
    graph.evals.push_back(add_eval(graph, name, weights));
  return graph;
}

run::RunDirectory directory_of(const Graph& graph, size_t job, const fs::path& runs) {
  return run::RunDirectory(runs / graph.jobs[job].directory);
}

Process start(const Graph& graph, size_t job, const fs::path& runs) {
  const run::RunDirectory directory = directory_of(graph, job, runs);
  directory.create(graph.jobs[job], graph.jobs);
  return Process({built("repro-worker"), directory.path().string()});
}

// Every job that is not done, one after the other.
void work_through(const Graph& graph, const fs::path& runs) {
  for (size_t job = 0; job < graph.jobs.jobs().size(); ++job) {
    if (directory_of(graph, job, runs).state() == run::State::done) continue;
    const Finished finished = start(graph, job, runs).wait();
    INFO(graph.jobs[job].name << ": " << finished.errors);
    REQUIRE(finished.exit_code == 0);
  }
}

void wait_for_step(const run::RunDirectory& directory, double step) {
  for (int i = 0; i < 60'000; ++i) {
    const auto progress = run::read_progress(directory.records_file());
    if (progress && progress->phase == "train" && progress->done >= step) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  FAIL("the training did not reach the step");
}

std::vector<run::StepRecord> steps_of(const run::RunDirectory& directory) {
  return run::read_records(directory.records_file()).steps;
}

// What a training computed, without what depends on the clock.
std::vector<std::vector<double>> losses(const run::RunDirectory& directory) {
  std::vector<std::vector<double>> rows;
  for (const run::StepRecord& step : steps_of(directory))
    rows.push_back({static_cast<double>(step.step), step.lm_loss, step.aux_loss, step.grad_norm,
                    static_cast<double>(step.data_hash >> 12)});
  return rows;
}

}  // namespace

TEST_CASE("a graph of jobs runs from text to measured models, with weights at every end",
          "[worker]") {
  const TemporaryDirectory folder;
  const CacheIn cache(folder.path() / "cache");
  const Graph graph = make_graph(folder.path());
  const fs::path runs = folder.path() / "runs";
  work_through(graph, runs);

  CHECK(directory_of(graph, graph.assigned, runs).result().at("documents").size() == 4);
  for (size_t job : {graph.full, graph.parts[0], graph.merged, graph.tuned})
    CHECK(fs::exists(directory_of(graph, job, runs).weights()));
  CHECK_THROWS_AS(directory_of(graph, graph.prepared, runs).weights(), Error);
  std::map<std::string, double> unseen;
  for (size_t eval : graph.evals) {
    const json measures = directory_of(graph, eval, runs).result().at("measures");
    CHECK(measures.size() == 3);
    unseen[graph.jobs[eval].name] = measures.at("unseen").at("loss");
  }
  CHECK(unseen.at("eval-tuned") < unseen.at("eval-merged"));

  // The continued training sees the tokens of the whole one in the same order.
  const auto whole = steps_of(directory_of(graph, graph.full, runs));
  const auto tuned = steps_of(directory_of(graph, graph.tuned, runs));
  REQUIRE(tuned.size() == 60);
  for (size_t i = 0; i < tuned.size(); ++i) CHECK(tuned[i].data_hash == whole[i].data_hash);
}

TEST_CASE("a killed graph, continued, ends in the numbers of an uninterrupted one", "[worker]") {
  const TemporaryDirectory folder;
  const CacheIn cache(folder.path() / "cache");
  const Graph graph = make_graph(folder.path());
  const fs::path whole = folder.path() / "whole", broken = folder.path() / "broken";
  work_through(graph, whole);

  for (size_t job = 0; job < graph.full; ++job)
    REQUIRE(start(graph, job, broken).wait().exit_code == 0);
  Process process = start(graph, graph.full, broken);
  wait_for_step(directory_of(graph, graph.full, broken), 30);  // past a checkpoint
  process.signal_group(SIGKILL);
  CHECK(process.wait().exit_code == -SIGKILL);
  work_through(graph, broken);

  for (size_t job = 0; job < graph.jobs.jobs().size(); ++job) {
    INFO(graph.jobs[job].name);
    const auto expected = directory_of(graph, job, whole), found = directory_of(graph, job, broken);
    if (graph.jobs[job].kind == "train") CHECK(losses(found) == losses(expected));
    if (graph.jobs[job].kind == "eval")
      CHECK(found.result().at("measures") == expected.result().at("measures"));
  }
}

TEST_CASE("a worker without a job says so and fails", "[worker]") {
  const TemporaryDirectory folder;
  const Finished finished =
      Process({built("repro-worker"), (folder.path() / "nothing").string()}).wait();
  CHECK(finished.exit_code == 4);
  CHECK(finished.errors.find("nothing") != std::string::npos);
  CHECK(Process({built("repro-worker")}).wait().exit_code == 64);
}

TEST_CASE("a job of an older version is refused in one line", "[worker]") {
  const TemporaryDirectory folder;
  write_file_atomically(folder.path() / "job.json", R"({"schema": 1, "kind": "train"})");
  const Finished finished = Process({built("repro-worker"), folder.path().string()}).wait();
  CHECK(finished.exit_code != 0);
  CHECK(finished.errors.find("is of schema 1, this program writes 3") != std::string::npos);
  CHECK(std::count(finished.errors.begin(), finished.errors.end(), '\n') == 1);
}

}  // namespace repro
