#pragma once
// A finished run and what it rests on: what a verb needs that goes on from a run's weights.

#include <cstdint>
#include <optional>
#include <string>

#include "config/model.hpp"
#include "run/job.hpp"
#include "run/run_directory.hpp"

namespace repro::cli {

// A finished run and what it rests on, as jobs of a graph in which all of them are done. Error when
// one is not, or has changed since.
size_t add_finished(const run::RunDirectory& directory, run::JobGraph& graph);

// The corpus that it was trained on, here or in what it came from.
std::optional<size_t> corpus_of(const run::JobGraph& graph, size_t job);
// The tokens of a sequence that it was trained on, likewise.
int64_t sequence_of(const run::JobGraph& graph, size_t job);

// The model of the weights that a job left. Error (usage), which `what` begins, when it left none.
config::ModelConfig model_of(const run::Job& job, const std::string& what);

}  // namespace repro::cli
