#include "cli/finished_run.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "config/job_spec.hpp"

namespace repro::cli {

size_t add_finished(const run::RunDirectory& directory, run::JobGraph& graph) {
  const run::OpenedJob from = run::open_job(directory);
  run::Job job;
  job.kind = from.kind;
  job.name = from.name;
  job.spec = from.spec;
  job.resources = from.resources;
  for (const auto& [role, input] : from.inputs) job.inputs[role] = add_finished(input, graph);
  const size_t index = graph.add(std::move(job));
  if (graph[index].directory != directory.path().filename().string() ||
      directory.state() != run::State::done)
    throw Error("{}: is not finished, or not what its name says; run the experiment again",
                directory.path().string());
  return index;
}

std::optional<size_t> corpus_of(const run::JobGraph& graph, size_t job) {
  const auto& inputs = graph[job].inputs;
  if (const auto at = inputs.find("corpus"); at != inputs.end()) return at->second;
  for (const auto& [role, input] : inputs)
    if (const auto found = corpus_of(graph, input)) return found;
  return std::nullopt;
}

int64_t sequence_of(const run::JobGraph& graph, size_t job) {
  const int64_t otherwise = config::TrainSpec{}.sequence;
  const run::Job& own = graph[job];
  // A merge or a growth says none: what it reads does.
  if (own.kind != "merge" && own.kind != "grow") return own.spec.value("sequence", otherwise);
  for (const auto& [role, input] : own.inputs)
    if (graph[input].kind == "train") return sequence_of(graph, input);
  return otherwise;
}

config::ModelConfig model_of(const run::Job& job, const std::string& what) {
  const bool imported = job.kind == "import" && job.spec.contains("model");
  if (job.kind != "train" && job.kind != "merge" && job.kind != "grow" && !imported)
    throw Error(Exit::usage,
                "{}: a run of kind '{}' leaves no model; give a training, a merge or an imported "
                "checkpoint",
                what, job.kind);
  config::ModelConfig model;
  config::read_json(
      job.spec.value("model", nlohmann::json::object()),
      [&](config::Fields& fields) { describe(fields, model); }, job.name + "/job.json");
  return model;
}

}  // namespace repro::cli
