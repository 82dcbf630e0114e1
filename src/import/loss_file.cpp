#include "import/loss_file.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "import/log_text.hpp"

namespace repro::imports {
namespace {

using nlohmann::json;

constexpr int kLegacyDecimals = 5;

std::optional<int64_t> step_number(std::string_view text) {
  int64_t step = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
  if (error != std::errc() || end != text.data() + text.size() || step < 0) return std::nullopt;
  return step;
}

bool is_golden(const json& file) {
  if (!file.is_object() || file.empty()) return false;
  for (const auto& [name, metric] : file.items())
    if (!metric.is_object() || !metric.contains("values") || !metric["values"].is_object())
      return false;
  return true;
}

double golden_value(const json& value, const std::string& where) {
  if (value.is_number()) return value.get<double>();
  if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
  throw Error(Exit::bad_log, "{}: {} is neither a number nor \"nan\"", where,
              excerpt(value.dump()));
}

MetricValues read_metric(const json& metric, const std::string& name, const std::string& file) {
  std::map<int64_t, double> by_step;
  for (const auto& [key, value] : metric["values"].items()) {
    const std::string where =
        fmt::format("{}: '{}' at step {}", file, printable_line(name), printable_line(key));
    const auto step = step_number(key);
    if (!step) throw Error(Exit::bad_log, "{}: no step", where);
    by_step[*step] = golden_value(value, where);
  }
  if (by_step.empty())
    throw Error(Exit::bad_log, "{}: '{}' has no values", file, printable_line(name));
  MetricValues values;
  const json precision = metric.value("value_precision", json());
  values.decimals = precision == "full" ? -1 : kLegacyDecimals;
  for (const auto& [step, value] : by_step) {
    values.steps.push_back(step);
    values.values.push_back(value);
  }
  // What its own head promises and the values lack is missing, not unknown.
  const json last = metric.value("end_step", json());
  if (last.is_number_integer() && by_step.rbegin()->first != last)
    throw Error(Exit::bad_log, "{}: '{}' ends at step {}, its head says {}", file,
                printable_line(name), by_step.rbegin()->first, last.dump());
  return values;
}

LossFile read_golden_file(const json& object, const std::string& file) {
  LossFile loss{.format = "megatron-golden", .metrics = {}, .settings = {}};
  for (const auto& [name, metric] : object.items())
    loss.metrics[printable_line(name)] = read_metric(metric, name, file);
  return loss;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!(line = trim(line)).empty()) {
    const size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

// "# config: debug" and "# step loss grad_norm".
void read_head(std::string_view line, LossFile& loss, std::vector<std::string>& columns) {
  line = trim(line.substr(1));
  const size_t colon = line.find(": ");
  if (colon != std::string_view::npos) {
    loss.settings[printable_line(line.substr(0, colon))] = printable_line(line.substr(colon + 2));
    return;
  }
  if (!line.starts_with("step")) return;
  columns.clear();
  for (const std::string_view word : words_of(line)) columns.push_back(printable_line(word));
}

// A step and one or two numbers; no value for a line that is none.
struct LossLine {
  int64_t step = 0;
  std::vector<double> numbers;
};
std::optional<LossLine> read_line(std::string_view line) {
  const std::vector<std::string_view> words = words_of(line);
  if (words.size() < 2 || words.size() > 3) return std::nullopt;
  const auto step = step_number(words[0]);
  if (!step) return std::nullopt;
  LossLine found{*step, {}};
  for (size_t i = 1; i < words.size(); ++i) {
    const auto number = whole_number_text(words[i]);
    if (!number) return std::nullopt;
    found.numbers.push_back(*number);
  }
  return found;
}

std::optional<LossFile> read_losses(std::string_view text, const std::string& file) {
  LossFile loss{.format = "torchtitan-losses", .metrics = {}, .settings = {}};
  std::vector<std::string> columns = {"step", "loss", "grad_norm"};
  size_t width = 0;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    if (line.starts_with("#")) {
      read_head(line, loss, columns);
      continue;
    }
    const auto found = read_line(line);
    if (width == 0 && !found) return std::nullopt;  // another program's
    if (!found || (width > 0 && found->numbers.size() != width))
      throw Error(Exit::bad_log, "{}:{}: '{}': expected a step and {} numbers", file, number,
                  excerpt(line), width);
    width = found->numbers.size();
    for (size_t i = 0; i < width; ++i) {
      const std::string name = i + 1 < columns.size() ? columns[i + 1] : fmt::format("column{}", i);
      MetricValues& metric = loss.metrics[name];
      if (!metric.steps.empty() && found->step <= metric.steps.back())
        throw Error(Exit::bad_log, "{}:{}: step {} after step {}", file, number, found->step,
                    metric.steps.back());
      metric.steps.push_back(found->step);
      metric.values.push_back(found->numbers[i]);
    }
  }
  if (loss.metrics.empty()) return std::nullopt;
  return loss;
}

}  // namespace

std::optional<LossFile> read_loss_file(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  if (trim(text).starts_with("{")) {
    const json object = parse_json(text);
    if (!is_golden(object)) return std::nullopt;
    return read_golden_file(object, path.string());
  }
  return read_losses(text, path.string());
}

}  // namespace repro::imports
