#pragma once
// Where a corpus comes from and how its text is cut out: experiments/corpora/*.toml. Built corpora
// take public packages from the registries; imported ones read files the user has or can download.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/fields.hpp"

namespace repro::config {

// One package, download or file.
struct CorpusSource {
  std::string kind =
      "deb";  // "deb" (name), "wheel" (name, version), "url" (name = address), "file" (name = path)
  std::string name;
  std::string version;  // wheel: exact
  std::string sha256;   // of the downloaded file; empty for deb, whose mirrors keep only the newest
  int64_t bytes = 0;    // for the progress bar when the server does not say; 0 = unknown
  std::string reader = "html";  // "html", "json-summaries", "sword-text", "sword-commentary",
                                // "jsonl", "parquet", "text", or "auto":
                                // one of the last three, by the file's first bytes
  std::string split;            // "" = by document hash; "train", "valid", "test" when published
  std::vector<std::string> include;  // globs of archive members
  std::vector<std::string> exclude;
};

struct Corpus {
  std::string name;
  std::string title;       // for reports
  std::string stands_for;  // the paper's corpus this one is a stand-in for; "" = it is the real one
  std::string licence;
  bool filter = true;          // the paragraph filter of the built corpora; off for published sets
  int64_t minimum_words = 40;  // of a document, after filtering
  std::string text_field = "text";
  std::vector<CorpusSource> sources;
};

void describe(Fields&, CorpusSource&);
void describe(Fields&, Corpus&);
// `path` is experiments/corpora/NAME.toml; Error with every problem at once.
Corpus load_corpus(const std::filesystem::path& path, const std::string& shown_as);

}  // namespace repro::config
