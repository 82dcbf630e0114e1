#include "run/seal.hpp"

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cctype>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "run/comparison.hpp"
#include "run/fake_run.hpp"
#include "run/last_words.hpp"
#include "run/verifier.hpp"
#include "synced_files.hpp"
#include "temporary_directory.hpp"

namespace repro::run {
namespace {

using Catch::Contains;

// A training of three steps with all that a run leaves, done.
struct DoneRun {
  TemporaryDirectory folder;
  RunDirectory directory{folder.path() / "runs/train-a-1234"};

  explicit DoneRun(int64_t result_steps = 3) {
    write_run(directory.path(), {});
    const nlohmann::json result = {{"steps", result_steps}, {"clocks", {{"train", 0.3}}}};
    write_file_atomically(directory.result_file(), result.dump());
    write_file_atomically(directory.weights_file(), std::string(100, 'w'));
    write_file_atomically(directory.stdout_file(), "a log");
    directory.mark_done();
  }
  fs::path runs() const { return folder.path() / "runs"; }
  fs::path memory() const { return runs() / ".verified"; }
  void make_unsealed() const { std::ofstream(directory.done_file(), std::ios::trunc).flush(); }
};

// One bit of the byte in the middle, in place: the file keeps its size and its inode.
void flip(const fs::path& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto middle = static_cast<std::streamoff>(fs::file_size(path) / 2);
  file.seekg(middle);
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(middle);
  file.put(byte);
}

}  // namespace

TEST_CASE("DONE seals every file of a run but its logs, marks and what is half written", "[run]") {
  const DoneRun run;
  std::ofstream(run.directory.stderr_file()) << "another log";
  std::ofstream(run.directory.path() / "result.json.tmp1") << "half";
  run.directory.mark_done();
  const auto seals = read_seals(run.directory.done_file());
  REQUIRE(seals);
  CHECK(seals->schema == kSchema);
  std::vector<std::string> names;
  for (const auto& [name, seal] : seals->files) names.push_back(name);
  CHECK(names == std::vector<std::string>{"environment.json", "job.json", "model.safetensors",
                                          "records.jsonl", "result.json"});
  CHECK(seals->files.at("model.safetensors").bytes == 100);
}

TEST_CASE("one bit changed in any sealed file is refused with the file and the way out", "[run]") {
  for (const char* file :
       {"environment.json", "job.json", "model.safetensors", "records.jsonl", "result.json"}) {
    const DoneRun run;
    CHECK_NOTHROW(Verifier(run.runs()).require_all(run.directory));
    flip(run.directory.path() / file);
    CHECK_THROWS_WITH(Verifier(run.runs()).require_all(run.directory),
                      Contains(std::string("train-a-1234/") + file) &&
                          Contains("its bytes changed after the run was done; delete ") &&
                          Contains("`repro run` makes it again"));
  }
}

TEST_CASE("a sealed file that was cut, removed or added is refused", "[run]") {
  const DoneRun run;
  fs::resize_file(run.directory.records_file(), 10);
  CHECK_THROWS_WITH(Verifier(run.runs()).records(run.directory),
                    Contains("records.jsonl: has 10 bytes, the run left"));
  fs::remove(run.directory.result_file());
  CHECK_THROWS_WITH(Verifier(run.runs()).result(run.directory),
                    Contains("result.json: is missing"));
  std::ofstream(run.directory.path() / "clusters.bin") << "x";
  CHECK_THROWS_WITH(Verifier(run.runs()).require(run.directory, "clusters.bin"),
                    Contains("is not among the files that the run left"));
}

TEST_CASE("what only jobs read is held to its size when a run is shown", "[run]") {
  const DoneRun run;
  flip(run.directory.weights_file());
  CHECK_NOTHROW(Verifier(run.runs()).require_shown(run.directory));
  CHECK_THROWS_AS(Verifier(run.runs()).require_all(run.directory), Error);
  fs::resize_file(run.directory.weights_file(), 99);
  CHECK_THROWS_WITH(Verifier(run.runs()).require_shown(run.directory),
                    Contains("has 99 bytes, the run left 100"));
}

TEST_CASE("a run from before seals is believed and counted, unless its records end early",
          "[run]") {
  const DoneRun run;
  run.make_unsealed();
  CHECK(run.directory.state() == State::done);
  CHECK_FALSE(Verifier(run.runs()).sealed(run.directory));
  CHECK(count_unsealed_runs(run.runs(), {"train-a-1234", "train-b-5678"}) == 1);
  CHECK(Verifier(run.runs()).records(run.directory).steps.size() == 3);

  const DoneRun longer(4);
  longer.make_unsealed();
  CHECK_THROWS_WITH(Verifier(longer.runs()).records(longer.directory),
                    Contains("records.jsonl: ends at step 3, the result at step 4"));
}

TEST_CASE("a DONE that was changed is an error, never a run without seals", "[run]") {
  const DoneRun run;
  const std::string text = read_file(run.directory.done_file());
  const auto read_all = [&] {
    Verifier verifier(run.runs());
    for (const char* file :
         {"environment.json", "job.json", "model.safetensors", "records.jsonl", "result.json"})
      verifier.require(run.directory, file);
  };
  CHECK_NOTHROW(read_all());
  // Up to the schema's own line, which is no file's; white space may be any.
  for (size_t at = 0; at < text.find("\"schema\""); ++at) {
    if (std::isspace(static_cast<unsigned char>(text[at])) != 0) continue;
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    std::ofstream(run.directory.done_file(), std::ios::trunc) << changed;
    INFO(changed);
    CHECK_THROWS_AS(read_all(), Error);
  }
  std::ofstream(run.directory.done_file(), std::ios::trunc) << text.substr(0, text.size() / 2);
  CHECK_THROWS_WITH(Verifier(run.runs()).result(run.directory), Contains("DONE: is damaged"));
}

TEST_CASE("a file found whole is not read again until its size, times or inode change", "[run]") {
  const DoneRun run;
  ::usleep(2'100'000);  // what is younger is not remembered
  Verifier(run.runs()).require_all(run.directory);
  REQUIRE(fs::exists(run.memory()));
  // Another hash in both places: it holds only as long as nobody looks at the bytes.
  const auto replace = [](const fs::path& path, const std::string& from, const std::string& to) {
    std::string text = read_file(path);
    REQUIRE(text.find(from) != std::string::npos);
    text.replace(text.find(from), from.size(), to);
    write_file_atomically(path, text);
  };
  const std::string hash =
      read_seals(run.directory.done_file())->files.at("model.safetensors").sha256;
  for (const fs::path& path : {run.directory.done_file(), run.memory()})
    replace(path, hash, std::string(64, '0'));
  CHECK_NOTHROW(Verifier(run.runs()).require(run.directory, "model.safetensors"));
  const auto time = fs::last_write_time(run.directory.weights_file());
  fs::last_write_time(run.directory.weights_file(), time - std::chrono::hours(1));
  CHECK_THROWS_WITH(Verifier(run.runs()).require(run.directory, "model.safetensors"),
                    Contains("its bytes changed"));
}

TEST_CASE("a damaged memory of what was whole changes no answer", "[run]") {
  const DoneRun run;
  for (const char* text : {"", "\n\n", "1 2 3", "garbage\0garbage", "9 9 9 9 9 9 9 9\n"}) {
    std::ofstream(run.memory(), std::ios::trunc) << text;
    CHECK_NOTHROW(Verifier(run.runs()).require_all(run.directory));
  }
  fs::remove(run.memory());
  fs::create_directory(run.memory());  // and one that can be neither read nor written
  CHECK_NOTHROW(Verifier(run.runs()).require_all(run.directory));
  flip(run.directory.result_file());
  CHECK_THROWS_AS(Verifier(run.runs()).require_all(run.directory), Error);
}

TEST_CASE("two runs are compared only as they were left", "[run]") {
  const DoneRun run, other;
  CHECK_NOTHROW(compare_runs(run.directory, other.directory));
  flip(other.directory.environment_file());
  CHECK_THROWS_WITH(compare_runs(run.directory, other.directory),
                    Contains("environment.json: its bytes changed"));
}

TEST_CASE("what DONE seals is on the disk before DONE is, and so are last words", "[run]") {
  const DoneRun run;
  fs::remove(run.directory.done_file());
  take_synced();
  run.directory.mark_done();
  std::vector<std::string> synced = take_synced();
  REQUIRE(synced.size() == 6);
  CHECK(synced.back() == "DONE.tmp");
  std::sort(synced.begin(), synced.end() - 1);
  synced.pop_back();
  CHECK(synced == std::vector<std::string>{"environment.json", "job.json", "model.safetensors",
                                           "records.jsonl", "result.json"});
  LastWords(run.directory).say("the disk is full");
  CHECK(take_synced() == std::vector<std::string>{"FAILED.page.tmp"});
  CHECK(read_file(run.directory.failed_file()) == "the disk is full\n");
}

}  // namespace repro::run
