#include "check/mlperf_rules.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "base/file.hpp"
#include "base/text.hpp"

namespace repro::checks {
namespace {

using Catch::Contains;

const fs::path kLogs = fs::path(REPRO_TESTS) / "check/mlperf_logs";

std::string good_log() { return read_file(kLogs / "good.log"); }

std::string without(const std::string& key) {
  std::string kept;
  for (const std::string& line : split(good_log(), '\n'))
    if (line.find("\"key\":\"" + key + "\"") == std::string::npos) kept += line + "\n";
  return kept;
}

std::string first_error(const std::string& log) {
  const LogReport report = check_mlperf_log(log);
  if (report.errors.empty()) return "";
  const LogProblem& first = report.errors.front();
  return fmt::format("{} {}: {}", first.line, first.key, first.what);
}

}  // namespace

TEST_CASE("a whole log passes, whatever a launcher puts before its lines", "[check]") {
  const LogReport report = check_mlperf_log(good_log());
  CHECK(report.passes());
  CHECK(report.lines > 30);
  CHECK(report.warnings.empty());
  std::string prefixed = "[rank0] hello\n";
  for (const std::string& line : split(good_log(), '\n')) prefixed += "12: " + line + "\r\n";
  CHECK(check_mlperf_log(prefixed).passes());
}

TEST_CASE("each key that must stand there is missed", "[check]") {
  for (const char* key : {"submission_org",
                          "submission_platform",
                          "submission_division",
                          "cache_clear",
                          "init_start",
                          "init_stop",
                          "run_start",
                          "run_stop",
                          "block_start",
                          "block_stop",
                          "eval_accuracy",
                          "train_samples",
                          "eval_samples",
                          "lowest_numerical_precision_in_linear",
                          "lowest_numerical_precision_in_attn",
                          "lowest_numerical_precision_in_comm",
                          "tensor_parallelism",
                          "pipeline_parallelism",
                          "context_parallelism",
                          "expert_parallelism",
                          "config_filename"}) {
    INFO(key);
    CHECK_FALSE(check_mlperf_log(without(key)).passes());
  }
  CHECK(check_mlperf_log(without("seed")).passes());
}

TEST_CASE("the corpus of logs is judged as the public checker judges it", "[check]") {
  // Each log follows a line "=== NAME pass"; judge.py beside it asked the checker.
  const std::string corpus = read_file(kLogs / "corpus.txt");
  int64_t judged = 0, passing = 0;
  for (size_t at = 0; at < corpus.size();) {
    const size_t head_end = corpus.find('\n', at), end = corpus.find("\n=== ", head_end);
    const std::string head = corpus.substr(at, head_end - at);
    const std::string log =
        corpus.substr(head_end + 1, end == std::string::npos ? std::string::npos : end - head_end);
    INFO(head);
    const bool passes = head.ends_with(" pass");
    CHECK(check_mlperf_log(log).passes() == passes);
    ++judged;
    passing += passes;
    at = end == std::string::npos ? corpus.size() : end + 1;
  }
  CHECK(judged >= 30);
  CHECK(passing >= 8);
}

TEST_CASE("a log that is none, or damaged, says so with its line", "[check]") {
  CHECK_THAT(first_error(""), Contains("no line with the token"));
  CHECK_THAT(first_error("text\n:::MLLOG {oops\n"), Contains("2 : not an object with time_ms"));
  CHECK_THAT(first_error(":::MLLOG [1]\n"), Contains("1 : not an object"));
  CHECK_THAT(first_error(":::MLLOG {\"time_ms\": 1, \"key\": \"run_stop\", \"value\": null, "
                         "\"metadata\": null}\n"),
             Contains("1 run_stop: stands before any run_start"));
}

}  // namespace repro::checks
