#include "run/records.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "temporary_directory.hpp"

namespace repro::run {
namespace {

StepRecord step_record(int64_t step) {
  StepRecord record;
  record.step = step;
  record.tokens = step * 2048;
  record.lm_loss = 1.0 / 3.0 + static_cast<double>(step);
  record.aux_loss = 0.1;
  record.loss = record.lm_loss + record.aux_loss;
  record.lr = 3e-4;
  record.grad_norm = 0.7;
  record.clocks = {1.25, 0.5, 0.25, 0.125};
  record.data_hash = 0xfedcba9876543210ULL;
  return record;
}

}  // namespace

TEST_CASE("records survive the file bit for bit", "[run]") {
  const TemporaryDirectory folder;
  const auto path = folder.path() / "records.jsonl";
  LineWriter(path).write(to_line(step_record(7)));
  LineWriter(path).write(to_line(EvalRecord{7, "valid", 2.0 / 3.0, 100, 1.1}));
  const Records records = read_records(path);
  REQUIRE(records.steps.size() == 1);
  CHECK(records.steps[0].lm_loss == step_record(7).lm_loss);
  CHECK(records.steps[0].data_hash == step_record(7).data_hash);
  CHECK(records.steps[0].clocks.wall() == step_record(7).clocks.wall());
  REQUIRE(records.evals.size() == 1);
  CHECK(records.evals[0].loss == 2.0 / 3.0);
}

TEST_CASE("a line cut off by a crash is ignored, a damaged one is an error with its number",
          "[run]") {
  const TemporaryDirectory folder;
  const auto path = folder.path() / "records.jsonl";
  LineWriter(path).write(to_line(step_record(1)));
  std::ofstream(path, std::ios::app) << R"({"event":"step","st)";
  CHECK(read_records(path).steps.size() == 1);
  std::ofstream(path, std::ios::app) << "\n";
  CHECK_THROWS_WITH(read_records(path), Catch::Contains("records.jsonl:2:"));
}

TEST_CASE("a line in another order or spacing is read to the same record", "[run]") {
  const TemporaryDirectory folder;
  const auto path = folder.path() / "records.jsonl";
  StepRecord odd = step_record(3);
  odd.lr = 1e-300;
  odd.aux_loss = -0.0;
  odd.tokens = 9'007'199'254'740'993;
  const nlohmann::ordered_json same = nlohmann::ordered_json::parse(to_line(odd));
  nlohmann::ordered_json turned = {{"tokens", same["tokens"]}};
  turned.update(same);
  LineWriter(path).write(to_line(odd));
  LineWriter(path).write(turned.dump());
  const Records records = read_records(path);
  REQUIRE(records.steps.size() == 2);
  for (const StepRecord& read : records.steps) CHECK(to_line(read) == to_line(odd));
}

TEST_CASE("a step whose loss is no number is refused", "[run]") {
  for (const char* loss : {"null", "nan", "inf", "1e999", "\"5\""}) {
    const TemporaryDirectory folder;
    const auto path = folder.path() / "records.jsonl";
    std::string line = to_line(step_record(1));
    const std::string key = "\"loss\":";
    const size_t begin = line.find(key) + key.size();
    line.replace(begin, line.find(',', begin) - begin, loss);
    LineWriter(path).write(line);
    CHECK_THROWS_WITH(read_records(path), Catch::Contains("records.jsonl:1: not a record"));
  }
}

TEST_CASE("a step that is no whole number of 64 bits is refused, and no progress", "[run]") {
  for (const char* step : {"2e43", "2.5", "9223372036854775808", "\"5\"", "null"}) {
    const TemporaryDirectory folder;
    const auto path = folder.path() / "records.jsonl";
    std::string line = to_line(step_record(1));
    const std::string key = "\"step\":1,";
    line.replace(line.find(key), key.size(), fmt::format("\"step\":{},", step));
    LineWriter(path).write(line);
    INFO(line);
    CHECK_THROWS_WITH(read_records(path), Catch::Contains("records.jsonl:1: not a record"));
    line = to_line(step_record(1));
    line.replace(line.find("\"tokens\":"), 9, fmt::format("\"tokens\":{},\"more\":", step));
    LineWriter(path).write(line);
    CHECK_FALSE(read_progress(path));
    CHECK_NOTHROW(truncate_records(path, 3));
  }
}

TEST_CASE("truncation keeps records up to the checkpoint's step and drops the rest", "[run]") {
  const TemporaryDirectory folder;
  const auto path = folder.path() / "records.jsonl";
  LineWriter writer(path);
  for (int64_t step = 1; step <= 5; ++step) writer.write(to_line(step_record(step)));
  truncate_records(path, 3);
  const Records records = read_records(path);
  REQUIRE(records.steps.size() == 3);
  CHECK(records.steps.back().step == 3);
}

TEST_CASE("whoever reads records while they are cut reads the old ones to their end", "[run]") {
  const TemporaryDirectory folder;
  const auto path = folder.path() / "records.jsonl";
  const auto open = folder.path() / "open";  // as an open file does, it keeps the old bytes
  for (int64_t step = 1; step <= 5; ++step) LineWriter(path).write(to_line(step_record(step)));
  fs::create_hard_link(path, open);
  truncate_records(path, 3);
  CHECK(read_records(open).steps.size() == 5);
  CHECK(read_records(path).steps.size() == 3);
}

TEST_CASE("progress is the last complete step or progress line", "[run]") {
  const TemporaryDirectory folder;
  const auto path = folder.path() / "records.jsonl";
  CHECK_FALSE(read_progress(path));
  LineWriter writer(path);
  writer.write(R"({"event":"progress","phase":"encode","done":3,"total":9,"unit":"documents"})");
  CHECK(read_progress(path)->phase == "encode");
  for (int64_t step = 1; step <= 200; ++step) writer.write(to_line(step_record(step)));
  writer.write(to_line(EvalRecord{200, "valid", 1, 100, 1.1}));
  std::ofstream(path, std::ios::app) << R"({"event":"step","st)";
  const auto progress = read_progress(path);
  REQUIRE(progress);
  CHECK(progress->done == 200);
  CHECK(progress->loss == step_record(200).lm_loss);
}

TEST_CASE("truncation drops a last line that looks whole but lacks its end", "[run]") {
  const TemporaryDirectory folder;
  const auto path = folder.path() / "records.jsonl";
  LineWriter(path).write(to_line(step_record(1)));
  LineWriter(path).write(to_line(EvalRecord{1, "valid", 2.0, 100, 1.1}));
  std::ofstream(path, std::ios::app) << to_line(step_record(2));  // no newline: it was cut off
  truncate_records(path, 2);
  CHECK(read_records(path).steps.size() == 1);
  CHECK(read_records(path).evals.size() == 1);
  CHECK(read_file(path).back() == '\n');
  truncate_records(path, 0);
  CHECK(read_file(path).empty());
  CHECK_NOTHROW(truncate_records(folder.path() / "absent", 1));
}

TEST_CASE("a run's losses are the language model's, without what balances experts", "[run]") {
  Records records;
  for (int64_t step = 1; step <= 3; ++step) records.steps.push_back(step_record(step));
  for (size_t i = 0; i < 3; ++i) {
    CHECK(records.lm_losses()[i] == step_record(static_cast<int64_t>(i + 1)).lm_loss);
    CHECK(records.lm_losses()[i] != records.steps[i].loss);
  }
  CHECK(records.step_numbers() == std::vector<int64_t>{1, 2, 3});
  CHECK(records.steps[0].clocks.wall() == 1.25 + 0.5 + 0.25 + 0.125);
}

TEST_CASE("progress is found however long the lines before it are, and none in an empty file",
          "[run]") {
  const TemporaryDirectory folder;
  const auto path = folder.path() / "records.jsonl";
  LineWriter writer(path);
  CHECK_FALSE(read_progress(path));
  writer.write(to_line(step_record(4)));
  writer.write(R"({"event":"phase","phase":"kmeans","seconds":1.2})");
  writer.write("\"" + std::string(5000, 'x') + "\"");
  const auto progress = read_progress(path);
  REQUIRE(progress);
  CHECK(progress->phase == "train");
  CHECK(progress->unit == "steps");
  CHECK(progress->tokens == 4 * 2048);
  CHECK(progress->train_seconds == 1.25);
  CHECK(progress->total == 0);
}

}  // namespace repro::run
