#include "base/file.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "synced_files.hpp"
#include "temporary_directory.hpp"

namespace repro {

TEST_CASE("an atomic write replaces the file and leaves no temporary behind", "[base]") {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "state.json";
  write_file_atomically(path, "old");
  write_file_atomically(path, "new");
  CHECK(read_file(path) == "new");
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("a full disk is said to be one, and is a failed run", "[base]") {
  if (!fs::exists("/dev/full")) return;
  LineWriter writer("/dev/full");
  try {
    writer.write("x");
    FAIL("the write succeeded");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("No space left on device") != std::string::npos);
    CHECK(error.exit() == Exit::run_failed);
  }
}

TEST_CASE("a file that cannot be written or read is an error that names it", "[base]") {
  const TemporaryDirectory folder;
  CHECK_THROWS_WITH(write_file_atomically(folder.path() / "no/such/folder", "x"),
                    Catch::Contains("no/such/folder"));
  CHECK_THROWS_WITH(read_file(folder.path() / "absent"), Catch::Contains("absent: cannot open"));
}

TEST_CASE("what the machine breaks is a failed run, what the user named wrong is bad input",
          "[base]") {
  for (const auto& [code, exit] : {std::pair{ENOSPC, Exit::run_failed},
                                   {EDQUOT, Exit::run_failed},
                                   {EIO, Exit::run_failed},
                                   {EMFILE, Exit::run_failed},
                                   {ENOENT, Exit::bad_input},
                                   {EACCES, Exit::bad_input},
                                   {EROFS, Exit::bad_input}}) {
    try {
      fail_with_system("runs/x", "write", code);
    } catch (const Error& error) {
      CHECK(error.exit() == exit);
      CHECK_THAT(error.what(), Catch::StartsWith("runs/x: cannot write: ") &&
                                   Catch::Contains(std::strerror(code)));
    }
  }
}

TEST_CASE("a failed rename leaves no temporary", "[base]") {
  const TemporaryDirectory folder;
  fs::create_directories(folder.path() / "state.json/full");
  CHECK_THROWS_WITH(write_file_atomically(folder.path() / "state.json", "x"),
                    Catch::Contains("cannot rename into place"));
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("only the temporaries of dead processes are left-overs", "[base]") {
  const TemporaryDirectory folder;
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ::waitpid(dead, nullptr, 0);
  const auto make = [&](const std::string& name) {
    write_file_atomically(folder.path() / name, "half");
    return folder.path() / name;
  };
  const fs::path left = make("result.json.tmp" + std::to_string(dead));
  const std::vector<fs::path> kept = {make("other.json.tmp" + std::to_string(::getpid())),
                                      make("result.json.tmp1"), make("notes.tmp"), make("a.tmp12x"),
                                      make("result.json")};
  remove_leftovers(folder.path());
  CHECK_FALSE(fs::exists(left));
  for (const fs::path& path : kept) CHECK(fs::exists(path));
  remove_leftovers(folder.path() / "nowhere");
}

TEST_CASE("what a killed process left goes also where another has its number now", "[base]") {
  const TemporaryDirectory folder;
  const fs::path left = folder.path() / ("result.json.tmp" + std::to_string(::getpid()));
  write_file_atomically(left, "half");
  remove_leftovers(folder.path());
  REQUIRE(fs::exists(left));
  // A day before this process began, whenever that was.
  fs::last_write_time(left, fs::last_write_time(left) - std::chrono::hours(24));
  remove_leftovers(folder.path());
  CHECK_FALSE(fs::exists(left));
}

TEST_CASE("what a killed process left goes also before its parent has asked for it", "[base]") {
  const TemporaryDirectory folder;
  const pid_t killed = ::fork();
  if (killed == 0) ::_exit(0);
  siginfo_t ended;
  REQUIRE(::waitid(P_PID, static_cast<id_t>(killed), &ended, WEXITED | WNOWAIT) == 0);
  const fs::path left = folder.path() / ("result.json.tmp" + std::to_string(killed));
  write_file_atomically(left, "half");
  remove_leftovers(folder.path());
  CHECK_FALSE(fs::exists(left));
  ::waitpid(killed, nullptr, 0);
}

TEST_CASE("a hash of a file's start is that of its bytes, and a folder is none", "[base]") {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "x";
  write_file_atomically(path, std::string(3'000'000, 'a') + "b");
  CHECK(sha256_hex_of_file(path) == sha256_hex(read_file(path)));
  CHECK(sha256_hex_of_start(path, 3'000'000) == sha256_hex(std::string(3'000'000, 'a')));
  CHECK(sha256_hex_of_start(path, 9'000'000) == sha256_hex_of_file(path));
  CHECK_THROWS_WITH(sha256_hex_of_file(folder.path()), Catch::Contains("cannot read"));
}

TEST_CASE("a lock is refused to another process until it is released", "[base]") {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / ".lock";
  const auto taken_elsewhere = [&] {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(FileLock::try_acquire(path) ? 0 : 1);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status) == 1;
  };
  {
    const auto lock = FileLock::try_acquire(path);
    REQUIRE(lock);
    CHECK(taken_elsewhere());
    CHECK(FileLock::is_held(path));
  }
  CHECK_FALSE(taken_elsewhere());
  CHECK_FALSE(FileLock::is_held(path));
  CHECK_FALSE(FileLock::is_held(folder.path() / "absent"));
  CHECK_FALSE(fs::exists(folder.path() / "absent"));
}

TEST_CASE("SHA-256 of a string, of a stream and of a file agree with the standard's vector",
          "[base]") {
  const TemporaryDirectory folder;
  const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(sha256_hex("abc") == abc);
  write_file_atomically(folder.path() / "abc", "abc");
  CHECK(sha256_hex_of_file(folder.path() / "abc") == abc);
  Sha256 hash;
  hash.update("a");
  hash.update("bc");
  CHECK(hash.hex() == abc);
}

TEST_CASE("the token hash depends on the order and can be continued", "[base]") {
  const std::vector<int32_t> tokens = {5, 6, 7};
  const std::vector<int32_t> swapped = {6, 5, 7};
  CHECK(hash_tokens(0, tokens) != hash_tokens(0, swapped));
  const uint64_t first = hash_tokens(0, std::span(tokens).first(1));
  CHECK(hash_tokens(first, std::span(tokens).subspan(1)) == hash_tokens(0, tokens));
}

TEST_CASE("the root is the nearest parent with experiments and hardware profiles", "[base]") {
  const TemporaryDirectory folder;
  CHECK_THROWS_WITH(find_root(folder.path()), Catch::Contains("give --root"));
  fs::create_directories(folder.path() / "experiments");
  fs::create_directories(folder.path() / "hardware_profiles");
  CHECK(find_root(folder.path()) == fs::canonical(folder.path()));
}

TEST_CASE("who reads a file while it is replaced keeps the old bytes, whole", "[base]") {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "state.json";
  write_file_atomically(path, "the old bytes");
  // Another name of the old file: written in place it would change too.
  fs::create_hard_link(path, folder.path() / "reader");
  write_file_atomically(path, "new");
  CHECK(read_file(folder.path() / "reader") == "the old bytes");
  CHECK(read_file(path) == "new");
}

TEST_CASE("a write that the system cuts short leaves the old bytes and nothing half", "[base]") {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "state.json";
  write_file_atomically(path, "the old bytes");
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit few{1000, before.rlim_max};
  ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &few);
  CHECK_THROWS_WITH(write_file_atomically(path, std::string(5000, 'x')),
                    Catch::Contains("cannot write"));
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, SIG_DFL);
  CHECK(read_file(path) == "the old bytes");
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("bytes are on the disk, all of them, before their file has its name", "[base]") {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "state.json";
  take_synced();
  write_file_atomically(path, "twelve bytes");
  REQUIRE(synced_files.size() == 1);
  CHECK(synced_files[0].bytes == 12);
  CHECK(take_synced() == std::vector<std::string>{"state.json.tmp"});
  {
    AtomicFile file(path);
    file.write(std::string(3'000'000, 'x'));
    file.overwrite(0, "y");
    CHECK(read_file(path) == "twelve bytes");
    CHECK(synced_files.empty());
    file.commit();
  }
  REQUIRE(synced_files.size() == 1);
  CHECK(synced_files[0].bytes == 3'000'000);
  CHECK(take_synced() == std::vector<std::string>{"state.json.tmp"});
  CHECK(read_file(path) == "y" + std::string(2'999'999, 'x'));
}

TEST_CASE("lines are on the disk when their writer is asked for it, and whole at once before",
          "[base]") {
  const TemporaryDirectory folder;
  LineWriter writer(folder.path() / "records.jsonl");
  take_synced();
  writer.write("one");
  CHECK(read_file(folder.path() / "records.jsonl") == "one\n");
  CHECK(synced_files.empty());
  writer.sync();
  CHECK(take_synced() == std::vector<std::string>{"records.jsonl"});
}

TEST_CASE("a file that is given up leaves the old one and no temporary", "[base]") {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "model.safetensors";
  write_file_atomically(path, "old");
  {
    AtomicFile file(path);
    file.write("new");
  }
  CHECK(read_file(path) == "old");
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

}  // namespace repro
