#pragma once
// The prepare job: a corpus -> cleaned text (in the cache) -> tokenizer and token shards of its
// three splits in the run directory. The files' bytes are a function of the spec and of the
// packages' bytes.

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "config/job_spec.hpp"
#include "data/text/corpus_text.hpp"

namespace repro::data {

struct ShardSize {
  int64_t documents = 0;
  int64_t tokens = 0;
  int64_t bytes = 0;  // of UTF-8 text
};

struct PrepareResult {
  std::string corpus;
  std::map<std::string, ShardSize> splits;  // "train", "valid", "test"
  std::string fingerprint;                  // SHA-256 over the tokenizer and the three shards
  std::string tokenizer_sha256;
  int64_t vocabulary = 0;
  int64_t end_of_text = 0;  // token id
  std::vector<PackageRecord> packages;
  std::map<std::string, int64_t> dropped;  // reason -> count
  std::map<std::string, Overlap> overlap;  // "valid" and "test" with train, in 13-word runs
  std::map<std::string, double> seconds;   // download, extract, tokenizer, encode
};

// Writes tokenizer.model, train.tokens, valid.tokens and test.tokens into `directory`. `progress`
// may throw to stop; nothing half-written stays under these names.
PrepareResult prepare(const config::PrepareSpec& spec, const std::filesystem::path& directory,
                      const ProgressCallback& progress);

void to_json(nlohmann::json& json, const PrepareResult& result);

// The file names, for the jobs that read them.
std::filesystem::path shard_path(const std::filesystem::path& directory, const std::string& split);
std::filesystem::path tokenizer_path(const std::filesystem::path& directory);

}  // namespace repro::data
