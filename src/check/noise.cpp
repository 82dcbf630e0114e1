#include "check/noise.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "measure/stats.hpp"

namespace repro::checks {
namespace {

constexpr int64_t kReach = 2;  // steps to either side that a step's spread is taken over

bool same_steps(const std::vector<const Series*>& all) {
  return std::all_of(all.begin(), all.end(),
                     [&](const Series* one) { return one->steps == all.front()->steps; });
}

bool all_finite(const std::vector<const Series*>& all) {
  for (const Series* one : all)
    for (const double value : one->values)
      if (!std::isfinite(value)) return false;
  return true;
}

// What a seed's value is compared with at a step.
using Centre = double (*)(const std::vector<const Series*>& others, size_t seed, size_t step);

double twin_value(const std::vector<const Series*>& twins, size_t seed, size_t step) {
  return twins[seed]->values[step];
}

double seeds_mean(const std::vector<const Series*>& seeds, size_t, size_t step) {
  double sum = 0;
  for (const Series* one : seeds) sum += one->values[step];
  return sum / static_cast<double>(seeds.size());
}

struct Spread {
  double degrees = 0;
  double factor = 1;  // what is compared varies by so much more
};

double root_mean_square(const std::vector<double>& differences, double share) {
  double sum = 0;
  for (const double difference : differences) sum += difference * difference;
  return std::sqrt(sum / (share * static_cast<double>(differences.size())));
}

// Of what is normal the standard deviation, by the difference that a fifth of them exceed: one seed
// of ten that spikes moves it little, and two of five are seen.
double robust_spread(std::vector<double> differences) {
  constexpr double kShare = 0.8, kNormal = 1.2816;
  for (double& difference : differences) difference = std::abs(difference);
  const auto at =
      static_cast<std::ptrdiff_t>(kShare * static_cast<double>(differences.size() - 1) + 0.5);
  std::nth_element(differences.begin(), differences.begin() + at, differences.end());
  return differences[static_cast<size_t>(at)] / kNormal;
}

Series tolerance(const std::vector<const Series*>& seeds, const std::vector<const Series*>& others,
                 Centre centre, const Spread& spread, const ToleranceOptions& options) {
  Series found{.steps = seeds.front()->steps, .values = {}};
  const size_t steps = found.steps.size();
  const auto n = static_cast<double>(seeds.size());
  const double t = measure::student_quantile(
      1 - options.alpha / (2 * static_cast<double>(std::max<size_t>(steps, 1))), spread.degrees);
  for (size_t step = 0; step < steps; ++step) {
    const size_t begin = step < kReach ? 0 : step - kReach;
    const size_t end = std::min(steps, step + kReach + 1);
    std::vector<double> differences;
    double golden = 0;
    for (size_t seed = 0; seed < seeds.size(); ++seed) {
      golden += std::abs(seeds[seed]->values[step]) / n;
      for (size_t near = begin; near < end; ++near)
        differences.push_back(seeds[seed]->values[near] - centre(others, seed, near));
    }
    const double sd = options.spikes ? robust_spread(differences)
                                     : root_mean_square(differences, spread.degrees / n);
    found.values.push_back(std::max(options.floor_share * golden, t * spread.factor * sd));
  }
  return found;
}

// Of those seeds that both have.
Ensemble with_seeds_of(const Ensemble& ensemble, const Ensemble& others) {
  Ensemble both;
  for (const auto& [seed, member] : ensemble)
    if (others.contains(seed)) both[seed] = member;
  return both;
}

std::set<std::string> number_names(const Ensemble& ensemble) {
  std::set<std::string> names;
  for (const auto& [seed, member] : ensemble)
    for (const auto& [name, value] : member.numbers) names.insert(name);
  return names;
}

// Root mean square of twin differences, or standard deviation over the seeds.
double number_spread(const std::vector<double>& values, const std::vector<double>* twins) {
  if (twins == nullptr) return measure::standard_deviation(values);
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i)
    sum += (values[i] - (*twins)[i]) * (values[i] - (*twins)[i]);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

void measure_spreads(TrainingGolden& training, const Ensemble* twins) {
  const std::vector<int64_t> seeds =
      seeds_of(twins ? with_seeds_of(training.seeds, *twins) : training.seeds);
  if (seeds.size() < 2) return;
  for (const std::string& name : number_names(training.seeds)) {
    const std::vector<double> values = numbers_of(training.seeds, name, seeds);
    std::vector<double> others;
    if (twins != nullptr) others = numbers_of(*twins, name, seeds);
    const double spread = number_spread(values, twins ? &others : nullptr);
    if (std::isfinite(spread)) training.spread[name] = spread;
  }
}

}  // namespace

Series mean_of(const std::vector<const Series*>& seeds) {
  if (seeds.empty() || !same_steps(seeds)) return {};
  Series mean{.steps = seeds.front()->steps, .values = {}};
  for (size_t step = 0; step < mean.steps.size(); ++step)
    mean.values.push_back(seeds_mean(seeds, 0, step));
  return mean;
}

Series tolerance_of_twins(const std::vector<const Series*>& seeds,
                          const std::vector<const Series*>& twins,
                          const ToleranceOptions& options) {
  const auto n = static_cast<int64_t>(seeds.size());
  if (n < kFewestSeeds || seeds.size() != twins.size()) return {};
  std::vector<const Series*> all = seeds;
  all.insert(all.end(), twins.begin(), twins.end());
  if (!same_steps(all) || !all_finite(all)) return {};
  return tolerance(seeds, twins, twin_value, {.degrees = static_cast<double>(n)}, options);
}

Series tolerance_of_seeds(const std::vector<const Series*>& seeds,
                          const ToleranceOptions& options) {
  const auto n = static_cast<double>(seeds.size());
  if (static_cast<int64_t>(seeds.size()) < kFewestSeeds || !same_steps(seeds) || !all_finite(seeds))
    return {};
  return tolerance(seeds, seeds, seeds_mean, {.degrees = n - 1, .factor = std::sqrt(1 + 1 / n)},
                   options);
}

void measure_noise(TrainingGolden& training, const Ensemble* twins, const Policy& policy,
                   int64_t series_count) {
  training.basis = twins ? Basis::twins : Basis::seeds;
  measure_spreads(training, twins);
  // A row is looked at twice: as in the statistical lane.
  const double alpha =
      policy.alpha / std::sqrt(static_cast<double>(std::max<int64_t>(series_count, 1)));
  std::set<std::string> names;
  for (const auto& [seed, member] : training.seeds)
    for (const auto& [name, series] : member.series)
      if (name != "lr") names.insert(name);
  for (const std::string& name : names) {
    const ToleranceOptions options{
        .alpha = alpha, .floor_share = policy.floor(name, 1), .spikes = spikes_by_chance(name)};
    const Ensemble both = twins ? with_seeds_of(training.seeds, *twins) : training.seeds;
    const Series found =
        twins ? tolerance_of_twins(series_of(both, name),
                                   series_of(with_seeds_of(*twins, both), name), options)
              : tolerance_of_seeds(series_of(both, name), options);
    if (!found.steps.empty()) training.tolerance[name] = found;
  }
}

void set_margins(TrainingGolden& training, const Policy& policy, int64_t gate_seeds, bool paired) {
  // A spread of 5 values is by chance up to twice the true one.
  constexpr double kRoom = 2.5;
  for (const std::string& number : number_names(training.seeds)) {
    std::vector<double> values;
    for (const double value : numbers_of(training.seeds, number, seeds_of(training.seeds)))
      if (std::isfinite(value)) values.push_back(value);
    if (values.empty()) continue;
    double margin = policy.margin(number, measure::mean(values));
    const auto spread = training.spread.find(number);
    if (spread != training.spread.end() && gate_seeds > 1) {
      const auto n = static_cast<double>(gate_seeds);
      const double degrees = paired ? n - 1 : 2 * n - 2;
      const bool alone = paired && training.basis == Basis::twins;
      const double error = spread->second * std::sqrt((alone ? 1 : 2) / n);
      margin = std::max(margin, kRoom * measure::student_quantile(0.975, degrees) * error);
    }
    training.margin[number] = margin;
  }
}

}  // namespace repro::checks
