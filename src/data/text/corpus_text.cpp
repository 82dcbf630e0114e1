#include "data/text/corpus_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/stopwatch.hpp"
#include "data/formats/budget.hpp"
#include "data/formats/readers.hpp"
#include "data/formats/records.hpp"
#include "data/sources/fetch.hpp"
#include "data/text/cleaning.hpp"
#include "data/text/paragraph_filter.hpp"
#include "data/text/splits.hpp"

namespace repro::data {
namespace {

using nlohmann::json;

// Raise it whenever the same sources would give another text.
constexpr int kCleaningVersion = 3;
constexpr int64_t kRecordsBetweenReports = 1000;
constexpr int64_t kBytesBetweenDiskChecks = 64'000'000;

void require_fitting_readers(const config::Corpus& corpus) {
  for (const config::CorpusSource& source : corpus.sources)
    if (corpus.filter != is_package_reader(source.reader))
      throw Error("corpus '{}': source '{}' with reader '{}' needs filter = {}", corpus.name,
                  source.name, source.reader, !corpus.filter);
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
                                   {"minimum_words", source.minimum_words},
                                   {"include", source.include},
                                   {"exclude", source.exclude},
                                   {"sha256", packages[i].sha256}});
  }
  return sha256_hex(identity.dump());
}

std::string describe(const std::map<std::string, int64_t>& dropped) {
  std::string text;
  for (const auto& [reason, number] : dropped)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", number, reason);
  return text;
}

void count(const Document& document, std::map<std::string, SplitSize>& splits) {
  SplitSize& split = splits[document.split];
  ++split.documents;
  split.bytes += static_cast<int64_t>(document.text.size());
  split.words += count_words(document.text);
}

// In the order of the texts' hashes: the first documents of the corpus are then a fair sample of
// all its packages.
void write_documents(const std::vector<Document>& documents, AtomicFile& out, CorpusText& text) {
  std::vector<std::pair<std::string, const Document*>> order;
  for (const Document& document : documents)
    order.emplace_back(md5_hex(document.text).substr(8), &document);
  std::sort(order.begin(), order.end());
  for (const auto& [hash, document] : order) {
    out.write(to_line(*document));
    count(*document, text.splits);
  }
}

// Packages: pages, articles and books through the filter.
void clean_packages(const config::Corpus& corpus, const std::vector<FetchedFile>& files,
                    AtomicFile& out, CorpusText& text, const ProgressCallback& progress) {
  std::vector<Document> documents;
  int64_t held = 0;  // bytes of the documents
  Cleaner cleaner([&](Document&& document) {
    held += static_cast<int64_t>(document.text.size());
    if (held > corpus.limits.memory_bytes)
      fail_limit(fmt::format("corpus '{}'", corpus.name), "its documents are held at once",
                 "memory_bytes", corpus.limits.memory_bytes);
    documents.push_back(std::move(document));
  });
  for (size_t i = 0; i < files.size(); ++i) {
    progress("extract", static_cast<double>(i), static_cast<double>(files.size()), "packages");
    const config::CorpusSource& source = corpus.sources[i];
    const int64_t minimum = source.minimum_words > 0 ? source.minimum_words : corpus.minimum_words;
    read_package(
        source, files[i].path,
        [&](const std::string& id, std::vector<std::string>&& paragraphs) {
          cleaner.add(files[i].name, id, paragraphs, minimum);
        },
        corpus.limits);
  }
  text.dropped = cleaner.dropped();
  assign_splits(documents);
  drop_seen(documents, corpus.minimum_words, text.dropped);
  write_documents(documents, out, text);
}

// Published data sets: every record as it is, in its order, streaming.
void copy_records(const config::Corpus& corpus, const std::vector<FetchedFile>& files,
                  AtomicFile& out, CorpusText& text, const ProgressCallback& progress) {
  int64_t done = 0;
  int64_t unchecked = 0;  // bytes written since the disk was looked at
  for (size_t i = 0; i < files.size(); ++i) {
    const config::CorpusSource& source = corpus.sources[i];
    int64_t number = 0;
    read_records(
        files[i].path, source.reader, corpus.text_field, text.dropped,
        [&](std::string&& record) {
          if (done++ % kRecordsBetweenReports == 0)
            progress("extract", static_cast<double>(done - 1), 0, "documents");
          Document document = {files[i].path.filename().string(), std::to_string(++number),
                               /*piece=*/0, source.split, std::move(record)};
          if (document.split.empty()) document.split = split_of_record(document.text);
          unchecked += static_cast<int64_t>(document.text.size());
          if (unchecked > kBytesBetweenDiskChecks)
            require_free_disk(text.documents.parent_path(), std::exchange(unchecked, 0),
                              corpus.limits);
          out.write(to_line(document));
          count(document, text.splits);
        },
        corpus.limits);
  }
}

void build(const config::Corpus& corpus, const std::vector<FetchedFile>& files, CorpusText& text,
           const ProgressCallback& progress) {
  for (size_t i = 0; i < files.size(); ++i)
    if (corpus.sources[i].kind == "file") require_unchanged(files[i]);
  int64_t bytes = 0;  // the text takes as much at least, but for what is dropped
  for (const FetchedFile& file : files) bytes += file.bytes;
  require_free_disk(text.documents.parent_path(), bytes, corpus.limits);
  AtomicFile out(text.documents);
  if (corpus.filter) {
    clean_packages(corpus, files, out, text, progress);
  } else {
    copy_records(corpus, files, out, text, progress);
  }
  if (text.splits.empty())
    throw Error(
        "corpus '{}': no usable document in its {} sources{}", corpus.name, files.size(),
        text.dropped.empty() ? "" : "; all records were dropped: " + describe(text.dropped));
  out.commit();
  text.overlap = measure_overlap(text.documents);
}

void write_meta(const fs::path& folder, const config::Corpus& corpus, const CorpusText& text) {
  json meta = {{"name", corpus.name},
               {"packages", text.packages},
               {"documents_sha256", sha256_hex_of_file(text.documents)},
               {"dropped", text.dropped},
               {"extract_seconds", text.extract_seconds}};
  meta["splits"] = text.splits;
  meta["overlap_13gram"] = text.overlap;
  meta["sha256"] = sha256_hex(meta.dump());  // of the rest
  write_file_atomically(folder / "meta.json", meta.dump(2) + "\n");
}

// Whether it is as write_meta() left it.
bool is_whole(json meta) {
  if (!meta.is_object() || !meta.contains("sha256")) return false;
  const json sealed = meta["sha256"];
  meta.erase("sha256");
  return sealed == sha256_hex(meta.dump());
}

// What an earlier build found; nothing when there is none, or it or its text is no longer the same.
bool read_meta(const fs::path& folder, CorpusText& text) {
  if (!fs::exists(folder / "meta.json") || !fs::exists(text.documents)) return false;
  const json meta = parse_json(read_file(folder / "meta.json"));
  if (!is_whole(meta) || meta.at("documents_sha256") != sha256_hex_of_file(text.documents))
    return false;
  text.dropped = meta.at("dropped").get<std::map<std::string, int64_t>>();
  text.splits = meta.at("splits").get<std::map<std::string, SplitSize>>();
  text.overlap = meta.at("overlap_13gram").get<std::map<std::string, Overlap>>();
  return true;
}

}  // namespace

void to_json(json& object, const SplitSize& split) {
  object = {{"documents", split.documents}, {"bytes", split.bytes}, {"words", split.words}};
}

void from_json(const json& object, SplitSize& split) {
  object.at("documents").get_to(split.documents);
  object.at("bytes").get_to(split.bytes);
  object.at("words").get_to(split.words);
}

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
  config::require_safe_names(corpus);
  require_fitting_readers(corpus);
  CorpusText text;
  Stopwatch watch;
  std::vector<FetchedFile> files;
  for (const config::CorpusSource& source : corpus.sources) {
    progress("download", static_cast<double>(files.size()),
             static_cast<double>(corpus.sources.size()), "packages");
    const FetchedFile file =
        fetch(source, corpus.name, cache / "downloads", progress, corpus.limits);
    text.packages.push_back({file.name, file.version, file.sha256, file.bytes});
    files.push_back(file);
  }
  text.download_seconds = watch.lap();
  const fs::path folder =
      cache / "corpora" /
      fmt::format("{}-{}", corpus.name, content_hash(corpus, text.packages).substr(0, 12));
  make_directories(folder);
  text.documents = folder / "documents.jsonl";
  const FileLock lock = FileLock::acquire(folder / ".lock");
  remove_leftovers(folder);
  if (read_meta(folder, text)) return text;
  watch.lap();  // what a wait for the lock took is no extraction
  build(corpus, files, text, progress);
  text.extract_seconds = watch.lap();
  write_meta(folder, corpus, text);
  return text;
}

}  // namespace repro::data
