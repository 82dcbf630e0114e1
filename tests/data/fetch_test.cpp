#include "data/sources/fetch.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "fake_command.hpp"
#include "temporary_directory.hpp"

using namespace repro;

namespace {

data::FetchedFile fetch(const std::string& kind, const std::string& name, const fs::path& folder,
                        const std::string& sha256 = "") {
  config::CorpusSource source;
  source.kind = kind;
  source.name = name;
  source.version = "1.0";
  source.sha256 = sha256;
  return data::fetch(source, "web", folder,
                     [](std::string_view, double, double, std::string_view) {});
}

}  // namespace

TEST_CASE("a Debian package is fetched once, in the version and with the hash planned", "[data]") {
  TemporaryDirectory folder;
  const fs::path calls = folder.path() / "calls";
  const FakeCommand apt(
      folder.path() / "bin", "apt-get",
      "echo \"$@\" >> " + calls.string() + "\nprintf content > ${3%%=*}_1%3a2.0-3_all.deb\n");
  const auto get = [&] {
    return fetch("deb", "a-doc", folder.path() / "downloads", sha256_hex("content"));
  };
  const auto first = get();
  CHECK(first.sha256 == sha256_hex("content"));
  CHECK(first.bytes == 7);
  CHECK(read_file(first.path) == "content");
  CHECK(get().path == first.path);
  CHECK(read_file(calls) == "download -- a-doc=1.0\n");

  write_file_atomically(first.path, "damaged");
  CHECK(read_file(get().path) == "content");
  CHECK(read_file(calls) == "download -- a-doc=1.0\ndownload -- a-doc=1.0\n");
}

TEST_CASE("a cached package needs no package manager", "[data]") {
  TemporaryDirectory folder;
  {
    const FakeCommand apt(folder.path() / "bin", "apt-get", "printf x > a-doc_1.0_all.deb\n");
    fetch("deb", "a-doc", folder.path() / "downloads", sha256_hex("x"));
  }
  const FakeCommand apt(folder.path() / "offline", "apt-get", "exit 100\n");
  CHECK(fetch("deb", "a-doc", folder.path() / "downloads", sha256_hex("x")).version == "1.0");
}

TEST_CASE("a cached package of another version is not taken for the planned one", "[data]") {
  TemporaryDirectory folder;
  const auto get = [&](const std::string& content) {
    const FakeCommand apt(folder.path() / "bin", "apt-get",
                          "printf " + content + " > a-doc_1.0_all.deb\n");
    return fetch("deb", "a-doc", folder.path() / "downloads", sha256_hex(content));
  };
  get("old");
  CHECK(read_file(get("new").path) == "new");
}

TEST_CASE("a mirror that moved on is said with both versions and the way out", "[data]") {
  TemporaryDirectory folder;
  const FakeCommand apt(folder.path() / "bin", "apt-get",
                        "case $3 in *=*) echo 'E: no such version' >&2; exit 100;; esac\n"
                        "printf new > a-doc_1%3a2.0_all.deb\n");
  CHECK_THROWS_WITH(fetch("deb", "a-doc", folder.path() / "downloads", sha256_hex("old")),
                    Catch::Contains("package a-doc") &&
                        Catch::Contains("version 1.0 and the "
                                        "mirror now has 1:2.0") &&
                        Catch::Contains("'repro data get web --refresh'"));
}

TEST_CASE("a package of the right version with other bytes is refused", "[data]") {
  TemporaryDirectory folder;
  const FakeCommand apt(folder.path() / "bin", "apt-get", "printf evil > a-doc_1.0_all.deb\n");
  CHECK_THROWS_WITH(
      fetch("deb", "a-doc", folder.path() / "downloads", sha256_hex("good")),
      Catch::Contains("package a-doc 1.0") && Catch::Contains("expected " + sha256_hex("good")));
}

TEST_CASE("a package that was not resolved is not fetched", "[data]") {
  TemporaryDirectory folder;
  CHECK_THROWS_WITH(fetch("deb", "a-doc", folder.path()), Catch::Contains("package a-doc") &&
                                                              Catch::Contains("without knowing its "
                                                                              "version") &&
                                                              Catch::Contains("apt-get update"));
}

TEST_CASE("a package that cannot be had says what the package manager said", "[data]") {
  TemporaryDirectory folder;
  const FakeCommand apt(folder.path() / "bin", "apt-get",
                        "echo 'E: Unable to locate package b-doc' >&2\nexit 100\n");
  CHECK_THROWS_WITH(fetch("deb", "b-doc", folder.path(), sha256_hex("b")),
                    Catch::Contains("package b-doc: 'apt-get download -- b-doc=1.0' failed (exit "
                                    "100): E: Unable to locate package b-doc") &&
                        Catch::Contains("apt-get update"));
}

TEST_CASE("a command that leaves no package is an error", "[data]") {
  TemporaryDirectory folder;
  const FakeCommand apt(folder.path() / "bin", "apt-get", "exit 0\n");
  CHECK_THROWS_WITH(fetch("deb", "c-doc", folder.path(), sha256_hex("c")),
                    Catch::Contains("left 0 files"));
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

TEST_CASE("a full disk is named where it stops pip, which says something else of it", "[data]") {
  TemporaryDirectory folder;
  const FakeCommand pip(folder.path() / "bin", "python3", "echo 'no folder' >&2; exit 1\n");
  const fs::path disk = folder.path() / "disk";
  fs::create_directories(disk);
  const pid_t child = ::fork();  // a mount of its own
  if (child == 0) {
    const bool own = ::unshare(CLONE_NEWNS) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
    if (!own || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", disk.c_str(), "tmpfs", 0, "size=64k") != 0)
      ::_exit(2);
    bool named = false;
    try {
      fetch("wheel", "w", disk / "downloads", sha256_hex("x"));
    } catch (const Error& error) {
      const std::string message = error.what();
      named = error.exit() == Exit::run_failed && message.starts_with("wheel w 1.0: ") &&
              message.find("no space left there") != std::string::npos &&
              message.find("no folder") != std::string::npos;
    } catch (...) {
    }
    ::_exit(named ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
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

TEST_CASE("a package's name reaches pip and apt-get as a name, never as an option", "[data]") {
  TemporaryDirectory folder;
  const fs::path calls = folder.path() / "calls";
  const FakeCommand pip(
      folder.path() / "bin", "python3",
      "echo \"$@\" > " + calls.string() + "\nprintf x > w-1.0-py3-none-any.whl\n");
  fetch("wheel", "w", folder.path() / "downloads", sha256_hex("x"));
  CHECK_THAT(read_file(calls),
             Catch::Contains("--no-deps --only-binary=:all:") && Catch::EndsWith(" -- w==1.0\n"));
}
