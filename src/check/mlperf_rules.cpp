#include "check/mlperf_rules.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"

namespace repro::checks {
namespace {

using nlohmann::json;

struct LogLine {
  int64_t number = 0;
  double time_ms = 0;
  std::string key;
  json value, metadata;
};

// What a line must satisfy.
enum class Predicate {
  not_empty,          // value is not ""
  one_of,             // value is one of `words`
  whole,              // value is a whole number
  whole_positive,     // and at least 1
  metadata_any,       // metadata has one of `words`
  metadata_with,      // where metadata has words[0], it has words[1]
  metadata_at_least,  // where metadata has words[0], it is at least `number`
  metadata_above,     // likewise, more than
  after,              // a line of words[0] stands before
  before,             // none does
  within_ms,          // less than `number` after the first line of words[0]
};
struct Condition {
  Predicate predicate;
  std::vector<std::string> words = {};
  double number = 0;
};

enum class Times { any, one, some, some_of };  // some_of: of the key or of an alternative
struct KeyRule {
  std::string key;
  Times times = Times::any;
  std::vector<Condition> conditions = {};
  std::string alternative = {};
};

std::vector<KeyRule> session_rules() {
  using P = Predicate;
  constexpr double kOpenInitMs = 240 * 60e3;
  return {{"submission_org", Times::one, {{P::not_empty}}},
          {"submission_platform", Times::one, {{P::not_empty}}},
          {"submission_division", Times::one, {{P::one_of, {"closed", "open"}}}},
          {"cache_clear", Times::some},
          {"init_start", Times::some, {{P::before, {"init_stop"}}, {P::before, {"run_start"}}}},
          {"init_stop",
           Times::one,
           {{P::after, {"init_start"}},
            {P::before, {"run_start"}},
            {P::within_ms, {"init_start"}, kOpenInitMs}}},
          {"run_start", Times::one, {{P::after, {"init_stop"}}}},
          {"run_stop", Times::one, {{P::after, {"run_start"}}, {P::metadata_any, {"status"}}}}};
}

std::vector<KeyRule> progress_rules() {
  using P = Predicate;
  const Condition epoch{P::metadata_any, {"epoch_num", "samples_count"}};
  return {{"block_start",
           Times::some_of,
           {{P::after, {"run_start"}},
            {P::metadata_any, {"epoch_count", "samples_count"}},
            {P::metadata_with, {"epoch_count", "first_epoch_num"}},
            {P::metadata_above, {"epoch_count"}, 0},
            {P::metadata_at_least, {"samples_count"}, 0}},
           "epoch_start"},
          {"block_stop",
           Times::some_of,
           {{P::metadata_any, {"first_epoch_num", "samples_count"}}},
           "epoch_stop"},
          {"epoch_start", Times::some_of, {epoch}, "block_start"},
          {"epoch_stop", Times::some_of, {epoch}, "block_stop"},
          {"eval_start", Times::some_of, {epoch}, "block_start"},
          {"eval_stop", Times::some_of, {epoch}, "block_stop"},
          {"eval_accuracy", Times::some, {epoch}},
          {"train_samples", Times::one, {{P::not_empty}}},
          {"eval_samples", Times::one, {{P::not_empty}}}};
}

std::vector<KeyRule> disclosure_rules() {
  using P = Predicate;
  const Condition precision{
      P::one_of,
      {"fp64", "fp32", "tf32", "fp16", "fp8", "mxfp6", "nvfp4", "mxfp4", "bfloat16",
       "Graphcore FLOAT 16.16", "int8", "uint8", "int4", "uint4"}};
  std::vector<KeyRule> rules;
  for (const char* part : {"linear", "attn", "comm"})
    rules.push_back(
        {fmt::format("lowest_numerical_precision_in_{}", part), Times::one, {precision}});
  for (const char* kind : {"tensor", "pipeline", "context", "expert"})
    rules.push_back({fmt::format("{}_parallelism", kind), Times::one, {{P::whole_positive}}});
  rules.push_back({"micro_batch_size", Times::any, {{P::whole}}});
  rules.push_back({"config_filename", Times::one});
  return rules;
}

std::vector<KeyRule> all_rules() {
  std::vector<KeyRule> rules = session_rules();
  for (const auto& more : {progress_rules(), disclosure_rules()})
    rules.insert(rules.end(), more.begin(), more.end());
  return rules;
}

bool is_whole(const json& value, double least) {
  if (value.is_boolean()) return value.get<bool>() || least <= 0;
  if (!value.is_number()) return false;
  const double number = value.get<double>();
  return std::abs(std::round(number) - number) < 1e-5 && number >= least;
}

// Metadata must be an object wherever it is asked.
bool has(const json& metadata, const std::string& field) {
  return metadata.is_object() && metadata.contains(field);
}

class LogChecker {
 public:
  LogReport run(std::string_view text) {
    read(text);
    std::map<std::string, KeyRule> rules;
    for (KeyRule& rule : all_rules()) rules.emplace(rule.key, rule);
    std::set<std::string> seen_submission;
    for (const LogLine& line : lines_) {
      const auto rule = rules.find(line.key);
      const bool once = line.key.find("submission_") != std::string::npos;
      if (rule != rules.end() && (!once || seen_submission.insert(line.key).second))
        check_line(line, rule->second);
      note(line);
    }
    for (const auto& [key, rule] : rules) check_times(rule);
    return std::move(report_);
  }

 private:
  void error(int64_t line, const std::string& key, std::string what) {
    report_.errors.push_back({line, printable_line(key), printable_line(what)});
  }

  void read(std::string_view text) {
    constexpr std::string_view kToken = ":::MLLOG ";
    for (int64_t number = 1; !text.empty(); ++number) {
      const size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      const size_t token = line.rfind(kToken);
      if (token == std::string_view::npos) continue;
      ++report_.lines;
      read_line(number, trim(line.substr(token + kToken.size())));
    }
    if (report_.lines == 0) error(0, "", "no line with the token :::MLLOG");
  }

  void read_line(int64_t number, std::string_view text) {
    const json object = parse_json(text);
    const auto is_there = [&](const char* key) {
      return object.is_object() && object.contains(key);
    };
    if (!is_there("time_ms") || !is_there("key") || !is_there("value") || !is_there("metadata") ||
        !object["time_ms"].is_number() || !object["key"].is_string())
      return error(number, "", "not an object with time_ms, key, value and metadata");
    lines_.push_back({number, object["time_ms"].get<double>(), object["key"].get<std::string>(),
                      object["value"], object["metadata"]});
  }

  void note(const LogLine& line) {
    first_time_.try_emplace(line.key, line.time_ms);
    first_time_[line.key] = std::min(first_time_[line.key], line.time_ms);
    values_[line.key].push_back(line.value);
  }

  void check_line(const LogLine& line, const KeyRule& rule) {
    for (const Condition& condition : rule.conditions)
      if (const std::string wrong = problem(line, condition); !wrong.empty())
        error(line.number, line.key, wrong);
  }

  std::string problem(const LogLine& line, const Condition& condition) const {
    const std::string words = join(condition.words, ", ");
    const std::string value = line.value.dump();
    switch (condition.predicate) {
      case Predicate::not_empty:
        return line.value == "" ? "is empty" : "";
      case Predicate::one_of:
        for (const std::string& word : condition.words)
          if (line.value == word) return "";
        return fmt::format("is {}; expected one of {}", value, words);
      case Predicate::whole:
        return is_whole(line.value, -1e15) ? ""
                                           : fmt::format("is {}; expected a whole number", value);
      case Predicate::whole_positive:
        return is_whole(line.value, 1)
                   ? ""
                   : fmt::format("is {}; expected a whole number from 1", value);
      case Predicate::after:
        return values_.contains(words) ? "" : fmt::format("stands before any {}", words);
      case Predicate::before:
        return values_.contains(words) ? fmt::format("stands after {}", words) : "";
      case Predicate::within_ms: {
        const auto first = first_time_.find(words);
        const bool soon =
            first != first_time_.end() && line.time_ms - first->second < condition.number;
        return soon
                   ? ""
                   : fmt::format("comes more than {} min after {}", condition.number / 60e3, words);
      }
      default:
        return metadata_problem(line.metadata, condition);
    }
  }

  static std::string metadata_problem(const json& metadata, const Condition& condition) {
    if (!metadata.is_object()) return "its metadata is no object";
    if (condition.predicate == Predicate::metadata_any) {
      for (const std::string& field : condition.words)
        if (has(metadata, field)) return "";
      return "its metadata lacks " + join(condition.words, " or ");
    }
    const std::string& field = condition.words[0];
    if (!has(metadata, field)) return "";
    if (condition.predicate == Predicate::metadata_with)
      return has(metadata, condition.words[1])
                 ? ""
                 : fmt::format("its metadata has {} without {}", field, condition.words[1]);
    const bool strict = condition.predicate == Predicate::metadata_above;
    const double number =
        metadata[field].is_number() ? metadata[field].get<double>() : std::nan("");
    const bool large = strict ? number > condition.number : number >= condition.number;
    return large ? "" : fmt::format("its {} is {}", field, metadata[field].dump());
  }

  size_t times(const std::string& key) const {
    const auto at = values_.find(key);
    return at == values_.end() ? 0 : at->second.size();
  }

  void check_times(const KeyRule& rule) {
    const size_t found = times(rule.key);
    if (rule.times == Times::some && found == 0) error(0, rule.key, "is missing");
    if (rule.times == Times::some_of && found == 0 && times(rule.alternative) == 0)
      error(0, rule.key, fmt::format("is missing, and so is {}", rule.alternative));
    if (rule.times != Times::one || found == 1) return;
    if (found == 0) return error(0, rule.key, "is missing");
    const auto& values = values_.at(rule.key);
    for (const json& value : values)
      if (value != values.front())
        return error(0, rule.key, fmt::format("is given {} times, with different values", found));
    report_.warnings.push_back(
        {0, rule.key, fmt::format("is given {} times, with the same value", found)});
  }

  LogReport report_;
  std::vector<LogLine> lines_;
  std::map<std::string, std::vector<json>> values_;
  std::map<std::string, double> first_time_;
};

}  // namespace

LogReport check_mlperf_log(std::string_view text) { return LogChecker().run(text); }

}  // namespace repro::checks
