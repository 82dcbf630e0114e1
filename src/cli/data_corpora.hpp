#pragma once
// Corpora as the command line sees them: what is in the cache, and the job that prepares one of
// them exactly as an experiment at some scale would.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "config/corpus.hpp"
#include "run/job.hpp"

namespace repro::cli {

// The cleaned text of a corpus in the cache.
struct CachedText {
  int64_t bytes = 0;
  double overlap = 0;  // share of its held-out words in runs of 13 that train holds
};
// The newest of this name; empty when there is none.
std::optional<CachedText> cached_text(const std::string& name);

// The prepare jobs of every experiment at a scale, each once.
run::JobGraph prepare_jobs(const Context& context, const std::string& scale);
// The prepare job of this corpus with the tokenizer of that scale.
run::Job prepare_job(const Context& context, const config::Corpus& corpus,
                     const std::string& scale);

// Prints what finished jobs say of a corpus' splits or of a task's items.
void print_splits(const Context& context, const run::JobGraph& graph);

// --scale and --wait, as `data get` and `data import` take them.
void add_scale_and_wait(CLI::App& verb, std::string& scale, bool& wait);

}  // namespace repro::cli
