#include "launch/local.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <thread>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "temporary_directory.hpp"

namespace repro::launch {
namespace {

using namespace std::chrono_literals;

// A shell script as worker; $1 is the run directory.
fs::path write_worker(const TemporaryDirectory& folder, const std::string& body) {
  const fs::path path = folder.path() / "worker";
  std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
  fs::permissions(path, fs::perms::owner_all);
  return path;
}

run::RunDirectory make_run(const TemporaryDirectory& folder, const std::string& name = "run") {
  const run::RunDirectory directory(folder.path() / name);
  make_directories(directory.path());
  return directory;
}

// A job of this directory and so many threads; its number.
size_t start(LocalLauncher& launcher, const run::RunDirectory& directory, int64_t threads = 1) {
  static size_t last = 0;
  launcher.start({{.job = ++last, .directory = directory, .resources = {.threads = threads}}});
  return last;
}

// How `count` children ended, in that order.
std::vector<ExitStatus> wait_for(LocalLauncher& launcher, size_t count) {
  std::vector<ExitStatus> ends;
  for (int i = 0; i < 100 && ends.size() < count; ++i)
    for (const auto& ended : launcher.poll(100ms).ended) ends.push_back(ended.status);
  if (ends.size() != count) FAIL("the children did not end within ten seconds");
  return ends;
}

ExitStatus wait_for_one(LocalLauncher& launcher) { return wait_for(launcher, 1)[0]; }

ExitStatus run_script(const std::string& body) {
  TemporaryDirectory folder;
  LocalLauncher launcher(write_worker(folder, body));
  start(launcher, make_run(folder));
  return wait_for_one(launcher);
}

bool appears(const fs::path& path) {
  for (int i = 0; i < 500 && !fs::exists(path); ++i) std::this_thread::sleep_for(10ms);
  return fs::exists(path);
}

TEST_CASE("exit code 9 is not taken for SIGKILL", "[launch]") {
  const ExitStatus exited = run_script("exit 9");
  CHECK(exited.code == 9);
  CHECK(exited.signal == 0);
  const ExitStatus killed = run_script("kill -KILL $$");
  CHECK(killed.signal == SIGKILL);
  CHECK(describe(exited) == "ended with exit code 9");
  CHECK(describe(killed) == "killed by SIGKILL (perhaps out of memory)");
  CHECK(describe(run_script("kill -SEGV $$")) == "killed by SIGSEGV");
}

TEST_CASE("a child's output goes to its logs and a second start appends", "[launch]") {
  TemporaryDirectory folder;
  const run::RunDirectory directory = make_run(folder);
  LocalLauncher launcher(write_worker(folder, "echo out $1; echo err >&2"));
  for (int i = 0; i < 2; ++i) {
    start(launcher, directory);
    CHECK(wait_for_one(launcher).clean());
  }
  const std::string line = "out " + directory.path().string() + "\n";
  CHECK(read_file(directory.stdout_file()) == line + line);
  CHECK(read_file(directory.stderr_file()) == "err\nerr\n");
}

TEST_CASE("a child has no standard input and leads its own process group", "[launch]") {
  TemporaryDirectory folder;
  const run::RunDirectory directory = make_run(folder);
  LocalLauncher launcher(
      write_worker(folder, "readlink /proc/self/fd/0; cut -d' ' -f5 /proc/$$/stat; echo $$"));
  start(launcher, directory);
  CHECK(wait_for_one(launcher).clean());
  const auto lines = split(trim(read_file(directory.stdout_file())), '\n');
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "/dev/null");
  CHECK(lines[1] == lines[2]);
}

TEST_CASE("jobs that run together are pinned to different cores", "[launch]") {
  const std::vector<int> cores = available_cores();
  TemporaryDirectory folder;
  LocalLauncher launcher(
      write_worker(folder, "grep Cpus_allowed_list /proc/self/status | cut -f2; sleep 0.2"));
  std::vector<run::RunDirectory> runs;
  for (size_t i = 0; i < std::min<size_t>(cores.size(), 2); ++i) {
    runs.push_back(make_run(folder, "run" + std::to_string(i)));
    start(launcher, runs[i]);
  }
  for (const ExitStatus& end : wait_for(launcher, runs.size())) CHECK(end.clean());
  for (size_t i = 0; i < runs.size(); ++i)
    CHECK(trim(read_file(runs[i].stdout_file())) == std::to_string(cores[i]));
}

TEST_CASE("a child that is asked to stop may finish its work, and a forced one may not",
          "[launch]") {
  TemporaryDirectory folder;
  const fs::path worker = write_worker(
      folder, "trap 'echo saved; exit 130' TERM; touch $1/ready; while :; do sleep 0.02; done");
  LocalLauncher launcher(worker);
  const run::RunDirectory asked = make_run(folder, "asked");
  launcher.terminate({start(launcher, asked)}, Stop::force);
  CHECK(wait_for_one(launcher).signal == SIGKILL);
  fs::remove(asked.path() / "ready");
  const size_t job = start(launcher, asked);
  CHECK(launcher.process(job) > 1);
  REQUIRE(appears(asked.path() / "ready"));
  launcher.terminate({job}, Stop::ask);
  CHECK(wait_for_one(launcher).code == 130);
  CHECK(read_file(asked.stdout_file()) == "saved\n");
}

TEST_CASE("children die with their parent even when it is killed", "[launch]") {
  TemporaryDirectory folder;
  const run::RunDirectory directory = make_run(folder);
  const fs::path worker =
      write_worker(folder, "echo $$ > $1/pid.tmp; mv $1/pid.tmp $1/pid; sleep 60");
  const pid_t parent = ::fork();
  if (parent == 0) {
    LocalLauncher launcher(worker);
    start(launcher, directory);
    ::pause();
  }
  REQUIRE(appears(directory.path() / "pid"));
  const pid_t child = std::stoi(read_file(directory.path() / "pid"));
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  // The orphan is reaped by init; until then it may be a zombie.
  const fs::path status = "/proc/" + std::to_string(child) + "/status";
  const auto gone = [&] {
    std::ifstream file(status);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    return text.empty() || text.find("State:\tZ") != std::string::npos;
  };
  for (int i = 0; i < 300 && !gone(); ++i) std::this_thread::sleep_for(10ms);
  CHECK(gone());
}

TEST_CASE("a launcher that goes out of scope stops its children", "[launch]") {
  TemporaryDirectory folder;
  const run::RunDirectory directory = make_run(folder);
  {
    LocalLauncher launcher(write_worker(
        folder,
        "trap 'touch $1/saved; exit 130' TERM; touch $1/ready; while :; do sleep 0.02; done"));
    start(launcher, directory);
    REQUIRE(appears(directory.path() / "ready"));
  }
  CHECK(fs::exists(directory.path() / "saved"));
}

TEST_CASE("a worker that cannot be executed is an error that names it", "[launch]") {
  TemporaryDirectory folder;
  LocalLauncher launcher(folder.path() / "absent");
  const run::RunDirectory directory = make_run(folder);
  CHECK_THROWS_WITH(start(launcher, directory),
                    Catch::Contains("absent") && Catch::Contains("No such file"));
}

TEST_CASE("a core is free again for the next job once its job has ended", "[launch]") {
  const std::vector<int> cores = available_cores();
  if (cores.size() < 2) return;
  TemporaryDirectory folder;
  const fs::path go = folder.path() / "go";
  LocalLauncher launcher(write_worker(
      folder,
      "grep Cpus_allowed_list /proc/self/status | cut -f2; case $1 in *wait) while ! [ -e " +
          go.string() + " ]; do sleep 0.02; done;; esac"));
  const run::RunDirectory first = make_run(folder, "first"), waiting = make_run(folder, "wait"),
                          again = make_run(folder, "again");
  start(launcher, first);  // on the first core
  CHECK(wait_for_one(launcher).clean());
  start(launcher, waiting);  // on the first core again, which is free
  start(launcher, again);    // on the second
  CHECK(wait_for_one(launcher).clean());
  std::ofstream(go) << "";
  CHECK(wait_for_one(launcher).clean());
  CHECK(trim(read_file(waiting.stdout_file())) == std::to_string(cores[0]));
  CHECK(trim(read_file(again.stdout_file())) == std::to_string(cores[1]));
}

TEST_CASE("a job of more cores than there are gets all, one of none gets one", "[launch]") {
  const size_t cores = available_cores().size();
  TemporaryDirectory folder;
  LocalLauncher launcher(write_worker(folder, "nproc"));
  for (const auto& [asked, given] :
       {std::pair<int, size_t>{1000, cores}, std::pair<int, size_t>{0, 1}}) {
    const run::RunDirectory directory = make_run(folder, "run" + std::to_string(asked));
    start(launcher, directory, asked);
    CHECK(wait_for_one(launcher).clean());
    CHECK(trim(read_file(directory.stdout_file())) == std::to_string(given));
  }
}

}  // namespace
}  // namespace repro::launch
