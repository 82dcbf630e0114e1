#include "base/process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <thread>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/stopwatch.hpp"
#include "base/text.hpp"
#include "temporary_directory.hpp"

using namespace repro;

namespace {

Command shell(const std::string& script) { return {.words = {"sh", "-c", script}}; }

ExitStatus end_of(Child& child) {
  for (int i = 0; i < 1000; ++i) {
    if (const auto ended = child.poll()) return *ended;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  FAIL("the child did not end within ten seconds");
  return {};
}

}  // namespace

TEST_CASE("a command's output and errors come apart and whole", "[base]") {
  const Completed completed =
      run_to_end(shell("echo one; echo two >&2; seq 20000; readlink /proc/self/fd/0; exit 3"));
  CHECK(completed.status.code == 3);
  CHECK(completed.output.starts_with("one\n1\n2\n"));
  CHECK(completed.output.ends_with("\n20000\n/dev/null\n"));
  CHECK(completed.errors == "two\n");
}

TEST_CASE("a command runs in its folder and its words pass no shell", "[base]") {
  TemporaryDirectory folder;
  CHECK(run_command({.words = {"pwd"}, .folder = folder.path()}) == folder.path().string() + "\n");
  CHECK(run_command({.words = {"printf", "%s", "$HOME; 'x' *"}}) == "$HOME; 'x' *");
}

TEST_CASE("a command that fails is named with its last lines", "[base]") {
  CHECK_THROWS_WITH(run_command(shell("seq 9 >&2; exit 4")),
                    Catch::Contains("'sh -c seq 9 >&2; exit 4' failed (exit 4): 7 / 8 / 9"));
  CHECK_THROWS_WITH(run_command(shell("echo only this; exit 1")),
                    Catch::Contains("(exit 1): only this"));
  CHECK_THROWS_WITH(run_command(shell("kill -9 $$")), Catch::Contains("(signal 9)"));
}

TEST_CASE("a command within its limits answers as one without", "[base]") {
  const Completed completed =
      run_to_end(shell("echo one; echo two >&2; exit 3"), {.seconds = 60, .bytes = 1 << 20});
  CHECK(completed.status.code == 3);
  CHECK(completed.output == "one\n");
  CHECK(completed.errors == "two\n");
}

TEST_CASE("a command that takes longer than it may is stopped with all that it started", "[base]") {
  TemporaryDirectory folder;
  const fs::path pid = folder.path() / "pid";
  CHECK_THROWS_WITH(
      run_to_end(shell("sleep 60 & echo $! > " + pid.string() + "; wait"), {.seconds = 0.5}),
      Catch::Contains("did not end within 0.5 s; it was stopped"));
  const fs::path status = "/proc/" + std::string(trim(read_file(pid))) + "/status";
  const auto gone = [&] {
    return !fs::exists(status) || read_file(status).find("State:\tZ") != std::string::npos;
  };
  for (int i = 0; i < 300 && !gone(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(gone());
}

TEST_CASE("a command that writes more than it may is stopped, whichever way it writes", "[base]") {
  for (const char* script : {"yes", "yes >&2"})
    CHECK_THROWS_WITH(run_to_end(shell(script), {.bytes = 100'000}),
                      Catch::Contains("wrote more than 100.0 kB; it was stopped"));
}

TEST_CASE("a missing program is an error that asks whether it is installed", "[base]") {
  CHECK_FALSE(find_program("no-such-command-anywhere"));
  CHECK(find_program("sh"));
  for (const char* name : {"no-such-command-anywhere", "/no/such/command"})
    CHECK_THROWS_WITH(run_command({.words = {name}}),
                      Catch::Contains(fmt::format("cannot start '{}': No such file", name)));
}

TEST_CASE("a child's group gets its signals, and a child that has ended gets none", "[base]") {
  TemporaryDirectory folder;
  const fs::path out = folder.path() / "out", err = folder.path() / "err";
  Child child(shell("sleep 60 & echo $!; echo $$; wait"), out, err);
  for (int i = 0; i < 500 && split(read_file(out), '\n').size() < 3; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK_FALSE(child.poll());
  CHECK(::getpgid(child.id()) == child.id());
  child.send(SIGTERM);
  CHECK(end_of(child).signal == SIGTERM);
  const auto lines = split(read_file(out), '\n');
  CHECK(lines[1] == std::to_string(child.id()));
  CHECK_NOTHROW(child.send(SIGTERM));
  // The grandchild too: a zombie at most.
  const fs::path status = "/proc/" + lines[0] + "/status";
  for (int i = 0; i < 300 && fs::exists(status); ++i) {
    if (read_file(status).find("State:\tZ") != std::string::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK((!fs::exists(status) || read_file(status).find("State:\tZ") != std::string::npos));
}

TEST_CASE("a request reaches a stopped child, which is continued to heed it", "[base]") {
  TemporaryDirectory folder;
  const fs::path out = folder.path() / "out";
  Child child(
      shell("trap 'echo saved; exit 7' TERM; echo up; kill -STOP $$; while :; do sleep 0.02; done"),
      out, folder.path() / "err");
  const auto stopped = [&] {
    return read_file("/proc/" + std::to_string(child.id()) + "/status").find("State:\tT") !=
           std::string::npos;
  };
  for (int i = 0; i < 500 && !stopped(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  REQUIRE(stopped());
  child.send(SIGTERM);
  CHECK(end_of(child).code == 7);
  CHECK(read_file(out) == "up\nsaved\n");
}

// The soft limit of open files while it lives.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t limit) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{limit, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST_CASE("without descriptors a program cannot be started, which is an error and no child",
          "[base]") {
  TemporaryDirectory folder;
  const rlim_t open = [] {
    const int next = ::dup(STDERR_FILENO);
    ::close(next);
    return static_cast<rlim_t>(next);
  }();
  int refused = 0;
  int started = 0;
  for (rlim_t left = 0; left < 12; ++left) {
    // Nothing is checked meanwhile: a sanitizer's own checks need descriptors.
    std::vector<std::string> messages;
    int64_t id = 2;
    int code = 3;
    {
      const FewDescriptors few(open + left);
      try {
        Child child(shell("sleep 60"), folder.path() / "out", folder.path() / "err");
        id = child.id();
        ++started;
      } catch (const Error& error) {
        messages.emplace_back(error.what());
        ++refused;
      }
      try {
        code = run_to_end(shell("exit 3")).status.code;
      } catch (const Error& error) {
        messages.emplace_back(error.what());
      }
    }
    CHECK(id > 1);
    CHECK(code == 3);
    for (const std::string& message : messages)
      CHECK_THAT(message, Catch::Contains("Too many open files"));
  }
  CHECK(refused >= 3);
  CHECK(started >= 3);
}

TEST_CASE("a child is killed with the object that holds it", "[base]") {
  TemporaryDirectory folder;
  pid_t id = 0;
  {
    const Child child(shell("sleep 60"), folder.path() / "out", folder.path() / "err");
    id = child.id();
    CHECK(::kill(id, 0) == 0);
  }
  CHECK(::kill(id, 0) == -1);
}

TEST_CASE("laps add up to the time since the start", "[base]") {
  Stopwatch watch;
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const double first = watch.lap();
  CHECK(first >= 0.005);
  const double second = watch.lap();
  CHECK(first + second <= watch.seconds());
}
