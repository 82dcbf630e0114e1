#pragma once
// The part of an eval job that answers downstream tasks.

#include <nlohmann/json_fwd.hpp>

#include "config/job_spec.hpp"
#include "model/transformer.hpp"
#include "worker/kinds.hpp"

namespace repro::worker {

// Answers each task of the spec, from the items of its input "task-NAME", with the weights' own
// tokenizer (own_tokenizer.hpp). Of each task {items, window, truncated (requests), beyond_training
// (requests of more tokens than a training's sequence), acc | acc_norm | acc_bytes {value, stderr,
// correct, predictions [by index], doubts}, constant, constant_index, chance, parts {part: {items,
// and correct by metric}}}. answers-NAME.jsonl gets a line an item, in their order: {id, part,
// gold, log_likelihoods, greedy, tokens, read, truncated, characters, bytes}; an interrupted job
// goes on behind the last whole line.
nlohmann::json answer_tasks(const JobContext& context, const config::EvalSpec& spec,
                            model::Transformer& model);

}  // namespace repro::worker
