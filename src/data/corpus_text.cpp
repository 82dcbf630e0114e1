#include "data/corpus_text.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "data/cleaning.hpp"
#include "data/fetch.hpp"
#include "data/paragraph_filter.hpp"
#include "data/readers.hpp"

namespace repro::data {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

// Raise it whenever the same sources would give another text.
constexpr int kCleaningVersion = 2;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// What the text depends on, and no more: titles and licences may change freely.
std::string content_hash(const config::Corpus& corpus, const std::vector<PackageRecord>& packages) {
  json identity = {{"cleaning", kCleaningVersion},
                   {"filter", corpus.filter},
                   {"minimum_words", corpus.minimum_words},
                   {"text_field", corpus.text_field}};
  for (size_t i = 0; i < packages.size(); ++i) {
    const config::CorpusSource& source = corpus.sources[i];
    identity["sources"].push_back({{"name", source.name},
                                   {"reader", source.reader},
                                   {"split", source.split},
                                   {"include", source.include},
                                   {"exclude", source.exclude},
                                   {"sha256", packages[i].sha256}});
  }
  return sha256_hex(identity.dump());
}

// Collects documents and writes them in the order of their texts' hashes: the first documents of
// the corpus are then a fair sample of all its packages.
class DocumentWriter {
 public:
  void add(Document&& document) { documents_.push_back(std::move(document)); }

  void write(const fs::path& path, std::map<std::string, SplitSize>& splits) {
    std::vector<std::pair<std::string, const Document*>> order;
    for (const Document& document : documents_)
      order.emplace_back(md5_hex(document.text).substr(8), &document);
    std::sort(order.begin(), order.end());
    AtomicFile file(path);
    for (const auto& [hash, document] : order) {
      file.write(to_line(*document));
      SplitSize& split = splits[document->split];
      ++split.documents;
      split.bytes += static_cast<int64_t>(document->text.size());
      split.words += count_words(document->text);
    }
    file.commit();
  }

 private:
  std::vector<Document> documents_;
};

void clean_packages(const config::Corpus& corpus, const std::vector<FetchedFile>& files,
                    const fs::path& folder, CorpusText& text, const ProgressCallback& progress) {
  DocumentWriter writer;
  Cleaner cleaner(corpus.minimum_words,
                  [&](Document&& document) { writer.add(std::move(document)); });
  for (size_t i = 0; i < files.size(); ++i) {
    progress("extract", static_cast<double>(i), static_cast<double>(files.size()), "packages");
    read_package(corpus.sources[i], files[i].path,
                 [&](const std::string& id, std::vector<std::string>&& paragraphs) {
                   cleaner.add(files[i].name, id, paragraphs);
                 });
  }
  writer.write(folder / "documents.jsonl", text.splits);
  text.dropped = cleaner.dropped();
}

void write_meta(const fs::path& folder, const config::Corpus& corpus, const CorpusText& text) {
  json meta = {{"name", corpus.name},
               {"packages", text.packages},
               {"dropped", text.dropped},
               {"extract_seconds", text.extract_seconds}};
  for (const auto& [name, split] : text.splits)
    meta["splits"][name] = {
        {"documents", split.documents}, {"bytes", split.bytes}, {"words", split.words}};
  write_file_atomically(folder / "meta.json", meta.dump(2) + "\n");
}

bool read_meta(const fs::path& folder, CorpusText& text) {
  if (!fs::exists(folder / "meta.json")) return false;
  try {
    const json meta = json::parse(read_file(folder / "meta.json"));
    text.dropped = meta.at("dropped").get<std::map<std::string, int64_t>>();
    for (const auto& [name, split] : meta.at("splits").items())
      text.splits[name] = {split.at("documents"), split.at("bytes"), split.at("words")};
    return fs::exists(text.documents);
  } catch (const json::exception&) {
    return false;  // damaged: the text is built again
  }
}

}  // namespace

void to_json(json& object, const PackageRecord& package) {
  object = {{"name", package.name},
            {"version", package.version},
            {"sha256", package.sha256},
            {"bytes", package.bytes}};
}

void from_json(const json& object, PackageRecord& package) {
  object.at("name").get_to(package.name);
  object.at("version").get_to(package.version);
  object.at("sha256").get_to(package.sha256);
  object.at("bytes").get_to(package.bytes);
}

CorpusText corpus_text(const config::Corpus& corpus, const fs::path& cache,
                       const ProgressCallback& progress) {
  CorpusText text;
  const auto begin = Clock::now();
  std::vector<FetchedFile> files;
  for (const config::CorpusSource& source : corpus.sources) {
    progress("download", static_cast<double>(files.size()),
             static_cast<double>(corpus.sources.size()), "packages");
    const FetchedFile file = fetch(source, cache / "downloads", progress);
    text.packages.push_back({file.name, file.version, file.sha256, file.bytes});
    files.push_back(file);
  }
  text.download_seconds = seconds_since(begin);
  const fs::path folder =
      cache / "corpora" /
      fmt::format("{}-{}", corpus.name, content_hash(corpus, text.packages).substr(0, 12));
  make_directories(folder);
  text.documents = folder / "documents.jsonl";
  const FileLock lock = FileLock::acquire(folder / ".lock");
  if (read_meta(folder, text)) return text;
  const auto extract_begin = Clock::now();
  clean_packages(corpus, files, folder, text, progress);
  if (text.splits["train"].documents == 0)
    throw Error("corpus '{}': no usable document for the train split in its {} sources",
                corpus.name, files.size());
  text.extract_seconds = seconds_since(extract_begin);
  write_meta(folder, corpus, text);
  return text;
}

}  // namespace repro::data
