#include "run/lock.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <thread>

#include "base/error.hpp"
#include "temporary_directory.hpp"

namespace repro::run {

TEST_CASE("who comes second is refused with who holds the folder and what it does", "[run]") {
  const TemporaryDirectory folder;
  const fs::path runs = folder.path() / "runs";
  CHECK_FALSE(find_holder(runs));
  {
    RunsLock lock(runs, "run a", false);
    lock.set_running({{"train-a", 4711}});
    CHECK_THROWS_WITH(RunsLock(runs, "run b", false),
                      Catch::Contains("in use by process " + std::to_string(::getpid()) +
                                      " (repro run a); wait for it with --wait"));
    const auto holder = find_holder(runs);
    REQUIRE(holder);
    CHECK(holder->pid == ::getpid());
    CHECK(holder->purpose == "run a");
    CHECK(holder->running == std::map<std::string, int64_t>{{"train-a", 4711}});
  }
  CHECK_FALSE(find_holder(runs));
  CHECK_NOTHROW(RunsLock(runs, "run b", false));
}

TEST_CASE("who waits begins when the first has ended", "[run]") {
  const TemporaryDirectory folder;
  auto first = std::make_unique<RunsLock>(folder.path(), "run a", false);
  std::atomic<bool> begun = false;
  std::thread second([&] {
    const RunsLock lock(folder.path(), "run b", true);
    begun = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(400));  // longer than who does not wait
  CHECK_FALSE(begun);
  first.reset();
  second.join();
  CHECK(begun);
}

TEST_CASE("what killed programs left half written in a runs folder and its reports goes", "[run]") {
  const TemporaryDirectory folder;
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ::waitpid(dead, nullptr, 0);
  const fs::path report = folder.path() / "reports/table";
  fs::create_directories(report);
  const std::string ending = ".tmp" + std::to_string(dead);
  const std::vector<fs::path> left = {folder.path() / (".verified" + ending),
                                      report / ("report.md" + ending)};
  for (const fs::path& path : left) write_file_atomically(path, "half");
  write_file_atomically(report / "report.md", "whole");
  const RunsLock lock(folder.path(), "run", false);
  for (const fs::path& path : left) CHECK_FALSE(fs::exists(path));
  CHECK(fs::exists(report / "report.md"));
}

}  // namespace repro::run
