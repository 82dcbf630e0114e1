#include "report/harness_results.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "temporary_directory.hpp"

using namespace repro;
using namespace repro::report;
using nlohmann::ordered_json;

namespace {

struct Item {
  std::string part;
  int64_t gold;
  std::vector<double> log_likelihoods;
};

HarnessModel named(const std::string& name) {
  HarnessModel model;
  model.name = name;
  return model;
}

// Files as a task run and an eval run leave them.
class Answered {
 public:
  explicit Answered(const std::vector<Item>& items) {
    std::string lines, answers;
    for (size_t i = 0; i < items.size(); ++i) {
      const Item& item = items[i];
      const ordered_json line = {{"id", i},
                                 {"part", item.part},
                                 {"context", "Q" + std::to_string(i)},
                                 {"choices", {"yes", "no at all"}},
                                 {"gold", item.gold},
                                 {"doc_hash", hash("d", i)},
                                 {"prompt_hash", hash("p", i)},
                                 {"target_hash", hash("t", i)},
                                 {"row", {{"z", 1}, {"a", "é"}}}};
      const ordered_json answer = {{"id", i},
                                   {"part", item.part},
                                   {"gold", item.gold},
                                   {"log_likelihoods", item.log_likelihoods},
                                   {"greedy", {true, false}},
                                   {"characters", {3, 9}},
                                   {"bytes", {3, 9}}};
      lines += line.dump() + "\n";
      answers += answer.dump() + "\n";
    }
    write_file_atomically(task().items, lines);
    write_file_atomically(task().answers, answers);
  }

  static std::string hash(const std::string& of, size_t i) {
    return sha256_hex(of + std::to_string(i));
  }

  HarnessTask task(const std::string& part = "") const {
    HarnessTask task;
    task.definition.name = "colours";
    task.definition.part = part;
    task.definition.groups = {{"warm", {"red", "absent"}}};
    task.definition.shots.count = 2;
    task.items = folder_.path() / "items.jsonl";
    task.answers = folder_.path() / "answers.jsonl";
    return task;
  }

  ordered_json write(const HarnessTask& task) {
    results_ = write_harness_results(folder_.path() / "out", named("a/b"), {task});
    return parse_ordered_json(read_file(results_));
  }

  std::vector<ordered_json> samples(const std::string& name) const {
    for (const auto& entry : fs::directory_iterator(results_.parent_path()))
      if (entry.path().filename().string().starts_with("samples_" + name + "_2")) {
        std::vector<ordered_json> lines;
        for (const std::string& line : split(read_file(entry.path()), '\n'))
          if (!line.empty()) lines.push_back(parse_ordered_json(line));
        return lines;
      }
    return {};
  }

  const fs::path& results() const { return results_; }

 private:
  TemporaryDirectory folder_;
  fs::path results_;
};

}  // namespace

TEST_CASE("an answered task becomes the harness's results and samples", "[report]") {
  // By log-likelihood the first choice of both; by character the second of the second.
  Answered answered({{"", 0, {-1.5, -6}}, {"", 1, {-2, -2.25}}});
  const ordered_json file = answered.write(answered.task());
  CHECK(answered.results().parent_path().filename() == "a_b");
  CHECK(file.at("model_name") == "a/b");
  const ordered_json& score = file.at("results").at("colours");
  CHECK(score.at("acc,none") == 0.5);
  CHECK(score.at("acc_norm,none") == 1.0);
  CHECK(score.at("acc_stderr,none").get<double>() == Approx(0.5));
  CHECK(score.at("sample_len") == 2);
  CHECK(file.at("n-shot").at("colours") == 2);
  CHECK(file.at("higher_is_better").at("colours").at("acc_norm") == true);
  const std::vector<ordered_json> samples = answered.samples("colours");
  REQUIRE(samples.size() == 2);
  CHECK(samples[1].at("doc_id") == 1);
  CHECK(samples[1].at("doc").dump() == R"({"z":1,"a":"é"})");
  CHECK(samples[1].at("target") == "1");
  CHECK(samples[1].at("arguments").at("gen_args_1") ==
        ordered_json({{"arg_0", "Q1"}, {"arg_1", " no at all"}}));
  CHECK(samples[1].at("resps").dump() == R"([[["-2.0","True"]],[["-2.25","False"]]])");
  CHECK(samples[1].at("filtered_resps").dump() == R"([["-2.0","True"],["-2.25","False"]])");
  CHECK(samples[1].at("acc") == 0.0);
  CHECK(samples[1].at("acc_norm") == 1.0);
  std::string hashes;
  for (size_t i : {0, 1})
    for (const char* of : {"d", "p", "t"}) hashes += Answered::hash(of, i);
  CHECK(file.at("task_hashes").at("colours") == sha256_hex(hashes));
}

TEST_CASE("each part is a task of its own, and a group counts every item alike", "[report]") {
  Answered answered(
      {{"blue", 0, {-1, -9}}, {"red", 1, {-1, -9}}, {"blue", 0, {-1, -9}}, {"blue", 1, {-1, -9}}});
  const ordered_json file = answered.write(answered.task("{colour}"));
  CHECK(file.at("results").at("colours_blue").at("acc,none").get<double>() == Approx(2.0 / 3));
  CHECK(file.at("results").at("colours_red").at("acc,none") == 0.0);
  CHECK(file.at("groups").at("colours").at("acc,none") == 0.5);
  CHECK(file.at("groups").at("colours_warm").at("sample_len") == 1);
  CHECK(file.at("group_subtasks").at("colours") == ordered_json({"colours_blue", "colours_red"}));
  CHECK(file.at("group_subtasks").at("colours_warm") == ordered_json::array({"colours_red"}));
  const std::vector<ordered_json> blue = answered.samples("colours_blue");
  REQUIRE(blue.size() == 3);
  CHECK(blue[2].at("doc_id") == 2);
  CHECK(blue[2].at("doc_hash") == Answered::hash("d", 3));
}

TEST_CASE("answers to items that are not there are refused, and no results are left", "[report]") {
  Answered answered({{"", 0, {-1, -2}}});
  const HarnessTask task = answered.task();
  write_file_atomically(task.items, "");
  CHECK_THROWS_WITH(answered.write(task), Catch::Contains("answers an item that"));
}
