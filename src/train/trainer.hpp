#pragma once
// Training one model: the job `train`, whatever it is part of. Continues from the newest checkpoint
// of its run directory; a run that was killed and continued ends with the same bits as one that was
// not.

#include <atomic>
#include <nlohmann/json_fwd.hpp>

#include "run/run_directory.hpp"
#include "train/ranks.hpp"

namespace repro::train {

// Reads config::TrainSpec from the job; its inputs: "corpus", "assignment" when part >= 0,
// "initial" for the weights of another run, and its optimizer's moments with keep_optimizer. Writes
// records.jsonl, mlperf.log, checkpoints/ and, at the end, model.safetensors; returns the job's
// result:
//
//   steps, tokens, epochs (of its documents: windows seen / windows there are), parameters,
//   loss_first and loss_last (LM loss of the first and last step), clocks {train, eval, checkpoint,
//   other, wall} in seconds, tokens_per_second (of training time), data_hash, expert_load [L][E] of
//   the last forward pass, peak_memory_bytes, corpus_fingerprint, tokenizer_sha256; of a model that
//   has just grown also spike {loss_before, height, recovery}
//
// execution: checkpoint_every (steps, default 200). When `interrupted` is set the step is finished,
// a checkpoint written, and Error thrown with Exit::interrupted. Error with Exit::run_failed when a
// loss or gradient is not finite: before the update, so the newest checkpoint is unharmed.
nlohmann::json train(const run::OpenedJob& job, const run::RunDirectory& directory,
                     const std::atomic<bool>& interrupted);

// The same by one of several ranks, each with the job's own rows of every batch: rank 0 writes and
// returns the result, the others return nothing. A batch's gradient is the sum of the ranks', each
// weighted by its tokens; the routers' auxiliary losses are those of each rank's own tokens, as
// they are of a micro-batch's. An interrupt of one stops all after the same step. RankLost when
// another has ended or is silent.
nlohmann::json train(const run::OpenedJob& job, const run::RunDirectory& directory,
                     const std::atomic<bool>& interrupted, Ranks& ranks);

}  // namespace repro::train
