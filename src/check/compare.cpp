#include "check/compare.hpp"

#include <fmt/format.h>

#include <set>

#include "base/text.hpp"

namespace repro::checks {
namespace {

constexpr size_t kMostNamed = 3;

// Why the seeds of a training cannot be compared at all; "" = they can.
std::string obstacle(const Ensemble* now, const std::vector<int64_t>& seeds) {
  if (now == nullptr) return "no such training was run";
  std::vector<std::string> reasons;
  for (const int64_t seed : seeds) {
    const auto member = now->find(seed);
    if (member == now->end())
      reasons.push_back(fmt::format("seed {} is missing", seed));
    else if (!member->second.failure.empty())
      reasons.push_back(fmt::format("seed {}: {}", seed, member->second.failure));
  }
  if (reasons.size() > kMostNamed) {
    const size_t more = reasons.size() - kMostNamed;
    reasons.resize(kMostNamed);
    reasons.push_back(fmt::format("and {} more", more));
  }
  return join(reasons, "; ");
}

bool any_failed(const Ensemble* now) {
  if (now == nullptr) return false;
  for (const auto& [seed, member] : *now)
    if (!member.failure.empty()) return true;
  return false;
}

void append(std::vector<Row>& rows, std::vector<Row> more) {
  for (Row& row : more) rows.push_back(std::move(row));
}

Row missing_row(const std::string& name, const std::string& why, bool failed) {
  return {.training = name,
          .quantity = "all",
          .lane = Lane::exact,
          .golden = "recorded",
          .now = "missing",
          .tolerance = "",
          .verdict = Verdict::nothing_measured,
          .reason = why,
          .failed = failed};
}

void warn_of_few_seeds(const Golden& golden, std::vector<std::string>& warnings) {
  std::set<std::string> few;
  for (const auto& [name, training] : golden.trainings)
    if (training.tolerance.empty() && !training.seeds.empty() &&
        !training.seeds.begin()->second.series.empty())
      few.insert(name);
  if (!few.empty())
    warnings.push_back(fmt::format(
        "no approximate lane for {} of {} trainings: the golden has fewer than {} seeds of them, "
        "or steps that differ; record it with --seeds {} or more",
        few.size(), golden.trainings.size(), kFewestSeeds, kFewestSeeds));
}

}  // namespace

int64_t count_tests(const Golden& golden) {
  int64_t n = 0;
  for (const auto& [name, training] : golden.trainings)
    if (!training.seeds.empty())
      n += static_cast<int64_t>(training.seeds.begin()->second.numbers.size());
  return n;
}

std::vector<Row> compare(const Golden& golden, const Observations& now,
                         const CompareOptions& options) {
  std::vector<Row> rows;
  const int64_t tests = count_tests(golden);
  for (const auto& [name, training] : golden.trainings) {
    const auto at = now.trainings.find(name);
    const Ensemble* there = at == now.trainings.end() ? nullptr : &at->second;
    if (const std::string why = obstacle(there, options.seeds); !why.empty()) {
      rows.push_back(missing_row(name, why, any_failed(there)));
      continue;
    }
    if (options.exact) append(rows, exact_rows(name, golden, now, options.seeds));
    if (options.approximate) append(rows, approximate_rows(name, golden, now, options.seeds));
    if (options.statistical)
      append(rows, statistical_rows(name, golden, now, options.seeds, tests));
  }
  return rows;
}

std::vector<std::string> warnings_of(const Golden& golden, const Observations& now) {
  std::vector<std::string> warnings = now.warnings;
  if (const auto unlike = differences(golden.platform, now.platform); !unlike.empty())
    warnings.push_back("bits are not compared, the platform is another one: " + join(unlike, "; "));
  warn_of_few_seeds(golden, warnings);
  for (const auto& [name, ensemble] : now.trainings)
    for (const std::string& line : repeated_seeds(ensemble)) warnings.push_back(name + ": " + line);
  return warnings;
}

}  // namespace repro::checks
