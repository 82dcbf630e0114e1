#include "measure/steps_to_target.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"

namespace repro::measure {
namespace {

// Where the straight line between two points, loss against log-steps, meets the threshold.
double interpolate(int64_t steps_before, double loss_before, int64_t steps_after, double loss_after,
                   double threshold) {
  const auto before = static_cast<double>(steps_before);
  const auto after = static_cast<double>(steps_after);
  // A run that diverged gives no line: the passing point is all that is known.
  if (!std::isfinite(loss_before)) return after;
  const double part = (loss_before - threshold) / (loss_before - loss_after);
  // Step 0 has no logarithm.
  if (steps_before < 1) return before + part * (after - before);
  return std::exp(std::log(before) + part * (std::log(after) - std::log(before)));
}

StepsToTarget at_bound(Reach reach, int64_t steps) {
  StepsToTarget result;
  result.reach = reach;
  result.after = reach == Reach::not_reached ? steps : 0;
  result.by = steps;
  result.estimate = static_cast<double>(steps);
  return result;
}

struct Point {
  int64_t steps;
  double loss;
};

// The first point from which the threshold holds `sustain` times in a row.
StepsToTarget first_holding(const std::vector<Point>& points, double threshold, int64_t sustain) {
  // Not "loss > threshold": a NaN loss must fail.
  const auto passes = [&](size_t i) { return points[i].loss <= threshold; };
  const auto count = static_cast<size_t>(sustain);
  bool broken = false;
  for (size_t i = 0; i + count <= points.size(); ++i) {
    if (!passes(i)) continue;
    size_t held = 1;
    while (held < count && passes(i + held)) ++held;
    if (held < count) {
      broken = true;
      continue;
    }
    StepsToTarget result = at_bound(Reach::at_most, points[i].steps);
    if (i > 0) {
      result.reach = Reach::reached;
      result.after = points[i - 1].steps;
      result.estimate = interpolate(points[i - 1].steps, points[i - 1].loss, points[i].steps,
                                    points[i].loss, threshold);
    }
    for (size_t j = i + count; j < points.size(); ++j) broken = broken || !passes(j);
    result.monotone = !broken;
    return result;
  }
  StepsToTarget result = at_bound(Reach::not_reached, points.back().steps);
  result.monotone = !broken;
  return result;
}

}  // namespace

double window_mean(std::span<const double> losses, int64_t window) {
  const auto size = static_cast<int64_t>(losses.size());
  if (window < 1 || size < window)
    throw Error("a window of {} losses was asked for, {} were recorded", window, size);
  const auto last = losses.last(static_cast<size_t>(window));
  return std::accumulate(last.begin(), last.end(), 0.0) / static_cast<double>(window);
}

LossTarget target_from(std::span<const double> full_losses, int64_t window, double tolerance) {
  return {window_mean(full_losses, window), tolerance};
}

std::string StepsToTarget::text() const {
  if (reach == Reach::at_most) return fmt::format("<= {}", with_commas(by));
  if (reach == Reach::not_reached) return fmt::format(">= {}", with_commas(by));
  return fmt::format("{} ({} to {}]", rounded_with_commas(estimate), with_commas(after),
                     with_commas(by));
}

StepsToTarget first_crossing(std::span<const int64_t> steps, std::span<const double> losses,
                             const LossTarget& target, const CrossingRule& rule) {
  if (steps.size() != losses.size())
    throw Error("{} steps but {} losses", steps.size(), losses.size());
  if (rule.window < 1 || rule.sustain < 1)
    throw Error("a crossing needs window and sustain of at least 1, got {} and {}", rule.window,
                rule.sustain);
  const auto window = static_cast<size_t>(rule.window);
  if (steps.size() < window)
    throw Error("a window of {} losses was asked for, {} were recorded", window, steps.size());
  std::vector<Point> points;
  for (size_t i = window; i <= steps.size(); ++i)
    points.push_back({steps[i - 1], window_mean(losses.first(i), rule.window)});
  for (size_t i = 1; i < steps.size(); ++i)
    if (steps[i] <= steps[i - 1])
      throw Error("steps do not increase: {} after {}", steps[i], steps[i - 1]);
  return first_holding(points, target.threshold(), rule.sustain);
}

StepsToTarget smallest_horizon(std::span<const Rung> ladder, const LossTarget& target) {
  if (ladder.empty()) throw Error("a ladder without a finished run has no steps to target");
  std::vector<Point> points;
  for (const Rung& rung : ladder) {
    if (!points.empty() && rung.steps <= points.back().steps)
      throw Error("the ladder's horizons do not increase: {} after {}", rung.steps,
                  points.back().steps);
    points.push_back({rung.steps, rung.final_loss});
  }
  return first_holding(points, target.threshold(), 1);
}

namespace {

// The rungs around a reached target: indices of the failing and the passing one.
std::optional<std::pair<size_t, size_t>> bracket_of(std::span<const Rung> ladder,
                                                    const StepsToTarget& steps) {
  if (steps.reach != Reach::reached) return std::nullopt;
  for (size_t i = 1; i < ladder.size(); ++i)
    if (ladder[i].steps == steps.by && std::isfinite(ladder[i - 1].final_loss))
      return std::pair{i - 1, i};
  return std::nullopt;
}

double log_steps(const Rung& rung) { return std::log(static_cast<double>(rung.steps)); }

double slope_between(const Rung& a, const Rung& b) {
  return (b.final_loss - a.final_loss) / (log_steps(b) - log_steps(a));
}

}  // namespace

double slope_at(std::span<const Rung> ladder, const StepsToTarget& steps) {
  const auto bracket = bracket_of(ladder, steps);
  return bracket ? slope_between(ladder[bracket->first], ladder[bracket->second]) : 0;
}

double rung_error(std::span<const Rung> ladder, const StepsToTarget& steps,
                  const LossTarget& target) {
  const auto bracket = bracket_of(ladder, steps);
  if (!bracket) return 0;
  const auto [low, high] = *bracket;
  const Rung& a = ladder[low];
  const Rung& b = ladder[high];
  const double slope = slope_between(a, b);
  const Rung* third = nullptr;
  if (low > 0 && std::isfinite(ladder[low - 1].final_loss)) third = &ladder[low - 1];
  if (high + 1 < ladder.size() && std::isfinite(ladder[high + 1].final_loss) &&
      (third == nullptr ||
       log_steps(ladder[high + 1]) - log_steps(b) < log_steps(a) - log_steps(*third)))
    third = &ladder[high + 1];
  if (third == nullptr || slope == 0) return static_cast<double>(b.steps - a.steps) / 4;
  // Newton's form: loss = a + slope (x - xa) + bend (x - xa)(x - xb), x in log-steps.
  const bool below = third->steps < a.steps;
  const double other = below ? slope_between(*third, a) : slope_between(b, *third);
  const double span = below ? log_steps(b) - log_steps(*third) : log_steps(*third) - log_steps(a);
  const double bend = (below ? slope - other : other - slope) / span;
  const double x = log_steps(a) + (target.threshold() - a.final_loss) / slope;
  const double moved = bend * (x - log_steps(a)) * (x - log_steps(b)) / slope;
  return std::abs(moved) * steps.estimate;
}

}  // namespace repro::measure
