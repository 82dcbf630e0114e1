#include <fmt/format.h>
#include <algorithm>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/repro_process.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;
using nlohmann::json;

// One cell of table 3: 12 jobs that make its models, 6 that measure them.
std::vector<std::string> cell(std::vector<std::string> verb) {
  const std::vector<std::string> more = {
      "--root",          kRoot, "--scale", "smoke", "--set", "models=[\"qwen_moe\"]", "--set",
      "corpora=[\"c4\"]"};
  verb.insert(verb.end(), more.begin(), more.end());
  return verb;
}

size_t count_of(const fs::path& folder, const std::string& file) {
  size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder / "runs"))
    count += fs::exists(entry.path() / file) ? 1 : 0;
  return count;
}

size_t lines_of(const fs::path& path) {
  const std::string text = fs::exists(path) ? read_file(path) : "";
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST_CASE("run does every job once and a second run starts none", "[cli]") {
  TemporaryDirectory folder;
  const fs::path worker =
      write_worker(folder, "echo $name >> " + (folder.path() / "started").string() + "\nfinish");
  const Finished first = run_in(folder.path(), cell({"run", "table3"}), worker);
  INFO(first.errors);
  CHECK(first.exit_code == 0);
  CHECK(lines_of(folder.path() / "started") == 16);
  CHECK(count_of(folder.path(), "DONE") == 16);
  CHECK_THAT(first.output, Contains("Qwen"));
  const Finished again = run_in(folder.path(), cell({"run", "table3"}), worker);
  CHECK(again.exit_code == 0);
  CHECK(again.output == first.output);
  CHECK(lines_of(folder.path() / "started") == 16);
}

TEST_CASE("a worker that is killed is named, with its signal and its log, and exit is 2", "[cli]") {
  TemporaryDirectory folder;
  const fs::path worker = write_worker(folder, "case $name in *full*) echo $name >> " +
                                                   (folder.path() / "tries").string() +
                                                   "; kill -KILL $$;; esac\nfinish");
  const Finished ended = run_in(folder.path(), cell({"run", "table3"}), worker);
  CHECK(ended.exit_code == 2);
  CHECK_THAT(ended.errors, Contains("repro: error: runs/train-qwen_moe-c4-full-s0-") &&
                               Contains("killed by SIGKILL (perhaps out of memory); its log is") &&
                               Contains("/stderr.log"));
  CHECK(lines_of(folder.path() / "tries") == 3);
  CHECK(count_of(folder.path(), "DONE") == 10);
  const Finished status = run_in(folder.path(), cell({"status", "table3"}));
  CHECK_THAT(status.output, Contains("failed") && Contains("killed by SIGKILL") &&
                                Contains("10 done, 1 failed, 7 not started"));
}

TEST_CASE("a failing job's own line is repeated and what needs it is listed as not started",
          "[cli]") {
  TemporaryDirectory folder;
  const fs::path worker = write_worker(
      folder, "case $kind in cluster) echo 'no documents' > $dir/FAILED; exit 4;; esac\nfinish");
  const Finished ended = run_in(folder.path(), cell({"run", "table3"}), worker);
  CHECK(ended.exit_code == 2);
  CHECK_THAT(ended.errors, Contains(": no documents; its log is runs/cluster-"));
  CHECK_THAT(ended.errors,
             Contains("repro: not started: train-qwen_moe-c4-disco-sub0-s0: needs cluster-"));
  CHECK_THAT(ended.errors, Contains("3 of 12 jobs are done, 1 failed, 8 were blocked"));
}

TEST_CASE("Ctrl-C lets running jobs stop, exits 130, and the same command finishes", "[cli]") {
  TemporaryDirectory folder;
  const fs::path flag = folder.path() / "slow";
  std::ofstream(flag) << "";
  const fs::path worker = write_worker(
      folder, "trap 'touch $dir/saved; exit 130' TERM\nif [ $kind = train ] && [ -e " +
                  flag.string() + " ]; then touch " + (folder.path() / "at-work").string() +
                  "; while :; do sleep 0.02; done; fi\nfinish");
  Process process(repro_command(folder.path(), cell({"run", "table3"}), worker));
  REQUIRE(appears(folder.path() / "at-work"));
  process.signal(SIGINT);
  const Finished ended = process.wait();
  CHECK(ended.exit_code == 130);
  CHECK_THAT(ended.errors, Contains("interrupted") && Contains("the same command continues"));
  CHECK(count_of(folder.path(), "saved") >= 1);
  CHECK(count_of(folder.path(), "FAILED") == 0);
  fs::remove(flag);
  const Finished again = run_in(folder.path(), cell({"run", "table3"}), worker);
  CHECK(again.exit_code == 0);
  CHECK(count_of(folder.path(), "DONE") == 16);
}

TEST_CASE("a second Ctrl-C kills what does not stop", "[cli]") {
  TemporaryDirectory folder;
  const fs::path worker = write_worker(
      folder, "trap 'touch " + (folder.path() / "deaf").string() + "' TERM\ntouch " +
                  (folder.path() / "at-work").string() + "; while :; do sleep 0.02; done");
  Process process(repro_command(folder.path(), cell({"run", "table3"}), worker));
  REQUIRE(appears(folder.path() / "at-work"));
  process.signal(SIGINT);
  REQUIRE(appears(folder.path() / "deaf"));
  process.signal(SIGINT);
  CHECK(process.wait().exit_code == 130);
}

TEST_CASE("a worker that is stopped heeds the first Ctrl-C, and a deaf one the second", "[cli]") {
  for (const bool deaf : {false, true}) {
    TemporaryDirectory folder;
    const fs::path at_work = folder.path() / "at-work";
    const fs::path worker = write_worker(
        folder, std::string(deaf ? "trap '' TERM" : "trap 'touch $dir/saved; exit 130' TERM") +
                    "\ntouch " + at_work.string() +
                    "; kill -STOP $$; while :; do sleep 0.02; kill -STOP $$; done");
    Process process(repro_command(folder.path(), cell({"run", "table3"}), worker));
    REQUIRE(appears(at_work));
    ::usleep(200'000);
    process.signal(SIGINT);
    if (deaf) {
      ::usleep(500'000);
      process.signal(SIGINT);
    }
    CHECK(process.wait().exit_code == 130);
    CHECK(count_of(folder.path(), "saved") == (deaf ? 0 : 1));
  }
}

TEST_CASE("with few descriptors a run ends, by an error that says so", "[cli]") {
  TemporaryDirectory folder;
  const fs::path worker = write_worker(folder, "exit 4");
  std::string command;
  for (const std::string& word : repro_command(folder.path(), cell({"run", "table3"}), worker))
    command += shell_quoted(word) + " ";
  constexpr int kFewest = 5;  // what `timeout` itself needs
  for (int descriptors = kFewest; descriptors <= 12; ++descriptors) {
    const Finished ended =
        Process({"/bin/sh", "-c",
                 fmt::format("ulimit -n {}; exec timeout 60 {}", descriptors, command)})
            .wait();
    CAPTURE(descriptors, ended.errors);
    CHECK((ended.exit_code == 2 || ended.exit_code == 4));
    CHECK_THAT(ended.errors, Contains("Too many open files") || Contains("its log is"));
  }
}

TEST_CASE("a second repro on the same folder is refused and told who holds it", "[cli]") {
  TemporaryDirectory folder;
  const fs::path go = folder.path() / "go";
  const fs::path worker =
      write_worker(folder, "touch " + (folder.path() / "at-work").string() + "; while ! [ -e " +
                               go.string() + " ]; do sleep 0.02; done; finish");
  Process first(repro_command(folder.path(), cell({"run", "table3"}), worker));
  REQUIRE(appears(folder.path() / "at-work"));
  const Finished second = run_in(folder.path(), cell({"run", "table3"}), worker);
  CHECK(second.exit_code == 2);
  CHECK_THAT(second.errors, Contains("runs: in use by process " + std::to_string(first.pid())) &&
                                Contains("repro run table3 --scale smoke"));
  const Finished status = run_in(folder.path(), cell({"status", "table3", "--json"}));
  const json answer = json::parse(status.output);
  CHECK(answer["holder"]["pid"] == first.pid());
  CHECK(std::count_if(answer["runs"].begin(), answer["runs"].end(),
                      [](const json& run) { return run["state"] == "running"; }) >= 1);
  Process waiting(repro_command(folder.path(), cell({"run", "table3", "--wait"}), worker));
  std::ofstream(go) << "";
  const Finished first_end = first.wait();
  INFO(first_end.errors);
  CHECK(first_end.exit_code == 0);
  CHECK(waiting.wait().exit_code == 0);
}

TEST_CASE("a repro that was killed leaves no lock, and its runs continue", "[cli]") {
  TemporaryDirectory folder;
  const fs::path flag = folder.path() / "slow";
  std::ofstream(flag) << "";
  const fs::path worker =
      write_worker(folder, "if [ -e " + flag.string() + " ]; then touch " +
                               (folder.path() / "at-work").string() + "; sleep 60; fi\nfinish");
  {
    Process first(repro_command(folder.path(), cell({"run", "table3"}), worker));
    REQUIRE(appears(folder.path() / "at-work"));
    first.signal(SIGKILL);
    first.wait();
  }
  const Finished status = run_in(folder.path(), cell({"status", "table3"}));
  CHECK_THAT(status.output, Contains("unfinished") && !Contains("running"));
  fs::remove(flag);
  CHECK(run_in(folder.path(), cell({"run", "table3"}), worker).exit_code == 0);
}

TEST_CASE("a missing worker is one clear line", "[cli]") {
  TemporaryDirectory folder;
  const Finished ended = run_in(folder.path(), cell({"run", "table3"}), folder.path() / "absent");
  CHECK(ended.exit_code == 4);
  CHECK_THAT(ended.errors, Contains("absent: cannot run the worker"));
}

TEST_CASE("a report from a folder without its runs is an error and makes nothing", "[cli]") {
  TemporaryDirectory folder;
  const Finished typed = run_in(folder.path(), cell({"report", "table3", "--runs", "rnus"}));
  CHECK(typed.exit_code == 6);
  CHECK(typed.output.empty());
  CHECK_THAT(typed.errors,
             Catch::StartsWith("repro: error: rnus: no such folder; `repro run table3 "
                               "--scale smoke --set 'models=[\"qwen_moe\"]'") &&
                 Contains("--runs names another folder"));
  CHECK_FALSE(fs::exists(folder.path() / "rnus"));
  fs::create_directories(folder.path() / "elsewhere");
  const Finished empty = run_in(folder.path(), cell({"report", "table3", "--runs", "elsewhere"}));
  CHECK(empty.exit_code == 6);
  CHECK_THAT(empty.errors, Contains("elsewhere: holds no run of table3 --scale smoke"));
  CHECK(fs::is_empty(folder.path() / "elsewhere"));
}

TEST_CASE("reports of other settings stand beside the usual one", "[cli]") {
  TemporaryDirectory folder;
  const fs::path worker = write_worker(folder, "finish");
  const std::vector<std::string> usual = {"run", "table3", "--root", kRoot, "--scale", "smoke"};
  CHECK(run_in(folder.path(), usual, worker).exit_code == 0);
  CHECK(run_in(folder.path(), cell({"run", "table3"}), worker).exit_code == 0);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path() / "runs/reports"))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  REQUIRE(names.size() == 2);
  CHECK(names[0] == "table3-smoke");
  CHECK_THAT(names[1], Catch::Matches("table3-smoke-[0-9a-f]{8}"));
}

TEST_CASE("off a terminal progress is plain lines without control characters", "[cli]") {
  TemporaryDirectory folder;
  const Finished ended =
      run_in(folder.path(), cell({"run", "table3"}), write_worker(folder, "finish"));
  CHECK_THAT(ended.errors, Contains("start  prepare-") && Contains("done   prepare-"));
  CHECK(ended.errors.find('\x1b') == std::string::npos);
}

}  // namespace
}  // namespace repro::cli
