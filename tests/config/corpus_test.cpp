#include "config/corpus.hpp"

#include <catch2/catch.hpp>

#include "base/file.hpp"
#include "temporary_directory.hpp"

namespace repro::config {
namespace {

const fs::path kSourceRoot = REPRO_SOURCE_ROOT;
const std::string kRevision = "1588ec454efa1a09f29cd18ddd04fe05fc8653a2";

CorpusSource source_of(const std::string& kind, const std::string& name,
                       const std::string& sha256 = "") {
  CorpusSource one;
  one.kind = kind;
  one.name = name;
  one.sha256 = sha256;
  return one;
}

}  // namespace

TEST_CASE("only the published corpus itself plays its role without standing in", "[config]") {
  CHECK(find_corpus(kSourceRoot, "c4").is("c4"));
  CHECK(find_corpus(kSourceRoot, "wikitext2").is("wikitext2"));
  CHECK_FALSE(find_corpus(kSourceRoot, "c4").is("wikitext2"));
  CHECK_FALSE(find_corpus(kSourceRoot, "web").is("c4"));
  // Its address may give other bytes tomorrow.
  CHECK_FALSE(find_corpus(kSourceRoot, "openwebtext").is("openwebtext"));
}

TEST_CASE("files that a user imports are no published corpus, whatever their name", "[config]") {
  TemporaryDirectory folder;
  Corpus imported;
  imported.name = imported.title = "c4";
  imported.sources = {source_of("file", "/data/c4-train.json.gz", std::string(64, 'a'))};
  write_file_atomically(folder.path() / "c4.toml", to_toml(imported));
  CHECK_FALSE(load_corpus(folder.path() / "c4.toml", "c4.toml").is("c4"));
}

TEST_CASE("a fingerprint is a SHA-256 or a revision in the address", "[config]") {
  CHECK(has_fingerprint(source_of("file", "/data/a.jsonl", std::string(64, 'a'))));
  CHECK(has_fingerprint(source_of("url", "https://x/resolve/" + kRevision + "/a.json.gz")));
  CHECK_FALSE(has_fingerprint(source_of("url", "https://x/resolve/main/a.json.gz")));
  CHECK_FALSE(has_fingerprint(source_of("url", "https://x/" + kRevision.substr(1) + "/a.gz")));
  CHECK_FALSE(has_fingerprint(source_of("url", "https://x/" + kRevision + "0/a.gz")));
  CHECK_FALSE(has_fingerprint(source_of("file", "/data/" + kRevision + "/a.gz")));
  CHECK_FALSE(has_fingerprint(source_of("deb", "git-doc")));
}

TEST_CASE("a corpus that may change cannot call itself published", "[config]") {
  TemporaryDirectory folder;
  write_file_atomically(folder.path() / "mine.toml", R"(name = "mine"
published = "c4"
[[sources]]
kind = "file"
name = "/data/a.jsonl"
reader = "jsonl"
)");
  CHECK_THROWS_WITH(load_corpus(folder.path() / "mine.toml", "mine.toml"),
                    Catch::StartsWith("mine.toml:2: published = \"c4\", but '/data/a.jsonl' has no "
                                      "fingerprint; give its sha256"));
}

}  // namespace repro::config
