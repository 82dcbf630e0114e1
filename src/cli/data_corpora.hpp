#pragma once
// Corpora as the command line sees them: what is in the cache, and the job that prepares one of
// them exactly as an experiment at some scale would.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "config/corpus.hpp"
#include "run/job.hpp"

namespace repro::cli {

// Bytes of its cleaned text in the cache; empty when it is not there.
std::optional<int64_t> cached_bytes(const std::string& name);

// The prepare jobs of every experiment at a scale, each once.
run::JobGraph prepare_jobs(const Context& context, const std::string& scale);
// The prepare job of this corpus with the tokenizer of that scale.
run::Job prepare_job(const Context& context, const config::Corpus& corpus,
                     const std::string& scale);

}  // namespace repro::cli
