#include "data/prepare.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "data/compress.hpp"
#include "data/quietly.hpp"
#include "data/tokens/token_shards.hpp"
#include "data/tokens/tokenizer.hpp"
#include "temporary_directory.hpp"

using namespace repro;
using data::prepare;

namespace {

// The cache in a folder of the test's own.
class CacheIn {
 public:
  explicit CacheIn(const fs::path& folder) { ::setenv("XDG_CACHE_HOME", folder.c_str(), 1); }
  ~CacheIn() { ::unsetenv("XDG_CACHE_HOME"); }
};

std::string some_text(uint64_t seed, size_t words) {
  const std::vector<std::string> kWords = {"the",   "of",  "river",  "mountain", "and",
                                           "to",    "old", "winter", "is",       "in",
                                           "ships", "a",   "that",   "sailor"};
  std::string text = "It is said that " + std::to_string(seed);
  for (size_t i = 0; i < words; ++i) text += ' ' + kWords[random_bits(seed, 0, i) % kWords.size()];
  return text + " of the house.";
}

// A published set of `documents` records, in a compressed file.
config::PrepareSpec published_set(const fs::path& folder, uint64_t documents) {
  std::string lines;
  for (uint64_t i = 0; i < documents; ++i)
    lines += nlohmann::json({{"text", some_text(i, 30)}}).dump() + "\n";
  write_file_atomically(folder / "set.jsonl.zst", compress(lines, Compression::zstd));
  config::PrepareSpec spec;
  spec.corpus.name = "set";
  spec.corpus.filter = false;
  config::CorpusSource source;
  source.kind = "file";
  source.name = (folder / "set.jsonl.zst").string();
  source.reader = "jsonl";
  spec.corpus.sources = {source};
  spec.vocabulary = 320;
  return spec;
}

std::string all_bytes(const fs::path& directory) {
  std::string bytes;
  for (const char* file : {"tokenizer.model", "train.tokens", "valid.tokens", "test.tokens"})
    bytes += sha256_hex_of_file(directory / file);
  return bytes;
}

}  // namespace

TEST_CASE("a prepared corpus decodes to the documents it came from, in their splits", "[data]") {
  TemporaryDirectory folder;
  const CacheIn cache(folder.path() / "cache");
  const config::PrepareSpec spec = published_set(folder.path(), 600);
  const auto result = prepare(spec, folder.path(), quietly);
  CHECK(result.vocabulary == 320);
  CHECK(result.splits.size() == 3);
  int64_t documents = 0;
  const data::Tokenizer tokenizer(data::tokenizer_path(folder.path()));
  CHECK(result.tokenizer_sha256 == tokenizer.sha256());
  for (const auto& [name, size] : result.splits) {
    const data::TokenShards shards(data::shard_path(folder.path(), name));
    CHECK(shards.documents() == size.documents);
    CHECK(shards.tokens() == size.tokens);
    CHECK(shards.text_bytes() == size.bytes);
    CHECK(shards.tokenizer_sha256() == tokenizer.sha256());
    documents += size.documents;
    int64_t bytes = 0;
    for (int64_t i = 0; i < shards.documents(); ++i) {
      std::vector<int32_t> tokens(
          static_cast<size_t>(shards.document_end(i) - shards.document_begin(i)));
      shards.read(shards.document_begin(i), tokens);
      CHECK(tokens.back() == result.end_of_text);
      const std::string text = tokenizer.decode(tokens);
      const uint64_t number = std::stoull(text.substr(std::string("It is said that ").size()));
      CHECK(text == some_text(number, 30));
      bytes += static_cast<int64_t>(text.size());
    }
    CHECK(bytes == size.bytes);
  }
  CHECK(documents == 600);
  const nlohmann::json json = result;
  CHECK(json["splits"]["train"]["documents"] == result.splits.at("train").documents);
  CHECK(json["packages"].size() == 1);
}

TEST_CASE("preparing twice gives the same bytes, with and without the cache", "[data]") {
  TemporaryDirectory folder;
  const config::PrepareSpec spec = published_set(folder.path(), 600);
  std::vector<std::string> bytes, fingerprints;
  for (const char* cache_name : {"cache1", "cache1", "cache2"}) {
    const CacheIn cache(folder.path() / cache_name);
    const fs::path out = folder.path() / ("out" + std::to_string(bytes.size()));
    make_directories(out);
    fingerprints.push_back(prepare(spec, out, quietly).fingerprint);
    bytes.push_back(all_bytes(out));
  }
  CHECK(bytes[0] == bytes[1]);
  CHECK(bytes[0] == bytes[2]);
  CHECK(fingerprints[0] == fingerprints[2]);
}

TEST_CASE("another vocabulary changes the fingerprint and reuses the cleaned text", "[data]") {
  TemporaryDirectory folder;
  const CacheIn cache(folder.path() / "cache");
  config::PrepareSpec spec = published_set(folder.path(), 600);
  const auto first = prepare(spec, folder.path(), quietly);
  spec.vocabulary = 300;
  const auto second = prepare(spec, folder.path(), quietly);
  CHECK(first.fingerprint != second.fingerprint);
  CHECK(first.seconds.at("extract") > 0);
  CHECK(second.seconds.at("extract") == 0);
}

TEST_CASE("max_train_tokens keeps the first documents and whole ones", "[data]") {
  TemporaryDirectory folder;
  const CacheIn cache(folder.path() / "cache");
  config::PrepareSpec spec = published_set(folder.path(), 600);
  const auto all = prepare(spec, folder.path(), quietly);
  spec.max_train_tokens = all.splits.at("train").tokens / 3;
  const auto some = prepare(spec, folder.path(), quietly);
  CHECK(some.splits.at("train").tokens <= spec.max_train_tokens);
  CHECK(some.splits.at("train").tokens > spec.max_train_tokens * 9 / 10);
  CHECK(some.splits.at("valid").tokens == all.splits.at("valid").tokens);
  spec.max_train_tokens = 3;
  CHECK_THROWS_WITH(prepare(spec, folder.path(), quietly),
                    Catch::Contains("max_train_tokens 3 is less than its first document"));
}

TEST_CASE("two processes preparing the same corpus at once both succeed", "[data]") {
  TemporaryDirectory folder;
  const CacheIn cache(folder.path() / "cache");
  const config::PrepareSpec spec = published_set(folder.path(), 2000);
  std::vector<pid_t> children;
  for (const char* name : {"a", "b"}) {
    make_directories(folder.path() / name);
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        prepare(spec, folder.path() / name, quietly);
        ::_exit(0);
      } catch (const std::exception&) {
        ::_exit(1);
      }
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  CHECK(all_bytes(folder.path() / "a") == all_bytes(folder.path() / "b"));
}

TEST_CASE("a full disk while preparing is an error and leaves nothing half-written", "[data]") {
  TemporaryDirectory folder;
  const CacheIn cache(folder.path() / "cache");
  const config::PrepareSpec spec = published_set(folder.path(), 600);
  const fs::path out = folder.path() / "out";
  make_directories(out);
  struct rlimit before;
  ::getrlimit(RLIMIT_FSIZE, &before);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small = {20'000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  CHECK_THROWS_WITH(prepare(spec, out, quietly), Catch::Contains("cannot write"));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  for (const auto& entry : fs::recursive_directory_iterator(folder.path()))
    CHECK(entry.path().filename().string().find(".tmp") == std::string::npos);
  CHECK(prepare(spec, out, quietly).splits.size() == 3);
}

TEST_CASE("damaged cleaned text is built again, never used", "[data]") {
  TemporaryDirectory folder;
  const CacheIn cache(folder.path() / "cache");
  const config::PrepareSpec spec = published_set(folder.path(), 600);
  const auto first = prepare(spec, folder.path(), quietly);
  const auto text = data::corpus_text(spec.corpus, cache_directory(), quietly);
  write_file_atomically(text.documents.parent_path() / "meta.json", "{\"dropped\":");
  CHECK(prepare(spec, folder.path(), quietly).fingerprint == first.fingerprint);
  std::string bytes = read_file(text.documents);
  bytes[bytes.find("river")] = 'R';
  write_file_atomically(text.documents, bytes);
  const auto second = prepare(spec, folder.path(), quietly);
  CHECK(second.fingerprint == first.fingerprint);
  CHECK(second.splits.at("train").documents == first.splits.at("train").documents);
}

TEST_CASE("a digit changed in what the cache says of a text is noticed and counted anew",
          "[data]") {
  TemporaryDirectory folder;
  const CacheIn cache(folder.path() / "cache");
  const config::PrepareSpec spec = published_set(folder.path(), 600);
  const auto first = data::corpus_text(spec.corpus, cache_directory(), quietly);
  const fs::path file = first.documents.parent_path() / "meta.json";
  const std::string whole = read_file(file);
  auto meta = nlohmann::json::parse(whole);
  meta["splits"]["train"]["bytes"] = 1;  // the tokenizer's share of the text rests on it
  write_file_atomically(file, meta.dump());
  const auto second = data::corpus_text(spec.corpus, cache_directory(), quietly);
  CHECK(second.splits.at("train").bytes == first.splits.at("train").bytes);
  CHECK(second.extract_seconds > 0);  // it was built again
  CHECK(data::corpus_text(spec.corpus, cache_directory(), quietly).extract_seconds == 0);
}

TEST_CASE("a corpus too small for three splits is refused by name", "[data]") {
  TemporaryDirectory folder;
  const CacheIn cache(folder.path() / "cache");
  CHECK_THROWS_WITH(prepare(published_set(folder.path(), 3), folder.path(), quietly),
                    Catch::Contains("corpus 'set': no document falls into its"));
}

TEST_CASE("packages pass through the filter and their documents are ordered by hash", "[data]") {
  TemporaryDirectory folder;
  std::string articles = "{";
  for (uint64_t i = 0; i < 400; ++i)
    articles +=
        (i == 0 ? "" : ",") + nlohmann::json("Title " + std::to_string(i)).dump() + ":" +
        nlohmann::json({{"extract", some_text(i, 40) + "\nToo short."}, {"topic", "T"}}).dump();
  config::Corpus corpus;
  corpus.name = "articles";
  corpus.minimum_words = 30;
  config::CorpusSource source;
  source.kind = "file";
  source.name = (folder.path() / "articles.zip").string();
  source.reader = "json-summaries";
  source.include = {"*.json"};
  corpus.sources = {source};
  {
    archive* out = archive_write_new();
    archive_write_set_format_zip(out);
    archive_write_open_filename(out, source.name.c_str());
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, "articles.json");
    archive_entry_set_filetype(entry, AE_IFREG);
    articles += "}";
    archive_entry_set_size(entry, static_cast<la_int64_t>(articles.size()));
    archive_write_header(out, entry);
    archive_write_data(out, articles.data(), articles.size());
    archive_entry_free(entry);
    archive_write_close(out);
    archive_write_free(out);
  }
  const auto text = data::corpus_text(corpus, folder.path() / "cache", quietly);
  CHECK(text.dropped.at("paragraphs: too few words") == 400);
  std::string last;
  int64_t documents = 0;
  data::for_each_document(text.documents, [&](const data::Document& document) {
    const std::string hash = md5_hex(document.text).substr(8);
    CHECK(last < hash);
    CHECK(document.id.starts_with("T/Title "));
    CHECK(document.text.find('\n') == std::string::npos);
    last = hash;
    ++documents;
    return true;
  });
  CHECK(documents == 400);
}
