// Standard files that are closed, full, or whose other end has gone.

#include <pty.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "cli/repro_process.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;

std::string as_typed(const std::vector<std::string>& command) {
  std::string line;
  for (const std::string& word : command) line += shell_quoted(word) + " ";
  return line;
}

// `repro args...` in a shell, with what follows it on the line.
Finished in_shell(const fs::path& folder, const std::vector<std::string>& args,
                  const std::string& more, const fs::path& worker = {}) {
  return Process({"/bin/sh", "-c", as_typed(repro_command(folder, args, worker)) + more}).wait();
}

const std::vector<std::string> kRun = {
    "run",     "table3",          "--root", kRoot,
    "--scale", "smoke",           "--set",  "models=[\"qwen_moe\"]",
    "--set",   "corpora=[\"c4\"]"};

size_t finished_runs(const fs::path& folder) {
  size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder / "runs"))
    count += fs::exists(entry.path() / "DONE") ? 1 : 0;
  return count;
}

TEST_CASE("an answer that is lost is exit 2 and one line, whichever verb gave it", "[cli]") {
  TemporaryDirectory folder;
  const std::vector<std::vector<std::string>> answers = {
      {"list", "--root", kRoot},
      {"list", "--root", kRoot, "--json"},
      {"profile", "show", "rtx-4090", "--root", kRoot},
      {"audit", "moe_disco", "--root", kRoot},
      {"--help"},
      {"--version"}};
  for (const auto& args : answers)
    for (const auto& [where, why] : {std::pair(">/dev/full", "No space left on device"),
                                     std::pair(">&-", "Bad file descriptor")}) {
      const Finished ended = in_shell(folder.path(), args, where);
      CAPTURE(args, where, ended.errors);
      CHECK(ended.exit_code == 2);
      CHECK_THAT(ended.errors,
                 Contains(std::string("cannot write the answer to standard output: ") + why));
      CHECK(std::count(ended.errors.begin(), ended.errors.end(), '\n') == 1);
    }
}

TEST_CASE("a reader that has gone ends the answer without a word", "[cli]") {
  TemporaryDirectory folder;
  const fs::path code = folder.path() / "code";
  const std::string list = as_typed(repro_command(folder.path(), {"list", "--root", kRoot}));
  const Finished ended =
      Process(
          {"/bin/sh", "-c", "{ sleep 0.2; " + list + "; echo $? > " + code.string() + "; } | true"})
          .wait();
  CHECK(ended.errors.empty());
  CHECK(trim(read_file(code)) == std::to_string(128 + SIGPIPE));
}

TEST_CASE("a run whose messages nobody can read does all its jobs and answers", "[cli]") {
  for (const char* where : {"2>&-", "2>/dev/full", "2>&1 >answer | true"}) {
    TemporaryDirectory folder;
    CAPTURE(where);
    const Finished ended = in_shell(folder.path(), kRun, where, write_worker(folder, "finish"));
    CHECK(ended.exit_code == 0);
    CHECK(finished_runs(folder.path()) == 16);
    if (ended.output.empty()) continue;  // the pipe's
    CHECK_THAT(ended.output, Contains("Qwen"));
  }
}

TEST_CASE("an error that nobody can read keeps its exit code", "[cli]") {
  TemporaryDirectory folder;
  CHECK(in_shell(folder.path(), {"plan", "tabel3", "--root", kRoot}, "2>&-").exit_code == 4);
  CHECK(in_shell(folder.path(), {"frobnicate"}, "2>/dev/full").exit_code == 64);
}

TEST_CASE("a terminal that is closed interrupts a run, whose jobs write their checkpoints",
          "[cli]") {
  TemporaryDirectory folder;
  const fs::path saved = folder.path() / "saved";
  const fs::path worker = write_worker(
      folder, "trap 'sleep 0.1; touch " + saved.string() + "; exit 130' TERM\ntouch " +
                  (folder.path() / "at-work").string() + "; while :; do sleep 0.02; done");
  std::vector<std::string> command = repro_command(folder.path(), kRun, worker);
  int master = -1;
  const pid_t pid = ::forkpty(&master, nullptr, nullptr, nullptr);
  if (pid == 0) {
    std::vector<char*> argv;
    for (std::string& word : command) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  REQUIRE(appears(folder.path() / "at-work"));
  ::close(master);
  int status = 0;
  ::waitpid(pid, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 130);
  CHECK(fs::exists(saved));
}

TEST_CASE("a run under nohup outlives its terminal", "[cli]") {
  TemporaryDirectory folder;
  const fs::path go = folder.path() / "go";
  const fs::path worker =
      write_worker(folder, "touch " + (folder.path() / "at-work").string() + "; while ! [ -e " +
                               go.string() + " ]; do sleep 0.02; done; finish");
  Process process({"/bin/sh", "-c",
                   "trap '' HUP; exec " + as_typed(repro_command(folder.path(), kRun, worker))});
  REQUIRE(appears(folder.path() / "at-work"));
  process.signal(SIGHUP);
  std::ofstream(go) << "";
  CHECK(process.wait().exit_code == 0);
  CHECK(finished_runs(folder.path()) == 16);
}

}  // namespace
}  // namespace repro::cli
