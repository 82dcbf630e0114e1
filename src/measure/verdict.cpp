#include "measure/verdict.hpp"

#include <fmt/format.h>

#include <cmath>

namespace repro::measure {
namespace {

// The interval that the mean effect lies in: each seed's own uncertainty (a censored or
// interpolated crossing) and the spread over seeds. Empty when the spread is unknown.
std::optional<Interval> effect_interval(const Question& question) {
  std::vector<double> lows, highs;
  for (const Interval& seed : question.seeds) {
    lows.push_back(seed.low);
    highs.push_back(seed.high);
  }
  const auto n = static_cast<double>(question.seeds.size());
  if (question.seeds.size() == 1) {
    if (!question.noise) return std::nullopt;
    const double t =
        student_quantile(0.5 + question.confidence / 2, question.noise->degrees_of_freedom);
    return Interval{lows[0] - t * question.noise->sd, highs[0] + t * question.noise->sd};
  }
  const double t = student_quantile(0.5 + question.confidence / 2, n - 1);
  const auto end = [&](const std::vector<double>& values, double sign) {
    const double centre = mean(values);
    // One infinite seed makes the mean infinite: nothing bounds the effect on that side.
    if (!std::isfinite(centre)) return sign * INFINITY;
    return centre + sign * t * standard_deviation(values) / std::sqrt(n);
  };
  return Interval{end(lows, -1), end(highs, 1)};
}

std::string seeds_text(size_t count) {
  return count == 1 ? "one seed" : fmt::format("{} seeds", count);
}

// What a single seed suggests, when nothing says how noisy it is.
std::string single_seed_reason(const Question& question) {
  const double threshold = question.claimed - question.margin;
  const Interval& seed = question.seeds[0];
  const char* side = seed.low >= threshold   ? "as large as claimed"
                     : seed.high < threshold ? "smaller than claimed"
                                             : "not clear of the claim";
  return fmt::format("one seed and no repeats to measure noise with; it shows an effect {}", side);
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
    const double free = static_cast<double>(effects.size() - 1);
    squares += free * std::pow(standard_deviation(effects), 2);
    degrees += free;
  }
  if (degrees == 0) return std::nullopt;
  return Noise{std::sqrt(squares / degrees), degrees};
}

Judgement judge(const Question& question) {
  if (question.seeds.empty()) return {};
  const auto effect = effect_interval(question);
  if (!effect) return {Verdict::inconclusive, single_seed_reason(question)};
  const double threshold = question.claimed - question.margin;
  const std::string basis = question.seeds.size() == 1
                                ? "one seed, noise measured over seeds elsewhere in the table"
                                : seeds_text(question.seeds.size());
  if (effect->low >= threshold)
    return {Verdict::reproduced, "the effect is as large as claimed (" + basis + ")"};
  if (effect->high < threshold)
    return {Verdict::not_reproduced, "the effect is smaller than claimed (" + basis + ")"};
  return {Verdict::inconclusive,
          "the interval of the effect holds the claim's threshold (" + basis + ")"};
}

}  // namespace repro::measure
