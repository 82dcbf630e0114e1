#include "check/observations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/hash.hpp"
#include "measure/stats.hpp"
#include "measure/steps_to_target.hpp"

namespace repro::checks {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

double median_step_seconds(const std::vector<run::StepRecord>& steps) {
  std::vector<double> seconds;
  for (size_t i = 1; i < steps.size(); ++i) {
    const auto made = static_cast<double>(steps[i].step - steps[i - 1].step);
    seconds.push_back((steps[i].clocks.train - steps[i - 1].clocks.train) / made);
  }
  return seconds.empty() ? 0 : measure::median(seconds);
}

// How many logged points so many steps hold; a log may have every tenth step.
int64_t points_within(const Series& series, int64_t window) {
  const auto points = static_cast<int64_t>(series.steps.size());
  if (points < 2) return 1;
  const int64_t apart = (series.steps.back() - series.steps.front()) / (points - 1);
  return std::max<int64_t>(1, window / std::max<int64_t>(apart, 1));
}

bool same_run(const Member& a, const Member& b) {
  if (!a.failure.empty() || !b.failure.empty()) return false;
  if (!a.digest.empty() && !b.digest.empty()) return a.digest == b.digest;
  const auto loss = a.series.find("loss"), other = b.series.find("loss");
  return loss != a.series.end() && other != b.series.end() && !loss->second.values.empty() &&
         loss->second.steps == other->second.steps && loss->second.values == other->second.values;
}

}  // namespace

Series sampled(const Series& series, int64_t every) {
  Series kept{.steps = {}, .values = {}, .decimals = series.decimals};
  for (size_t i = 0; i < series.steps.size(); ++i) {
    const bool ends = i == 0 || i + 1 == series.steps.size();
    if (!ends && series.steps[i] % every != 0) continue;
    kept.steps.push_back(series.steps[i]);
    kept.values.push_back(series.values[i]);
  }
  return kept;
}

double final_mean(const Series& series, int64_t window) {
  double sum = 0;
  int64_t n = 0;
  for (size_t i = series.steps.size(); i-- > 0;) {
    if (series.steps[i] <= series.steps.back() - window) break;
    sum += series.values[i];
    ++n;
  }
  return n > 0 ? sum / static_cast<double>(n) : kNothing;
}

double steps_to_loss(const Series& series, double loss, int64_t window) {
  const int64_t points = points_within(series, window);
  const bool finite = std::all_of(series.values.begin(), series.values.end(),
                                  [](double value) { return std::isfinite(value); });
  if (static_cast<int64_t>(series.values.size()) < points || !finite) return kNothing;
  const auto crossing =
      measure::first_crossing(series.steps, series.values, {.loss = loss, .tolerance = 0},
                              {.window = points, .sustain = 1});
  return crossing.reach == measure::Reach::not_reached ? kNothing : crossing.estimate;
}

void add_records(Member& member, const std::vector<run::StepRecord>& steps) {
  Series loss, norm, rate;
  Sha256 digest;
  for (run::StepRecord step : steps) {
    for (Series* series : {&loss, &norm, &rate}) series->steps.push_back(step.step);
    loss.values.push_back(step.lm_loss);
    norm.values.push_back(step.grad_norm);
    rate.values.push_back(step.lr);
    step.clocks = {};
    digest.update(run::to_line(step));
  }
  member.series = {{"loss", loss}, {"grad_norm", norm}, {"lr", rate}};
  member.digest = digest.hex();
  if (!steps.empty()) member.order = fmt::format("{:016x}", steps.back().data_hash);
  member.step_seconds = median_step_seconds(steps);
}

std::vector<const Series*> series_of(const Ensemble& ensemble, const std::string& name) {
  std::vector<const Series*> all;
  for (const auto& [seed, member] : ensemble)
    if (const auto at = member.series.find(name); at != member.series.end())
      all.push_back(&at->second);
  return all;
}

std::vector<double> numbers_of(const Ensemble& ensemble, const std::string& number,
                               const std::vector<int64_t>& seeds) {
  std::vector<double> values;
  for (const int64_t seed : seeds) {
    const auto member = ensemble.find(seed);
    if (member == ensemble.end()) {
      values.push_back(kNothing);
      continue;
    }
    const auto value = member->second.numbers.find(number);
    values.push_back(value == member->second.numbers.end() ? kNothing : value->second);
  }
  return values;
}

std::vector<int64_t> seeds_of(const Ensemble& ensemble) {
  std::vector<int64_t> seeds;
  for (const auto& [seed, member] : ensemble) seeds.push_back(seed);
  return seeds;
}

std::vector<std::string> repeated_seeds(const Ensemble& ensemble) {
  std::vector<std::string> lines;
  for (auto a = ensemble.begin(); a != ensemble.end(); ++a)
    for (auto b = std::next(a); b != ensemble.end(); ++b)
      if (same_run(a->second, b->second))
        lines.push_back(fmt::format("seeds {} and {} are the same run", a->first, b->first));
  return lines;
}

}  // namespace repro::checks
