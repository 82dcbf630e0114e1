#include "config/corpus.hpp"

#include "base/error.hpp"
#include "config/library.hpp"
#include "config/toml_writer.hpp"

namespace repro::config {
namespace {

const std::filesystem::path kFolder = "experiments/corpora";

// What may change cannot be the published corpus.
void check_published(const Corpus& corpus, const Node& root, Problems& problems) {
  if (corpus.published.empty()) return;
  for (const CorpusSource& source : corpus.sources)
    if (!has_fingerprint(source))
      problems.add(root.find("published")->source,
                   "published = \"{}\", but '{}' has no fingerprint; give its sha256 or an address "
                   "with a revision of 40 hex digits, or leave published out: a stand-in",
                   corpus.published, source.name);
}

}  // namespace

bool has_fingerprint(const CorpusSource& source) {
  constexpr size_t kRevisionDigits = 40;
  if (!source.sha256.empty()) return true;
  size_t digits = 0;
  for (const char c : source.name + "/") {
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (c == '/' && digits == kRevisionDigits) return source.kind == "url";
    digits = c == '/' ? 0 : hex ? digits + 1 : kRevisionDigits + 1;
  }
  return false;
}

void describe(Fields& fields, CorpusSource& source) {
  fields.field("kind", source.kind, one_of({"deb", "wheel", "url", "file"}) + required());
  fields.field("name", source.name, required());
  fields.field("version", source.version);
  fields.field("sha256", source.sha256);
  fields.field("bytes", source.bytes, at_least(0));
  fields.field("reader", source.reader,
               one_of({"html", "json-summaries", "text-paragraphs", "dictionary", "jsonl",
                       "parquet", "text", "auto"}) +
                   required());
  fields.field("split", source.split, one_of({"", "train", "valid", "test"}));
  fields.field("minimum_words", source.minimum_words, at_least(0));
  fields.field("include", source.include);
  fields.field("exclude", source.exclude);
}

void describe(Fields& fields, Corpus& corpus) {
  fields.field("name", corpus.name, required());
  fields.field("title", corpus.title);
  fields.field("stands_for", corpus.stands_for);
  fields.field("published", corpus.published);
  fields.field("licence", corpus.licence);
  fields.field("filter", corpus.filter);
  fields.field("minimum_words", corpus.minimum_words, at_least(0));
  fields.field("text_field", corpus.text_field);
  fields.list("sources", corpus.sources, required());
}

Corpus load_corpus(const std::filesystem::path& path, const std::string& shown_as) {
  Problems problems;
  const Node root = read_toml(path, shown_as);
  Corpus corpus = from_node<Corpus>(root, problems);
  for (const CorpusSource& source : corpus.sources)
    if (source.kind == "wheel" && (source.version.empty() || source.sha256.empty()))
      problems.add(root.source, "wheel '{}' needs version and sha256", source.name);
  check_published(corpus, root, problems);
  problems.throw_if_any();
  return corpus;
}

Corpus find_corpus(const std::filesystem::path& root, const std::string& name) {
  const LibraryFile file = find_file(root, kFolder, name, "corpus");
  return load_corpus(file.path, file.shown_as);
}

std::filesystem::path corpus_path(const std::filesystem::path& root, const std::string& name) {
  return root / kFolder / (name + ".toml");
}

std::vector<std::string> corpus_names(const std::filesystem::path& root) {
  return library_names(root, kFolder);
}

std::string to_toml(const Corpus& corpus) {
  Corpus copy = corpus;
  return write_toml([&](Fields& fields) { describe(fields, copy); },
                    "Files of one's own, written by `repro data import`.");
}

}  // namespace repro::config
