#include "data/fetch.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "data/process.hpp"
#include "temporary_directory.hpp"

using namespace repro;

namespace {

// A command of ours in front of PATH while the object lives.
class FakeCommand {
 public:
  FakeCommand(const fs::path& folder, const std::string& name, const std::string& script)
      : path_(std::getenv("PATH")) {
    make_directories(folder);
    write_file_atomically(folder / name, "#!/bin/sh\n" + script);
    fs::permissions(folder / name, fs::perms::owner_all);
    ::setenv("PATH", (folder.string() + ":" + path_).c_str(), 1);
  }
  ~FakeCommand() { ::setenv("PATH", path_.c_str(), 1); }

 private:
  std::string path_;
};

data::FetchedFile fetch(const std::string& kind, const std::string& name, const fs::path& folder,
                        const std::string& sha256 = "") {
  config::CorpusSource source;
  source.kind = kind;
  source.name = name;
  source.version = "1.0";
  source.sha256 = sha256;
  return data::fetch(source, folder, [](std::string_view, double, double, std::string_view) {});
}

}  // namespace

TEST_CASE("a Debian package is fetched once and its version recorded", "[data]") {
  TemporaryDirectory folder;
  const fs::path calls = folder.path() / "calls";
  const FakeCommand apt(
      folder.path() / "bin", "apt-get",
      "echo \"$@\" >> " + calls.string() + "\nprintf content > $2_1%3a2.0-3_all.deb\n");
  const auto first = fetch("deb", "a-doc", folder.path() / "downloads");
  CHECK(first.version == "1:2.0-3");
  CHECK(first.sha256 == sha256_hex("content"));
  CHECK(first.bytes == 7);
  CHECK(read_file(first.path) == "content");
  CHECK(fetch("deb", "a-doc", folder.path() / "downloads").version == "1:2.0-3");
  CHECK(read_file(calls) == "download a-doc\n");

  write_file_atomically(first.path, "damaged");
  CHECK(read_file(fetch("deb", "a-doc", folder.path() / "downloads").path) == "content");
  CHECK(read_file(calls) == "download a-doc\ndownload a-doc\n");
}

TEST_CASE("a package that cannot be had says what the package manager said", "[data]") {
  TemporaryDirectory folder;
  const FakeCommand apt(folder.path() / "bin", "apt-get",
                        "echo 'E: Unable to locate package b-doc' >&2\nexit 100\n");
  CHECK_THROWS_WITH(fetch("deb", "b-doc", folder.path()),
                    Catch::Contains("package b-doc: 'apt-get download b-doc' failed (exit 100): E: "
                                    "Unable to locate package b-doc") &&
                        Catch::Contains("apt-get update"));
}

TEST_CASE("a command that leaves no package is an error", "[data]") {
  TemporaryDirectory folder;
  const FakeCommand apt(folder.path() / "bin", "apt-get", "exit 0\n");
  CHECK_THROWS_WITH(fetch("deb", "c-doc", folder.path()), Catch::Contains("left 0 files"));
}

TEST_CASE("a wheel with another checksum than the pinned one is refused and removed", "[data]") {
  TemporaryDirectory folder;
  const FakeCommand pip(folder.path() / "bin", "python3", "printf evil > w-1.0-py3-none-any.whl\n");
  CHECK_THROWS_WITH(
      fetch("wheel", "w", folder.path() / "downloads", sha256_hex("good")),
      Catch::Contains("wheel w 1.0") && Catch::Contains("expected " + sha256_hex("good")));
  CHECK_FALSE(fs::exists(folder.path() / "downloads/w-1.0-py3-none-any.whl"));
  CHECK(fetch("wheel", "w", folder.path() / "downloads", sha256_hex("evil")).bytes == 4);
}

TEST_CASE("a missing command and a killed one are told apart", "[data]") {
  TemporaryDirectory folder;
  CHECK_THROWS_WITH(data::run_command({"no-such-command-anywhere"}, folder.path()),
                    Catch::Contains("cannot start 'no-such-command-anywhere'"));
  const FakeCommand dying(folder.path() / "bin", "dying", "kill -9 $$\n");
  CHECK_THROWS_WITH(data::run_command({"dying"}, folder.path()), Catch::Contains("(signal 9)"));
}

TEST_CASE("a file that changed since its import is refused", "[data]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "a.txt";
  write_file_atomically(path, "old");
  const auto file = data::describe_file(path, "a");
  CHECK_NOTHROW(data::require_unchanged(file));
  write_file_atomically(path, "new");
  CHECK_THROWS_WITH(data::require_unchanged(file), Catch::Contains("the file changed"));
  fs::remove(path);
  CHECK_THROWS_WITH(data::require_unchanged(file), Catch::Contains("no such file"));
}
