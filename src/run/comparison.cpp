#include "run/comparison.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "run/records.hpp"

namespace repro::run {
namespace {

using nlohmann::json;

std::string text_of(const json* value) { return value == nullptr ? "absent" : value->dump(); }

const json* member(const json& object, const std::string& key) {
  const auto at = object.find(key);
  return at == object.end() ? nullptr : &*at;
}

// Leaves that differ, by path; objects are compared key by key.
void compare(const std::string& path, const json* first, const json* second,
             std::vector<RunDifference>& differences) {
  if (first && second && *first == *second) return;
  if (!first || !second || !first->is_object() || !second->is_object()) {
    differences.push_back({path, text_of(first), text_of(second)});
    return;
  }
  json keys = *first;
  keys.update(*second);
  for (const auto& [key, unused] : keys.items())
    compare(path + "." + key, member(*first, key), member(*second, key), differences);
}

// An absent or unreadable file compares as an empty object.
json read_object(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return json::object();
  const json object = json::parse(read_file(path), nullptr, /*allow_exceptions=*/false);
  return object.is_object() ? object : json::object();
}

RunDifference step_difference(int64_t step, const char* field, double first, double second) {
  return {fmt::format("records: step {}, {}", step, field), fmt::format("{}", first),
          fmt::format("{}", second)};
}

std::optional<RunDifference> compare_steps(const StepRecord& a, const StepRecord& b) {
  if (a.data_hash != b.data_hash)
    return RunDifference{fmt::format("records: step {}, data_hash (other tokens)", a.step),
                         fmt::format("{:016x}", a.data_hash), fmt::format("{:016x}", b.data_hash)};
  const std::pair<const char*, double StepRecord::*> fields[] = {
      {"lr", &StepRecord::lr},
      {"loss", &StepRecord::loss},
      {"aux_loss", &StepRecord::aux_loss},
      {"grad_norm", &StepRecord::grad_norm}};
  for (const auto& [name, field] : fields)
    if (a.*field != b.*field) return step_difference(a.step, name, a.*field, b.*field);
  return std::nullopt;
}

std::optional<RunDifference> compare_records(const RunDirectory& first,
                                             const RunDirectory& second) {
  const bool both = std::filesystem::exists(first.records_file()) &&
                    std::filesystem::exists(second.records_file());
  if (!both) return std::nullopt;
  const auto a = read_records(first.records_file()).steps;
  const auto b = read_records(second.records_file()).steps;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    if (auto difference = compare_steps(a[i], b[i])) return difference;
  if (a.size() == b.size()) return std::nullopt;
  return step_difference(static_cast<int64_t>(std::min(a.size(), b.size())) + 1, "steps recorded",
                         static_cast<double>(a.size()), static_cast<double>(b.size()));
}

}  // namespace

RunComparison compare_runs(const RunDirectory& first, const RunDirectory& second) {
  RunComparison comparison;
  const json a = read_object(first.job_file());
  const json b = read_object(second.job_file());
  for (const char* part : {"kind", "spec", "inputs", "execution"})
    compare(part, member(a, part), member(b, part), comparison.inputs);
  const json here = read_object(first.environment_file());
  const json there = read_object(second.environment_file());
  compare("environment", &here, &there, comparison.environment);
  comparison.records = compare_records(first, second);
  return comparison;
}

}  // namespace repro::run
