#pragma once
// The cleaned text of a corpus, built once and kept in the cache for every scale and experiment:
//
//   <cache>/downloads/             what the sources are
//   <cache>/corpora/<name>-<hash>/ documents.jsonl, meta.json (written last)
//
// <hash> is of the corpus' definition, its files' SHA-256 and the version of the cleaning code, so
// the folder's content is a function of its name.

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "config/corpus.hpp"
#include "data/text/document.hpp"
#include "data/text/overlap.hpp"

namespace repro::data {

struct PackageRecord {
  std::string name;
  std::string version;
  std::string sha256;
  int64_t bytes = 0;
};

struct SplitSize {
  int64_t documents = 0;
  int64_t bytes = 0;  // of UTF-8 text
  int64_t words = 0;
};

struct CorpusText {
  std::filesystem::path documents;
  std::vector<PackageRecord> packages;
  std::map<std::string, SplitSize> splits;
  std::map<std::string, Overlap> overlap;  // "valid" and "test" with train
  std::map<std::string, int64_t> dropped;  // reason -> paragraphs, documents or records
  double download_seconds = 0;
  double extract_seconds = 0;  // 0 when it was there already
};

// Fetches and cleans what is missing. Safe against another process doing the same. Error when a
// source cannot be had, is damaged, or gives no document. Built corpora hold no held-out paragraph
// that train repeats; published sets stay as they are and are only measured.
CorpusText corpus_text(const config::Corpus& corpus, const std::filesystem::path& cache,
                       const ProgressCallback& progress);

void to_json(nlohmann::json& json, const SplitSize& split);
void from_json(const nlohmann::json& json, SplitSize& split);
void to_json(nlohmann::json& json, const PackageRecord& package);
void from_json(const nlohmann::json& json, PackageRecord& package);

}  // namespace repro::data
