#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/repro_process.hpp"
#include "run/run_directory.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;
using nlohmann::json;

std::vector<std::string> of_cell(std::vector<std::string> verb) {
  const std::vector<std::string> more = {
      "table3", "--root",          kRoot, "--scale", "smoke", "--set", "models=[\"qwen_moe\"]",
      "--set",  "corpora=[\"c4\"]"};
  verb.insert(verb.end(), more.begin(), more.end());
  return verb;
}

// A finished cell. The script that stands for the worker leaves an empty DONE, as workers did
// before runs were sealed.
struct Cell {
  TemporaryDirectory folder;

  Cell() {
    const fs::path worker = write_worker(folder, "finish");
    REQUIRE(run(of_cell({"run"}), worker).exit_code == 0);
  }
  Finished run(const std::vector<std::string>& args, const fs::path& worker = {}) const {
    return run_in(folder.path(), args, worker);
  }
  void seal() const {
    for (const fs::path& path : directories()) run::RunDirectory(path).mark_done();
  }
  std::vector<fs::path> directories() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder.path() / "runs"))
      if (fs::exists(entry.path() / "DONE")) found.push_back(entry.path());
    return found;
  }
  fs::path directory(const std::string& beginning) const {
    for (const fs::path& path : directories())
      if (path.filename().string().starts_with(beginning)) return path;
    return {};
  }
};

// The file's first digit 4 becomes a 5.
void change_digit(const fs::path& path) {
  std::fstream file(path, std::ios::in | std::ios::out);
  const std::string text = read_file(path);
  REQUIRE(text.find('4') != std::string::npos);
  file.seekp(static_cast<std::streamoff>(text.find('4')));
  file.put('5');
}

// `script` by a shell whose mounts are its own.
Finished in_own_mounts(const std::string& script) {
  return Process({"/bin/sh", "-c",
                  "for how in -m -rm; do unshare $how true 2>/dev/null && "
                  "exec unshare $how sh -c \"$0\"; done; echo no own mounts >&2; exit 99",
                  script})
      .wait();
}

std::string shell_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += "'" + word + "' ";
  return line;
}

std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> all;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) all[entry.path().string()] = read_file(entry.path());
  return all;
}

TEST_CASE("a digit changed in a finished run ends report, plan and run with code 4 and its file",
          "[cli]") {
  const Cell cell;
  cell.seal();
  CHECK(cell.run(of_cell({"report"})).exit_code == 0);
  for (const std::string file : {"records.jsonl", "result.json"}) {
    const fs::path path = cell.directory("train-qwen_moe-c4-full-s0") / file;
    const std::string whole = read_file(path);
    change_digit(path);
    for (const char* verb : {"report", "run"}) {
      const Finished ended = cell.run(of_cell({verb}));
      INFO(verb << " " << file << "\n" << ended.errors);
      CHECK(ended.exit_code == 4);
      CHECK_THAT(ended.errors, Contains("repro: error: runs/train-qwen_moe-c4-full-s0-") &&
                                   Contains(file + ": its bytes changed after the run was done; "
                                                   "delete runs/train-qwen_moe-c4-full-s0-") &&
                                   Contains("and `repro run` makes it again"));
    }
    write_file_atomically(path, whole);
  }
  CHECK(cell.run(of_cell({"report"})).exit_code == 0);
}

TEST_CASE("status lists a damaged run with its file and ends with code 4", "[cli]") {
  const Cell cell;
  cell.seal();
  CHECK(cell.run({"status"}).exit_code == 0);
  change_digit(cell.directory("eval-qwen_moe-c4-full-s0") / "result.json");
  fs::remove(cell.directory("cluster-") / "result.json");
  const Finished ended = cell.run({"status"});
  CHECK(ended.exit_code == 4);
  CHECK_THAT(ended.output, Contains("14 done, 2 damaged"));
  const Finished listed = cell.run({"status", "--json"});  // whose lines are not wrapped
  CHECK(listed.exit_code == 4);
  CHECK_THAT(listed.output, Contains("/result.json: is missing; delete runs/cluster-") &&
                                Contains("/result.json: its bytes changed after the run was done"));
}

TEST_CASE("explain shows no damaged run, and none that reads one", "[cli]") {
  const Cell cell;
  cell.seal();
  const std::string eval = cell.directory("eval-qwen_moe-c4-full-s0").filename();
  CHECK(cell.run({"explain", eval}).exit_code == 0);
  change_digit(cell.directory("train-qwen_moe-c4-full-s0") / "job.json");
  const Finished ended = cell.run({"explain", eval});
  CHECK(ended.exit_code == 4);
  CHECK_THAT(ended.errors, Contains("train-qwen_moe-c4-full-s0-") && Contains("/job.json: its "));
}

TEST_CASE("runs from before seals are reported, and said to be unsealed", "[cli]") {
  const Cell cell;
  for (const auto& verb : {of_cell({"report"}), of_cell({"status"}), {"status"}}) {
    const Finished ended = cell.run(verb);
    CHECK(ended.exit_code == 0);
    CHECK_THAT(ended.errors, Contains("repro: runs: 16 runs are unsealed"));
  }
  const Finished one = cell.run({"explain", cell.directory("cluster-").filename()});
  CHECK_THAT(one.errors, Contains("runs: 1 run is unsealed"));
  cell.seal();
  CHECK(cell.run(of_cell({"report"})).errors.empty());
}

TEST_CASE("status, report and explain read a folder that cannot be written", "[cli]") {
  const Cell cell;
  cell.seal();
  const fs::path runs = cell.folder.path() / "runs";
  const auto before = contents(runs);
  const std::string eval = cell.directory("eval-qwen_moe-c4-full-s0").filename();
  for (const auto& verb : {of_cell({"status"}),
                           {"status", "--json"},
                           {"explain", eval},
                           of_cell({"report"}),
                           of_cell({"report", "--json"}),
                           of_cell({"report", "--output", "elsewhere"})}) {
    const std::string command = shell_line(repro_command(cell.folder.path(), verb));
    const Finished writable = Process({"/bin/sh", "-c", command}).wait();
    const Finished ended = in_own_mounts(
        "mount --bind " + runs.string() + " " + runs.string() + " && mount -o remount,ro,bind " +
        runs.string() + " && ! touch " + runs.string() + "/x 2>/dev/null && exec " + command);
    INFO(command << "\n" << ended.errors);
    CHECK(ended.exit_code == 0);
    if (verb[0] != "report") CHECK(ended.output == writable.output);
    if (verb == of_cell({"report", "--json"}))
      CHECK(json::parse(ended.output)["findings"] == json::parse(writable.output)["findings"]);
    if (verb == of_cell({"report"})) CHECK_THAT(ended.errors, Contains("runs: cannot be written"));
  }
  fs::remove_all(runs / "reports");  // of the runs with a writable folder
  for (const auto& [path, text] : before)
    if (path.find("/reports/") == std::string::npos) CHECK(read_file(path) == text);
}

TEST_CASE("a full disk ends repro with code 2 and is named", "[cli]") {
  const TemporaryDirectory folder;
  const fs::path worker = write_worker(folder, "finish");
  fs::create_directories(folder.path() / "runs");
  const std::string runs = (folder.path() / "runs").string();
  const Finished ended =
      in_own_mounts("mount -t tmpfs -o size=64k none " + runs + "; head -c 1m /dev/zero > " + runs +
                    "/fill 2>/dev/null; exec " +
                    shell_line(repro_command(folder.path(), of_cell({"run"}), worker)));
  INFO(ended.errors);
  CHECK(ended.exit_code == 2);
  CHECK_THAT(ended.errors, Contains("repro: error: runs/prepare-") &&
                               Contains("/job.json: cannot write: No space left on device; free"));
}

}  // namespace
}  // namespace repro::cli
