#include "check/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "check/step_time.hpp"
#include "measure/stats.hpp"

namespace repro::checks {
namespace {

using nlohmann::json;

constexpr uintmax_t kMostHistoryBytes = 256 << 20;

std::string text_of_line(const json& line, const char* key) {
  const auto at = line.find(key);
  return at != line.end() && at->is_string() ? printable_line(at->get<std::string>()) : "";
}

int64_t whole_of_line(const json& line, const char* key) {
  const auto at = line.find(key);
  return at != line.end() && at->is_number_integer() ? at->get<int64_t>() : 0;
}

double real_of(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_number() ? at->get<double>() : std::nan("");
}

std::map<std::string, StoredNumber> numbers_of_line(const json& line) {
  std::map<std::string, StoredNumber> numbers;
  const auto at = line.find("numbers");
  if (at == line.end() || !at->is_object()) return numbers;
  for (const auto& [metric, stored] : at->items()) {
    if (!stored.is_object()) continue;
    const StoredNumber number{.value = real_of(stored, "value"),
                              .tolerance = real_of(stored, "tolerance"),
                              .worse = whole_of_line(stored, "worse") < 0 ? -1 : 1};
    if (std::isfinite(number.value) && std::isfinite(number.tolerance))
      numbers[printable_line(metric)] = number;
  }
  return numbers;
}

using SeriesKey = std::tuple<std::string, std::string, std::string, std::string>;

struct Gathered {
  NumberHistory history;
  std::string last_program;
  StoredNumber newest;
};

// A program that is checked again says the same again, but for its seconds: each counts once.
std::map<SeriesKey, Gathered> gather(const std::vector<HistoryEntry>& entries) {
  std::map<SeriesKey, Gathered> all;
  for (const HistoryEntry& entry : entries)
    for (const auto& [metric, number] : entry.numbers) {
      Gathered& one = all[{entry.name, metric, entry.machine, entry.manifest}];
      NumberHistory& history = one.history;
      const std::string& seen = entry.revision.empty() ? entry.program : entry.revision;
      if (one.last_program == entry.program && !history.values.empty()) {
        history.values.back() = number.value;
        history.seen.back().last = seen;
      } else {
        history.values.push_back(number.value);
        history.seen.push_back({seen, seen});
      }
      one.last_program = entry.program;
      one.newest = number;
      history.name = entry.name;
      history.metric = metric;
      history.machine = entry.machine;
    }
  return all;
}

void keep_last(NumberHistory& history, size_t most) {
  if (history.values.size() <= most) return;
  const auto extra = static_cast<std::ptrdiff_t>(history.values.size() - most);
  history.values.erase(history.values.begin(), history.values.begin() + extra);
  history.seen.erase(history.seen.begin(), history.seen.begin() + extra);
}

// Against the best level before the last, so that a fall after a rise is no gain.
void judge_levels(NumberHistory& history, const StoredNumber& newest) {
  const auto& levels = history.levels;
  if (levels.size() < 2) return;
  const measure::Level& last = levels.back();
  size_t best = 0;
  for (size_t i = 0; i + 1 < levels.size(); ++i)
    if (newest.worse * levels[i].value < newest.worse * levels[best].value) best = i;
  history.moved = last.value - levels[best].value;
  const double counts = std::max({newest.tolerance, last.error, levels[best].error});
  history.is_worse = newest.worse * history.moved > counts;
  history.is_better = -newest.worse * history.moved > counts;
  if (!history.is_worse && !history.is_better) return;
  // The largest step on the way from there.
  size_t at = best + 1;
  const double direction = history.moved > 0 ? 1 : -1;
  const auto rise = [&](size_t i) { return direction * (levels[i].value - levels[i - 1].value); };
  for (size_t i = best + 1; i < levels.size(); ++i)
    if (rise(i) > rise(at)) at = i;
  history.step = levels[at].begin;
}

}  // namespace

std::string manifest_id(const Golden& golden) {
  std::string text;
  for (const auto& [job, key] : golden.keys) text += job + "=" + key + "\n";
  return sha256_hex(text).substr(0, 12);
}

std::map<std::string, StoredNumber> numbers_of_rows(const std::vector<Row>& rows,
                                                    const Observations& now) {
  std::map<std::string, StoredNumber> numbers;
  for (const Row& row : rows)
    if (row.lane == Lane::statistical && row.now_value && std::isfinite(*row.now_value))
      numbers[row.metric()] = {*row.now_value, row.tolerance_value.value_or(0), row.worse};
  for (const auto& [name, ensemble] : now.trainings) {
    std::vector<double> seconds;
    for (const auto& [seed, member] : ensemble)
      if (member.step_seconds > 0) seconds.push_back(member.step_seconds);
    if (seconds.empty()) continue;
    const double median = measure::median(seconds);
    numbers[name + ": seconds of a step"] = {median, kSlower * median, 1};
  }
  return numbers;
}

std::string to_line(const HistoryEntry& entry) {
  json numbers = json::object();
  for (const auto& [metric, number] : entry.numbers)
    numbers[metric] = {
        {"value", number.value}, {"tolerance", number.tolerance}, {"worse", number.worse}};
  return json({{"golden", entry.golden},
               {"name", entry.name},
               {"manifest", entry.manifest},
               {"program", entry.program},
               {"machine", entry.machine},
               {"revision", entry.revision},
               {"at", entry.at},
               {"rows", entry.rows},
               {"cleared", entry.cleared},
               {"red", entry.red},
               {"exit", entry.exit},
               {"numbers", numbers}})
      .dump();
}

StoredHistory read_history(const fs::path& path) {
  StoredHistory history;
  if (!fs::exists(path)) return history;
  if (fs::file_size(path) > kMostHistoryBytes)
    throw Error("{}: is larger than {}; keep its last lines", path.string(),
                human_bytes(static_cast<double>(kMostHistoryBytes)));
  for (const std::string& text : split(read_file(path), '\n')) {
    if (trim(text).empty()) continue;
    const json line = parse_json(text);
    if (!line.is_object() || text_of_line(line, "name").empty()) {
      ++history.unreadable;
      continue;
    }
    history.entries.push_back({.golden = text_of_line(line, "golden"),
                               .name = text_of_line(line, "name"),
                               .manifest = text_of_line(line, "manifest"),
                               .program = text_of_line(line, "program"),
                               .machine = text_of_line(line, "machine"),
                               .revision = text_of_line(line, "revision"),
                               .at = text_of_line(line, "at"),
                               .numbers = numbers_of_line(line),
                               .rows = whole_of_line(line, "rows"),
                               .cleared = whole_of_line(line, "cleared"),
                               .red = whole_of_line(line, "red"),
                               .exit = whole_of_line(line, "exit")});
  }
  return history;
}

std::string NumberHistory::where() const {
  if (step == 0) return "";
  return fmt::format("between {} and {}", seen[step - 1].last, seen[step].first);
}

std::vector<NumberHistory> find_steps(const std::vector<HistoryEntry>& entries, size_t most) {
  std::vector<NumberHistory> found;
  for (auto& [series, gathered] : gather(entries)) {
    NumberHistory& history = gathered.history;
    keep_last(history, most);
    history.levels = measure::fit_levels(history.values);
    judge_levels(history, gathered.newest);
    found.push_back(std::move(history));
  }
  return found;
}

}  // namespace repro::checks
