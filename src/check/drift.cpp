#include "check/drift.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "measure/stats.hpp"

namespace repro::checks {
namespace {

double in_units_of(double difference, double unit) {
  if (difference == 0) return 0;
  return unit > 0 && std::isfinite(difference) ? std::abs(difference) / unit
                                               : std::numeric_limits<double>::infinity();
}

std::vector<double> finite_numbers(const TrainingGolden& training, const std::string& number) {
  std::vector<double> values;
  for (const double value : numbers_of(training.seeds, number, seeds_of(training.seeds)))
    if (std::isfinite(value)) values.push_back(value);
  return values;
}

void add_numbers(const std::string& name, const TrainingGolden& then, const TrainingGolden& now,
                 std::vector<Drift>& drifts) {
  for (const auto& [number, margin] : then.margin) {
    const std::vector<double> a = finite_numbers(then, number), b = finite_numbers(now, number);
    if (a.empty() || b.empty()) continue;
    Drift drift{.training = name,
                .quantity = number,
                .then = measure::mean(a),
                .now = measure::mean(b),
                .margins = 0,
                .where = ""};
    drift.margins = in_units_of(drift.now - drift.then, margin);
    drifts.push_back(drift);
  }
}

// The step of one seed that moved most, in tolerances.
void look_at_seed(const Series& then, const Series& now, const Series* tolerance, int64_t seed,
                  Drift& most) {
  size_t j = 0;
  for (size_t i = 0; i < then.steps.size(); ++i) {
    while (j < now.steps.size() && now.steps[j] < then.steps[i]) ++j;
    if (j == now.steps.size() || now.steps[j] != then.steps[i]) continue;
    const double unit =
        tolerance && i < tolerance->values.size() ? tolerance->values[i] : std::abs(then.values[i]);
    const double moved = in_units_of(now.values[j] - then.values[i], unit);
    if (moved <= most.margins && !most.where.empty()) continue;
    most.margins = moved;
    most.then = then.values[i];
    most.now = now.values[j];
    most.where = fmt::format("seed {}, step {}", seed, then.steps[i]);
  }
}

void add_series(const std::string& name, const TrainingGolden& then, const TrainingGolden& now,
                std::vector<Drift>& drifts) {
  if (then.seeds.empty()) return;
  for (const auto& [series, unused] : then.seeds.begin()->second.series) {
    Drift most{.training = name, .quantity = series + " by step", .where = ""};
    const auto tolerance = then.tolerance.find(series);
    for (const auto& [seed, member] : then.seeds) {
      const auto other = now.seeds.find(seed);
      if (other == now.seeds.end() || !member.series.contains(series) ||
          !other->second.series.contains(series))
        continue;
      look_at_seed(member.series.at(series), other->second.series.at(series),
                   tolerance == then.tolerance.end() ? nullptr : &tolerance->second, seed, most);
    }
    if (!most.where.empty()) drifts.push_back(most);
  }
}

// Of a moment, not of a machine.
bool is_passing(const std::string& fact) { return fact == "started" || fact == "load_1min"; }

}  // namespace

std::vector<Drift> drift_between(const Golden& then, const Golden& now) {
  std::vector<Drift> drifts;
  for (const auto& [name, training] : then.trainings) {
    const auto other = now.trainings.find(name);
    if (other == now.trainings.end()) continue;
    add_numbers(name, training, other->second, drifts);
    add_series(name, training, other->second, drifts);
  }
  std::stable_sort(drifts.begin(), drifts.end(),
                   [](const Drift& a, const Drift& b) { return a.margins > b.margins; });
  return drifts;
}

std::vector<std::string> missing_text(const Golden& then, const Golden& now) {
  std::vector<std::string> lines;
  for (const auto& [name, training] : then.trainings)
    if (!now.trainings.contains(name)) lines.push_back(name + ": no longer there");
  for (const auto& [name, training] : now.trainings)
    if (!then.trainings.contains(name)) lines.push_back(name + ": new");
  int64_t keys = 0;
  for (const auto& [job, key] : then.keys)
    keys += now.keys.contains(job) && now.keys.at(job) != key;
  if (keys > 0)
    lines.push_back(fmt::format("{} jobs have another key: the manifest has changed", keys));
  return lines;
}

std::string text_of(const Drift& drift) {
  const std::string where = drift.where.empty() ? "" : " at " + drift.where;
  return fmt::format("{}, {}: {:.6g} then, {:.6g} now{} ({:+.3g}, {:.2g} x its tolerance)",
                     drift.training, drift.quantity, drift.then, drift.now, where,
                     drift.now - drift.then, drift.margins);
}

std::vector<std::string> environment_between(const Golden& then, const Golden& now) {
  std::set<std::string> facts;
  for (const Golden* golden : {&then, &now})
    for (const auto& [fact, value] : golden->environment) facts.insert(fact);
  std::vector<std::string> lines;
  for (const std::string& fact : facts) {
    if (is_passing(fact)) continue;
    const auto a = then.environment.find(fact), b = now.environment.find(fact);
    const std::string was = a == then.environment.end() ? "not known" : a->second;
    const std::string is = b == now.environment.end() ? "not known" : b->second;
    if (was != is) lines.push_back(fmt::format("{}: {} then, {} now", fact, was, is));
  }
  return lines;
}

Renewal renewal_of(const Golden& then, const Golden& now, const std::string& cause) {
  constexpr size_t kMost = 20;
  Renewal renewal{.previous = then.checksum,
                  .cause = cause,
                  .drift = missing_text(then, now),
                  .environment = environment_between(then, now)};
  for (const Drift& drift : drift_between(then, now)) {
    if (drift.margins == 0 || renewal.drift.size() >= kMost) break;
    renewal.drift.push_back(text_of(drift));
  }
  if (renewal.drift.empty()) renewal.drift.push_back("nothing moved");
  return renewal;
}

}  // namespace repro::checks
