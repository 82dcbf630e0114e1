#include "plan/packages.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "fake_command.hpp"
#include "temporary_directory.hpp"

using namespace repro;

namespace {

config::Corpus corpus_of(const std::vector<std::string>& packages) {
  config::Corpus corpus;
  corpus.name = "web";
  for (const std::string& name : packages) {
    config::CorpusSource source;
    source.kind = "deb";
    source.name = name;
    corpus.sources.push_back(source);
  }
  return corpus;
}

// Prints what apt-get would; `$3 $4 ...` are the packages.
std::string apt_script(const fs::path& calls, const std::string& version) {
  return "echo \"$@\" >> " + calls.string() + "\n[ $1 = download ] || exit 0\nshift 2\n" +
         "for name in \"$@\"; do echo \"'mirror/$name.deb' ${name}_1%3a" + version +
         "_all.deb 7 SHA256:" + version + "$name\"; done\n";
}

// A folder that looks like the package manager's lists.
fs::path lists_in(const fs::path& folder) {
  make_directories(folder / "lists");
  write_file_atomically(folder / "lists/mirror_main_Packages", "");
  return folder / "lists";
}

}  // namespace

TEST_CASE("a package's version and hash are read from what apt-get prints", "[plan]") {
  const auto packages = plan::parse_print_uris(
      "W: a warning\n"
      "'http://m/pool/g/git-doc_2.39.5-0%2bdeb12u3_all.deb' git-doc_1%3a2.39.5-0+deb12u3_all.deb "
      "2153500 SHA256:3c89\n"
      "'http://m/pool/o/old_1_all.deb' old_1_all.deb 9 MD5Sum:77\n"
      "'http://m/pool/a/anarchism_15.3-3_all.deb' anarchism_15.3-3_all.deb 6915556 SHA256:cf21");
  REQUIRE(packages.size() == 2);
  CHECK(packages.at("git-doc").version == "1:2.39.5-0+deb12u3");
  CHECK(packages.at("git-doc").sha256 == "3c89");
  CHECK(packages.at("anarchism").version == "15.3-3");
  CHECK(plan::parse_print_uris("").empty());
}

TEST_CASE("a version is asked for once and stays locked while the mirror moves on", "[plan]") {
  TemporaryDirectory folder;
  const fs::path lists = lists_in(folder.path());
  const fs::path calls = folder.path() / "calls";
  {
    const FakeCommand apt(folder.path() / "old", "apt-get", apt_script(calls, "2"));
    auto corpus = corpus_of({"a-doc", "b-doc"});
    plan::resolve_packages(corpus, folder.path() / "cache", lists);
    CHECK(corpus.sources[0].version == "1:2");
    CHECK(corpus.sources[1].sha256 == "2b-doc");
  }
  CHECK(read_file(calls) == "download --print-uris -- a-doc b-doc\n");
  const FakeCommand apt(folder.path() / "new", "apt-get", apt_script(calls, "3"));
  auto corpus = corpus_of({"b-doc", "c-doc"});
  plan::resolve_packages(corpus, folder.path() / "cache", lists);
  CHECK(corpus.sources[0].version == "1:2");
  CHECK(corpus.sources[1].version == "1:3");
  CHECK(read_file(calls) ==
        "download --print-uris -- a-doc b-doc\ndownload --print-uris -- c-doc\n");

  plan::forget_packages(corpus, folder.path() / "cache");
  auto renewed = corpus_of({"a-doc", "b-doc"});
  plan::resolve_packages(renewed, folder.path() / "cache", lists);
  CHECK(renewed.sources[0].version == "1:2");  // of another corpus: not forgotten
  CHECK(renewed.sources[1].version == "1:3");
}

TEST_CASE("without an answer a package stays unresolved and nothing is locked", "[plan]") {
  TemporaryDirectory folder;
  const FakeCommand apt(folder.path() / "bin", "apt-get", "echo 'E: no' >&2\nexit 100\n");
  auto corpus = corpus_of({"a-doc"});
  plan::resolve_packages(corpus, folder.path() / "cache", lists_in(folder.path()));
  CHECK(corpus.sources[0].sha256.empty());
  CHECK_FALSE(fs::exists(folder.path() / "cache/packages.lock"));
}

TEST_CASE("lists are fetched only where there are none", "[plan]") {
  TemporaryDirectory folder;
  const fs::path calls = folder.path() / "calls";
  const FakeCommand apt(folder.path() / "bin", "apt-get", apt_script(calls, "2"));
  auto corpus = corpus_of({"a-doc"});
  plan::resolve_packages(corpus, folder.path() / "cache", folder.path() / "no-lists");
  CHECK(corpus.sources[0].version == "1:2");
  CHECK(read_file(calls).find("update\ndownload --print-uris -- a-doc\n") != std::string::npos);
}

TEST_CASE("other sources and resolved ones are left alone", "[plan]") {
  TemporaryDirectory folder;
  const FakeCommand apt(folder.path() / "bin", "apt-get", "exit 1\n");
  auto corpus = corpus_of({"a-doc", "w"});
  corpus.sources[0].sha256 = "given";
  corpus.sources[1].kind = "wheel";
  plan::resolve_packages(corpus, folder.path() / "cache");
  CHECK(corpus.sources[0].sha256 == "given");
  CHECK(corpus.sources[1].sha256.empty());
  CHECK_FALSE(fs::exists(folder.path() / "cache"));
}

TEST_CASE("a damaged lock is refused by its name", "[plan]") {
  TemporaryDirectory folder;
  write_file_atomically(folder.path() / "packages.lock", "not JSON");
  auto corpus = corpus_of({"a-doc"});
  CHECK_THROWS_WITH(plan::resolve_packages(corpus, folder.path()),
                    Catch::Contains("packages.lock: not a JSON object"));
}
