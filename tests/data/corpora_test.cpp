#include <catch2/catch.hpp>
#include <set>

#include "base/file.hpp"
#include "config/corpus.hpp"
#include "data/formats/archive.hpp"

using namespace repro;

TEST_CASE("every corpus file can be loaded and says what its reader needs", "[data]") {
  std::set<std::string> names;
  for (const auto& entry :
       fs::directory_iterator(fs::path(REPRO_SOURCE_ROOT) / "experiments/corpora")) {
    const config::Corpus corpus = config::load_corpus(entry.path(), entry.path().filename());
    CHECK(corpus.name == entry.path().stem());
    names.insert(corpus.name);
    CHECK_FALSE(corpus.licence.empty());
    for (const config::CorpusSource& source : corpus.sources) {
      const bool package = source.kind == "deb" || source.kind == "wheel";
      CHECK(corpus.filter == package);  // the filter is for built corpora only
      CHECK(source.include.empty() != package);
    }
  }
  for (const char* name : {"web", "reference", "essays", "c4", "wikitext2", "openwebtext"})
    CHECK(names.contains(name));
}

TEST_CASE("the web corpus takes the manual and leaves its index and sources out", "[data]") {
  const config::Corpus corpus =
      config::load_corpus(fs::path(REPRO_SOURCE_ROOT) / "experiments/corpora/web.toml", "web.toml");
  const auto wants = [&](size_t source, const std::string& member) {
    return data::MemberFilter{corpus.sources[source].include, corpus.sources[source].exclude}.wants(
        member);
  };
  CHECK(wants(0, "usr/share/doc/python3.11/html/library/re.html"));
  CHECK(wants(0, "usr/share/doc/python3.11/html/about.html"));
  CHECK_FALSE(wants(0, "usr/share/doc/python3.11/html/genindex-A.html"));
  CHECK_FALSE(wants(0, "usr/share/doc/python3.11/html/_sources/about.html"));
  CHECK_FALSE(wants(0, "usr/share/doc/python3.11/html/objects.inv"));
  CHECK_FALSE(wants(2, "usr/share/doc/sqlite3/matrix/matrix_s10.html"));
  CHECK(wants(2, "usr/share/doc/sqlite3/c3ref/open.html"));
}
