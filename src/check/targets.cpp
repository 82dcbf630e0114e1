#include "check/targets.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace repro::checks {
namespace {

constexpr double kWhere = 0.75;  // of the steps

// As far as `last`.
Series until(const Series& series, double last) {
  Series first{.steps = {}, .values = {}, .decimals = series.decimals};
  for (size_t i = 0; i < series.steps.size(); ++i)
    if (static_cast<double>(series.steps[i]) <= last) {
      first.steps.push_back(series.steps[i]);
      first.values.push_back(series.values[i]);
    }
  return first;
}

// Means of a window at the start and at three quarters.
struct Fall {
  double start = 0;
  double there = 0;
};

std::optional<Fall> fall_of(const Member& member, int64_t window) {
  const auto loss = member.series.find("loss");
  if (loss == member.series.end() || loss->second.steps.empty()) return std::nullopt;
  const Series& series = loss->second;
  const double last = kWhere * static_cast<double>(series.steps.back());
  if (last < 3 * static_cast<double>(window)) return std::nullopt;
  const double start =
      final_mean(until(series, static_cast<double>(series.steps.front() + window - 1)), window);
  const double there = final_mean(until(series, last), window);
  if (!std::isfinite(start) || !std::isfinite(there)) return std::nullopt;
  return Fall{start, there};
}

}  // namespace

std::map<std::string, double> target_losses(const Observations& observed, int64_t window) {
  std::map<std::string, double> targets;
  for (const auto& [name, ensemble] : observed.trainings) {
    std::optional<double> highest;
    double lowest = 0, least_start = 0;
    bool known = !ensemble.empty();
    for (const auto& [seed, member] : ensemble) {
      const auto fall = fall_of(member, window);
      known = known && fall.has_value();
      if (!fall) break;
      least_start = highest ? std::min(least_start, fall->start) : fall->start;
      lowest = highest ? std::min(lowest, fall->there) : fall->there;
      highest = std::max(highest.value_or(fall->there), fall->there);
    }
    if (known && least_start - *highest > 2 * (*highest - lowest)) targets[name] = *highest;
  }
  return targets;
}

void add_steps_to_loss(Observations& observed, const std::map<std::string, double>& targets,
                       int64_t window) {
  for (auto& [name, ensemble] : observed.trainings) {
    const auto target = targets.find(name);
    if (target == targets.end()) continue;
    for (auto& [seed, member] : ensemble)
      if (const auto loss = member.series.find("loss"); loss != member.series.end())
        member.numbers["steps_to_loss"] = steps_to_loss(loss->second, target->second, window);
  }
}

}  // namespace repro::checks
