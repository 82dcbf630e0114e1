#pragma once
// Takes data sets the user already has: C4's .json.gz, .jsonl, .jsonl.zst, .parquet, plain text,
// folders and archives of .txt. Importing reads everything once, streaming, cleans nothing, and
// leaves a corpus that manifests can name:
//
//   <cache>/corpora-imported/NAME/NAME.toml   the corpus: its files, their SHA-256 and splits
//   <cache>/corpora-imported/NAME/meta.json   what was found: files, documents, bytes, drops
//   <cache>/corpora/NAME-<hash>/              its documents, as of every corpus

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "config/corpus.hpp"
#include "data/corpus_text.hpp"

namespace repro::data {

struct ImportFile {
  std::filesystem::path path;  // or a folder of .txt files
  std::string split;           // "" = by the hash of each document; "train", "valid", "test"
};

struct ImportRequest {
  std::string name;  // letters, digits, '-', '_'
  std::vector<ImportFile> files;
  std::string text_field = "text";  // of JSON records and columns
  std::string stands_for = "";
};

struct ImportResult {
  std::filesystem::path definition;  // NAME.toml
  config::Corpus corpus;
  CorpusText text;
};

// Importing the same files again is quick; other files under a taken name replace it. Error when a
// file is missing, damaged, of an unknown kind, or when no usable document is found.
ImportResult import_files(const ImportRequest& request, const std::filesystem::path& cache,
                          const ProgressCallback& progress);

void to_json(nlohmann::json& json, const ImportResult& result);

}  // namespace repro::data
