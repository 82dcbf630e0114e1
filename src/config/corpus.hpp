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
  // Of a wheel both are written in the corpus' file. A deb's mirrors keep only the newest, so there
  // plan::resolve_packages() fills them; empty = not resolved.
  std::string version;
  std::string sha256;  // of the downloaded file
  int64_t bytes = 0;   // for the progress bar when the server does not say; 0 = unknown
  // Of packages: "html", "json-summaries", "text-paragraphs", "dictionary"; of published sets:
  // "jsonl", "parquet", "text", or "auto": one of these three, by the file's first bytes.
  std::string reader = "html";
  std::string split;                 // "" = by hash; "train", "valid", "test" when published
  int64_t minimum_words = 0;         // of a document, after filtering; 0 = the corpus'
  std::vector<std::string> include;  // globs of archive members
  std::vector<std::string> exclude;
};

struct Corpus {
  std::string name;
  std::string title;       // for reports
  std::string stands_for;  // the paper's corpus this one was chosen for; "" = none
  std::string published;   // the paper's corpus that this one is itself; "" = it is none
  std::string licence;
  bool filter = true;          // the paragraph filter of the built corpora; off for published sets
  int64_t minimum_words = 40;  // of a document, after filtering
  std::string text_field = "text";
  std::vector<CorpusSource> sources;

  // Is it the paper's corpus of this name itself? Whatever does not say so is a stand-in, also
  // files of a user's that play the role.
  bool is(const std::string& paper_corpus) const { return published == paper_corpus; }
};

// Does it give the same bytes for ever? A source with a SHA-256, or with a revision of 40 hex
// digits in its address, has a fingerprint.
bool has_fingerprint(const CorpusSource& source);

void describe(Fields&, CorpusSource&);
void describe(Fields&, Corpus&);
// `path` is experiments/corpora/NAME.toml; Error with every problem at once: one is a corpus that
// calls itself published while a source of it has no fingerprint.
Corpus load_corpus(const std::filesystem::path& path, const std::string& shown_as);
// experiments/corpora/NAME.toml under `root`, or a path ending in .toml.
Corpus find_corpus(const std::filesystem::path& root, const std::string& name);
std::filesystem::path corpus_path(const std::filesystem::path& root, const std::string& name);
std::vector<std::string> corpus_names(const std::filesystem::path& root);
std::string to_toml(const Corpus& corpus);

}  // namespace repro::config
