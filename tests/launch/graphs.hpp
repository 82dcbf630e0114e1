#pragma once
// Small job graphs for the launch tests.

#include <initializer_list>
#include <string>

#include "run/job.hpp"

namespace repro::launch {

// A job whose name is its letter; inputs by index.
inline size_t add_job(run::JobGraph& graph, const std::string& name,
                      std::initializer_list<size_t> inputs = {}, int threads = 1) {
  run::Job job;
  job.kind = "train";
  job.name = name;
  job.spec = {{"name", name}, {"threads", threads}};
  job.resources.threads = threads;
  for (size_t input : inputs) job.inputs["in" + std::to_string(input)] = input;
  return graph.add(std::move(job));
}

// The jobs of cell_graph().
enum CellJob : size_t { kPrepare, kFull, kCluster, kSub0, kSub1, kMerge, kTune };

// prepare -> (full, cluster -> (sub0, sub1) -> merge -> tune)
inline run::JobGraph cell_graph() {
  run::JobGraph graph;
  const size_t prepare = add_job(graph, "prepare");
  add_job(graph, "full", {prepare});
  const size_t cluster = add_job(graph, "cluster", {prepare});
  const size_t sub0 = add_job(graph, "sub0", {cluster});
  const size_t sub1 = add_job(graph, "sub1", {cluster});
  const size_t merge = add_job(graph, "merge", {sub0, sub1});
  add_job(graph, "tune", {merge});
  return graph;
}

}  // namespace repro::launch
