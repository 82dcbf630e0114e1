#include "config/corpus.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
#include "temporary_directory.hpp"

namespace repro::config {
namespace {

Corpus corpus_from(const std::string& text) {
  const TemporaryDirectory folder;
  std::ofstream(folder.path() / "c.toml") << text;
  return load_corpus(folder.path() / "c.toml", "c.toml");
}

// One source of this kind, its name on line 5.
std::string refusal_of(const std::string& kind, const std::string& name,
                       const std::string& more = "") {
  try {
    corpus_from("name = \"c\"\n[[sources]]\nkind = \"" + kind + "\"\nreader = \"text\"\nname = '" +
                name + "'\n" + more);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

const std::string kSha256(64, 'a');
const std::string kPinned = "version = \"1.0\"\nsha256 = \"" + kSha256 + "\"\n";

}  // namespace

TEST_CASE("what a package is called is a name and no option, path or address", "[config]") {
  for (const char* name : {"git-doc", "python3.11-doc", "libstdc++6-doc", "0ad"})
    CHECK(refusal_of("deb", name) == "accepted");
  for (const char* name : {"-oAPT::Update::Pre-Invoke::=touch", "../x", "a/b", "a=1", "a b", "",
                           "A", "a;b", "--help", ".a", "a\xC3\xA9"}) {
    CAPTURE(name);
    CHECK_THAT(refusal_of("deb", name), Catch::StartsWith("c.toml:5: name = ") &&
                                            Catch::Contains("a Debian package's name"));
  }
  CHECK(refusal_of("wheel", "ovos-skill_wiki.Offline", kPinned) == "accepted");
  for (const char* name : {"x @ file:///tmp/x", "x[extra]", "-r", "../x", "https://host/x.whl",
                           "x==2", "x y", "", "./x"}) {
    CAPTURE(name);
    CHECK_THAT(refusal_of("wheel", name, kPinned),
               Catch::StartsWith("c.toml:5: name = ") && Catch::Contains("Python index"));
  }
  CHECK(refusal_of("url", "https://host.org/a%20b?c=d&e#f") == "accepted");
  for (const char* name : {"file:///etc/passwd", "ftp://host/a", "https://", "https:///etc",
                           "host/a", "https://host/a b", "https://host/\"", "http://-x", ""}) {
    CAPTURE(name);
    CHECK_THAT(refusal_of("url", name),
               Catch::StartsWith("c.toml:5: name = ") && Catch::Contains("http:// or https://"));
  }
  CHECK(refusal_of("file", "/data/it is mine.txt") == "accepted");
  CHECK(refusal_of("file", "") != "accepted");
}

TEST_CASE("versions and hashes have the form of versions and hashes", "[config]") {
  const auto with = [](const char* version, const std::string& sha256) {
    return std::string("version = '") + version + "'\nsha256 = '" + sha256 + "'\n";
  };
  CHECK(refusal_of("deb", "a", with("4:7.4.7-1+deb12u14~x", kSha256)) == "accepted");
  CHECK(refusal_of("wheel", "a", with("1!0.4.0.post1+local", kSha256)) == "accepted");
  for (const char* version : {"-1", "1 @ file:x", "1/../2", "1;python_version", "1,>0", "*"}) {
    CAPTURE(version);
    for (const char* kind : {"deb", "wheel"})
      CHECK_THAT(
          refusal_of(kind, "a", with(version, kSha256)),
          Catch::StartsWith("c.toml:6: version = ") && Catch::Contains("expected a version"));
  }
  for (const std::string& sha256 :
       {std::string(63, 'a'), std::string(64, 'G'), std::string("../x")})
    CHECK_THAT(refusal_of("wheel", "a", with("1", sha256)),
               Catch::Contains("c.toml:7: sha256 = ") && Catch::Contains("64 digits"));
}

TEST_CASE("a corpus is named by a word that may name a folder", "[config]") {
  const auto refusal = [](const std::string& name) -> std::string {
    try {
      corpus_from("# first line\nname = '" + name +
                  "'\n[[sources]]\nkind = 'file'\nname = 'a'\nreader = 'text'\n");
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  for (const char* name : {"c4", "wiki_text-2.1+x", "\xC3\xA9tudes"})
    CHECK(refusal(name) == "accepted");
  for (const char* name : {"../x", "a/b", "..", ".hidden", "-x", "a b", "a\tb", ""}) {
    CAPTURE(name);
    CHECK_THAT(refusal(name), Catch::StartsWith("c.toml:2: name = "));
  }
  CHECK_THAT(refusal(std::string(200, 'x')), Catch::StartsWith("c.toml:2: name = "));
  // The same is asked of a corpus that comes from a job's spec.
  Corpus corpus;
  corpus.name = "../x";
  CHECK_THROWS_WITH(require_safe_names(corpus), Catch::Contains("corpus '../x': name = \"../x\""));
}

TEST_CASE("limits are raised by name, in the file or on the command line", "[config]") {
  const std::string source = "[[sources]]\nkind = 'file'\nname = 'a'\nreader = 'text'\n";
  const Corpus corpus = corpus_from("name = 'c'\n" + source + "[limits]\nratio = 500\n");
  CHECK(corpus.limits.ratio == 500);
  CHECK(corpus.limits.depth == CorpusLimits().depth);
  CHECK(to_toml(corpus).find("ratio = 500") != std::string::npos);
  CHECK_THROWS_WITH(
      corpus_from("name = 'c'\n" + source + "[limits]\nration = 500\n"),
      Catch::Contains("c.toml:7: ") && Catch::Contains("did you mean") && Catch::Contains("ratio"));
  CHECK_THROWS_WITH(corpus_from("name = 'c'\n" + source + "[limits]\ndepth = 0\n"),
                    Catch::Contains("c.toml:7: "));
  CorpusLimits limits;
  set_limit(limits, "free_bytes=0");
  CHECK(limits.free_bytes == 0);
  CHECK_THROWS_WITH(set_limit(limits, "ratio=0"), Catch::Contains("--limit"));
  CHECK_THROWS_WITH(set_limit(limits, "ratio=many"), Catch::Contains("--limit"));
  CHECK_THROWS_WITH(set_limit(limits, "speed=9"), Catch::Contains("unknown key 'speed'"));
  CHECK_THROWS_WITH(set_limit(limits, "ratio"), Catch::Contains("expected NAME=VALUE"));
}

}  // namespace repro::config
