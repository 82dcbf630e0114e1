// Downstream tasks from the command line: a table of them through the plan, and those that are made
// of a corpus.

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/repro_process.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;
using nlohmann::json;

std::vector<std::string> table2(const std::string& verb, std::vector<std::string> more = {}) {
  std::vector<std::string> words = {verb, "table2", "--scale", "smoke", "--root", kRoot};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

int64_t runs_named(const fs::path& folder, const std::string& part) {
  int64_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder / "runs"))
    count += entry.path().filename().string().find(part) != std::string::npos &&
             fs::exists(entry.path() / "DONE");
  return count;
}

}  // namespace

TEST_CASE("run asks the endings that stand for the cuts, once, and shows the paper beside them",
          "[cli]") {
  TemporaryDirectory folder;
  const fs::path started = folder.path() / "started";
  const fs::path worker = write_worker(folder, "echo $name >> " + started.string() + "\nfinish");
  const Finished ended = run_in(folder.path(), table2("run"), worker);
  INFO(ended.errors);
  REQUIRE(ended.exit_code == 0);
  // Every ending reaches the target: the shortest stands for its loss, the longest for its steps,
  // and what is as dear lies between the two longest.
  CHECK(runs_named(folder.path(), "-full-piqa-s0") == 1);
  CHECK(runs_named(folder.path(), "-piqa-s0") == 1 + 3);
  CHECK(runs_named(folder.path(), "task-") == 6);
  for (const char* part : {"ARC-e", "MMLU", "HellaSwag", "PIQA", "Next passage", "27.45", "57.03",
                           "Qwen / OpenWebText > essays", "the longest fine-tune of 30 steps has",
                           "on the line between the fine-tune of 20 steps"})
    CHECK_THAT(ended.output, Contains(part));
  const std::string first = read_file(started);
  const Finished again = run_in(folder.path(), table2("run"), worker);
  CHECK(again.output == ended.output);
  CHECK(read_file(started) == first);
}

TEST_CASE("a score is explained by its runs, pair by pair", "[cli]") {
  TemporaryDirectory folder;
  REQUIRE(run_in(folder.path(), table2("run"), write_worker(folder, "finish")).exit_code == 0);
  const std::string id = "table2:qwen_moe:openwebtext:piqa.acc.disco.dollars.gain";
  const std::vector<std::string> words = {"explain", id, "--scale", "smoke", "--root", kRoot};
  const Finished ended = run_in(folder.path(), words);
  INFO(ended.errors);
  CHECK(ended.exit_code == 0);
  CHECK_THAT(ended.output, Contains("PIQA, acc: MoE-DisCo - full, equal dollars") &&
                               Contains("paper     4.8 %") && Contains("20 of 40 right (50.0 %)") &&
                               Contains("only full right 0, only disco right 0, of 40 items") &&
                               Contains("within noise of chance (50.0 %)"));
  auto as_json = words;
  as_json.emplace_back("--json");
  const json answer = json::parse(run_in(folder.path(), as_json).output);
  CHECK(answer["unit"] == "fraction");
  CHECK(answer["paper"].get<double>() == Approx(0.0478));
  CHECK(answer["verdict"] == "not tested");
  CHECK_FALSE(answer["doubts"].empty());
}

TEST_CASE("a plan of tasks shows who makes their items and how long the answers take", "[cli]") {
  TemporaryDirectory folder;
  const Finished ended = run_in(folder.path(), table2("plan"));
  INFO(ended.errors);
  CHECK(ended.exit_code == 0);
  CHECK_THAT(ended.output, Contains("task") && Contains("next_passage-essays-v1024"));
  const json plan = json::parse(run_in(folder.path(), table2("plan", {"--json"})).output);
  const auto& rows = plan.at("rows");
  const auto evals = std::find_if(rows.begin(), rows.end(),
                                  [](const json& row) { return row.at("phase") == "eval"; });
  REQUIRE(evals != rows.end());
  CHECK(evals->at("jobs").size() > 6);
}

TEST_CASE("a task made of a corpus is refused without a model, and no part of all tasks", "[cli]") {
  TemporaryDirectory folder;
  const fs::path worker = write_worker(folder, "finish");
  const Finished alone =
      run_in(folder.path(), {"data", "get", "next_passage", "--root", kRoot}, worker);
  CHECK(alone.exit_code == 64);
  CHECK_THAT(alone.errors, Contains("task 'next_passage': is made of the corpus that a model was "
                                    "trained on; `repro eval RUN --tasks next_passage`"));
  CHECK(run_in(folder.path(), {"data", "get", "eval", "--root", kRoot}, worker).exit_code == 0);
  CHECK(runs_named(folder.path(), "task-") == 4);
}

TEST_CASE("a view of scores without a task to show is refused before anything starts", "[cli]") {
  TemporaryDirectory folder;
  const Finished ended = run_in(folder.path(), table2("run", {"--set", "evaluate.tasks=[]"}),
                                write_worker(folder, "finish"));
  CHECK(ended.exit_code == 4);
  CHECK_THAT(ended.errors, Contains("experiments/claims/moe_disco.toml:") &&
                               Contains("view 'table2' shows scores, but table2 asks for no task"));
  CHECK_FALSE(fs::exists(folder.path() / "runs/reports"));
}

}  // namespace repro::cli
