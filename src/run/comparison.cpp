#include "run/comparison.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "run/records.hpp"
#include "run/verifier.hpp"

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
  json object = parse_json(read_file(path));
  if (!object.is_object())
    throw Error("{}: is damaged; delete its folder and run again", path.string());
  return object;
}

RunDifference step_difference(int64_t step, const char* field, double first, double second) {
  return {fmt::format("records: step {}, {}", step, field), fmt::format("{}", first),
          fmt::format("{}", second)};
}

// What a log of another program does not state stands as 0, and is no difference.
template <typename T>
bool differ(T a, T b, bool may_be_unknown) {
  return a != b && !(may_be_unknown && (a == T{} || b == T{}));
}

std::optional<RunDifference> compare_steps(const StepRecord& a, const StepRecord& b,
                                           bool imported) {
  if (differ(a.data_hash, b.data_hash, imported))
    return RunDifference{fmt::format("records: step {}, data_hash (other tokens)", a.step),
                         fmt::format("{:016x}", a.data_hash), fmt::format("{:016x}", b.data_hash)};
  const std::pair<const char*, double StepRecord::*> fields[] = {
      {"lr", &StepRecord::lr},
      {"loss", &StepRecord::loss},
      {"aux_loss", &StepRecord::aux_loss},
      {"grad_norm", &StepRecord::grad_norm}};
  for (const auto& [name, field] : fields)
    if (differ(a.*field, b.*field, imported && field != &StepRecord::loss))
      return step_difference(a.step, name, a.*field, b.*field);
  return std::nullopt;
}

bool is_imported(const RunDirectory& directory) {
  return read_object(directory.job_file()).value("kind", "") == "import";
}

std::string recorded(const StepRecord* record) { return record ? "recorded" : "not recorded"; }

// Step by step: the first that both recorded differently, else the first that one of them lacks.
std::optional<RunDifference> compare_records(const RunDirectory& first,
                                             const RunDirectory& second) {
  const bool both = std::filesystem::exists(first.records_file()) &&
                    std::filesystem::exists(second.records_file());
  if (!both) return std::nullopt;
  const bool imported = is_imported(first) || is_imported(second);
  const auto a = read_records(first.records_file()).steps;
  const auto b = read_records(second.records_file()).steps;
  std::optional<RunDifference> missing;
  for (size_t i = 0, j = 0; i < a.size() || j < b.size();) {
    const StepRecord* one =
        i < a.size() && (j == b.size() || a[i].step <= b[j].step) ? &a[i] : nullptr;
    const StepRecord* other =
        j < b.size() && (i == a.size() || b[j].step <= a[i].step) ? &b[j] : nullptr;
    i += one != nullptr;
    j += other != nullptr;
    if (one && other) {
      if (auto difference = compare_steps(*one, *other, imported)) return difference;
    } else if (!missing) {
      missing = RunDifference{fmt::format("records: step {}", (one ? one : other)->step),
                              recorded(one), recorded(other)};
    }
  }
  return missing;
}

}  // namespace

RunComparison compare_runs(const RunDirectory& first, const RunDirectory& second) {
  for (const RunDirectory& run : {first, second}) require_whole(run);
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
