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

// How far a file may expand before it counts as hostile. The error names the limit; where the file
// is trusted it is raised in [limits], or by `repro data import --limit NAME=VALUE`.
struct CorpusLimits {
  int64_t depth = 8;    // archives and compressions inside one another
  int64_t ratio = 100;  // expanded bytes for each byte read, beyond the first 64 MB
  int64_t member_bytes = 100'000'000'000;   // of one member or stream, expanded
  int64_t total_bytes = 2'000'000'000'000;  // of one file, expanded
  int64_t members = 10'000'000;             // of one archive
  int64_t records = 10'000'000'000;         // documents and rows of one file
  int64_t record_bytes = 16'000'000;        // text of one document of a published set
  int64_t memory_bytes = 200'000'000;  // what has to be held at once: a package's texts, a page's
                                       // tree, a batch of columns
  int64_t nesting = 20'000;            // elements of a page inside one another
  int64_t free_bytes = 1'000'000'000;  // that stay free on the disk
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
  CorpusLimits limits;

  // Is it the paper's corpus of this name itself? Whatever does not say so is a stand-in, also
  // files of a user's that play the role.
  bool is(const std::string& paper_corpus) const { return published == paper_corpus; }
};

// Does it give the same bytes for ever? A source with a SHA-256, or with a revision of 40 hex
// digits in its address, has a fingerprint.
bool has_fingerprint(const CorpusSource& source);

// What is wrong with the names of a corpus or a task: they become names of files and arguments of
// package managers, so each is of its own narrow pattern. `source` counts from 0; -1 is the whole.
struct NameProblem {
  int source = -1;
  std::string key;   // "name", "version", "sha256"
  std::string text;  // "name = \"...\": expected ..."
};
std::vector<NameProblem> name_problems(const std::string& name,
                                       const std::vector<CorpusSource>& sources);
// Error with the first of them: where a corpus comes from elsewhere than its file.
void require_safe_names(const Corpus& corpus);

void describe(Fields&, CorpusSource&);
void describe(Fields&, Corpus&);
void describe(Fields&, CorpusLimits&);
// Sets the limit of "NAME=VALUE". Error naming the limits there are.
void set_limit(CorpusLimits& limits, const std::string& setting);
// `path` is experiments/corpora/NAME.toml; Error with every problem at once: one is a corpus that
// calls itself published while a source of it has no fingerprint.
Corpus load_corpus(const std::filesystem::path& path, const std::string& shown_as);
// experiments/corpora/NAME.toml under `root`, or a path ending in .toml.
Corpus find_corpus(const std::filesystem::path& root, const std::string& name);
std::filesystem::path corpus_path(const std::filesystem::path& root, const std::string& name);
std::vector<std::string> corpus_names(const std::filesystem::path& root);
std::string to_toml(const Corpus& corpus);

}  // namespace repro::config
