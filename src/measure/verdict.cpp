#include "measure/verdict.hpp"

#include <fmt/format.h>

#include <cmath>

namespace repro::measure {
namespace {

Interval widened(const Interval& seed, const Noise& noise, double confidence) {
  const double reach = student_quantile(0.5 + confidence / 2, noise.degrees_of_freedom) * noise.sd;
  return {seed.low - reach, seed.high + reach};
}

// One end of the interval over several seeds. An infinite seed leaves that side unbounded.
double end_of(const std::vector<double>& values, double sign, double confidence) {
  for (const double value : values)
    if (!std::isfinite(value)) return sign * INFINITY;
  const auto n = static_cast<double>(values.size());
  const double t = student_quantile(0.5 + confidence / 2, n - 1);
  return mean(values) + sign * t * standard_deviation(values) / std::sqrt(n);
}

// Everything that counts as the published effect.
Interval claimed_set(const Question& question) {
  const bool open_below = question.sense == Sense::at_most;
  const bool open_above = question.sense == Sense::at_least;
  return {open_below ? -INFINITY : question.claimed - question.margin,
          open_above ? INFINITY : question.claimed + question.margin};
}

enum class Side { inside, outside, across };

Side position(const Interval& effect, const Interval& set) {
  if (effect.high < set.low || effect.low > set.high) return Side::outside;
  const bool low_inside = effect.low >= set.low;
  const bool high_inside = effect.high <= set.high;
  return low_inside && high_inside ? Side::inside : Side::across;
}

std::string basis(const Question& question) {
  if (question.seeds.size() > 1) return fmt::format("{} seeds", question.seeds.size());
  return question.noise ? "one seed, noise measured over seeds elsewhere in the table"
                        : "one seed, and no repeats to measure noise with";
}

}  // namespace

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::reproduced:
      return "reproduced";
    case Verdict::not_reproduced:
      return "not reproduced";
    case Verdict::inconclusive:
      return "inconclusive";
    case Verdict::not_tested:
      return "not tested";
  }
  return "";
}

std::optional<Noise> pooled_noise(std::span<const std::vector<double>> cells) {
  double squares = 0, degrees = 0;
  for (const std::vector<double>& effects : cells) {
    if (effects.size() < 2) continue;
    const auto free = static_cast<double>(effects.size() - 1);
    squares += free * std::pow(standard_deviation(effects), 2);
    degrees += free;
  }
  if (degrees == 0) return std::nullopt;
  return Noise{std::sqrt(squares / degrees), degrees};
}

std::optional<Interval> effect_interval(const Question& question) {
  if (question.seeds.empty()) return std::nullopt;
  if (question.seeds.size() == 1) {
    if (!question.noise) return std::nullopt;
    return widened(question.seeds.front(), *question.noise, question.confidence);
  }
  std::vector<double> lows, highs;
  for (const Interval& seed : question.seeds) {
    lows.push_back(seed.low);
    highs.push_back(seed.high);
  }
  return Interval{end_of(lows, -1, question.confidence), end_of(highs, 1, question.confidence)};
}

Judgement judge(const Question& question) {
  if (question.seeds.empty()) return {};
  const auto effect = effect_interval(question);
  const Interval& seen = effect ? *effect : question.seeds.front();
  const Side where = position(seen, claimed_set(question));
  const char* finding = where == Side::inside    ? "the effect is as published"
                        : where == Side::outside ? "the effect is weaker than published"
                                                 : "the effect is not clear of the claim";
  if (where == Side::outside && question.sense == Sense::about)
    finding = "the number differs from the published one";
  const std::string reason = fmt::format("{} ({})", finding, basis(question));
  if (!effect || where == Side::across) return {Verdict::inconclusive, reason};
  return {where == Side::inside ? Verdict::reproduced : Verdict::not_reproduced, reason};
}

}  // namespace repro::measure
