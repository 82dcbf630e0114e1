#pragma once
// The bodies of the job kinds, one source file a kind. Each reads its spec and inputs from the job,
// writes into the job's own directory and returns what becomes result.json.

#include <atomic>
#include <nlohmann/json_fwd.hpp>

#include "config/fields.hpp"
#include "data/text/document.hpp"
#include "run/run_directory.hpp"

namespace repro::worker {

struct JobContext {
  const run::OpenedJob& job;
  const run::RunDirectory& directory;
  const std::atomic<bool>& interrupted;
  data::ProgressCallback progress;  // throws when the user interrupted
};

template <typename Spec>
Spec spec_of(const run::OpenedJob& job) {
  return config::from_json<Spec>(job.spec, job.name + "/job.json");
}

// config::PrepareSpec; data::PrepareResult says what it leaves.
nlohmann::json prepare(const JobContext& context);

// config::ClusterSpec; input "corpus". Writes clusters.bin; result: documents and tokens of each
// cluster (no cluster is empty), warnings (a line for each cluster with less than minimum_share of
// the tokens, or without one than a tenth of the mean; also on stderr), tiny (their number),
// variance_explained, seconds {embed, kmeans | deal}; unless equal parts were dealt also restarts
// {sse and smallest_share (of the tokens) by start, chosen}, sse (of what was written), iterations,
// dimension, plane (by cluster: [x, y] of some documents, methods/plane.hpp).
nlohmann::json cluster(const JobContext& context);

// config::TrainSpec; see train/trainer.hpp.
nlohmann::json train(const JobContext& context);

// config::MergeSpec; inputs "part0", "part1", ..., "assignment" unless they are copied, "corpus"
// for a router that is made of text. Writes model.safetensors; result: gamma [parts],
// backbone_cosine and update_cosine [parts][parts], seconds {merge}.
nlohmann::json merge(const JobContext& context);

// config::GrowSpec; input "weights", a finished training. Writes model.safetensors and, where the
// optimizer is kept, optimizer.safetensors; result: experts [before, after], loss_before (nats, of
// the training's last steps), seconds {grow}.
nlohmann::json grow(const JobContext& context);

// config::EvalSpec; inputs "weights", or of an ensemble "part0", "part1", ..., and "corpus" (not
// of weights that brought their tokenizer and answer tasks alone). Result: measures {name: {split,
// window, stride, windows, loss (nats a token), tokens (scored), bits_per_byte}}, parameters,
// expert_load [L][E] over all measures and its gini [L], both empty without a router, active_share,
// attention_share (of routed heads), tokens_per_second (of the measures), seconds {load, eval},
// corpus_fingerprint, tasks (see answers.hpp). Error when the weights are not those of the model, a
// split is too short, or two measures have one name.
nlohmann::json evaluate(const JobContext& context);

// config::Task; input "corpus" (prepare) where it is made of one. Writes items.jsonl, one item a
// line: {id, part, context, choices, gold (index), row (as published, with the definition's
// fields)}; result: task, split, shots, items, parts {subject: items}, gold {index: items}, bytes
// {contexts, choices}, seconds {items}, fingerprint, harness_hashes {subject:
// lm-evaluation-harness's}.
nlohmann::json task(const JobContext& context);

// config::ProbeSpec; see probe/probe.hpp.
nlohmann::json probe(const JobContext& context);

}  // namespace repro::worker
