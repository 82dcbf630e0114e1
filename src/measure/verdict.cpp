#include "measure/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace repro::measure {

Interval claimed_set(const Question& question) {
  constexpr double kOpen = std::numeric_limits<double>::infinity();
  return {question.sense == Sense::at_most ? -kOpen : question.claimed - question.margin,
          question.sense == Sense::at_least ? kOpen : question.claimed + question.margin};
}

namespace {

constexpr double kDecisive = 0.05;

bool is_inside(double value, const Interval& set) { return set.low <= value && value <= set.high; }

// Student's t of a distance that the half width is held against. No width makes any distance clear.
double t_of(double distance, double half_width, double quantile) {
  if (distance <= 0 || std::isinf(half_width)) return 0;
  if (std::isinf(distance)) return distance;
  return half_width > 0 ? distance / half_width * quantile
                        : std::numeric_limits<double>::infinity();
}

std::string basis(const Effect& effect) {
  if (effect.seeds == 1)
    return effect.has_noise() ? "one seed, noise measured over seeds elsewhere in the table"
                              : "one seed, and no repeats to measure noise with";
  std::string text = fmt::format("{} seeds", effect.seeds);
  if (effect.censored > 0) text += fmt::format(", {} of them only a bound", effect.censored);
  if (effect.borrowed) return text + ", noise measured elsewhere in the table";
  return effect.has_noise() ? text : text + ", and nothing to measure noise with";
}

constexpr const char* kNotClear = "the effect is not clear of the claim";

const char* finding_of(const Question& question) {
  const Interval set = claimed_set(question), &shown = question.effect.shown;
  const bool apart = shown.high < set.low || shown.low > set.high;
  const bool within = is_inside(shown.low, set) && is_inside(shown.high, set);
  if (!question.effect.has_noise() && !apart && !within) return kNotClear;
  if (is_inside(question.effect.centre, set)) return "the effect is as published";
  return question.sense == Sense::about ? "the number differs from the published one"
                                        : "the effect is weaker than published";
}

std::string open_reason(const Question& question, const Judgement& judgement) {
  const Effect& effect = question.effect;
  const std::string open = fmt::format("({}); most of it is left open by {}", basis(effect),
                                       largest_part(effect.parts).cause);
  if (*judgement.p > kDecisive) return std::string(kNotClear) + " " + open;
  return fmt::format("{}, but not clearly enough for one of {} numbers {}", finding_of(question),
                     judgement.judged, open);
}

void decide(const Question& question, Judgement& judgement) {
  judgement.verdict = Verdict::inconclusive;
  judgement.reason = fmt::format("{} ({})", finding_of(question), basis(question.effect));
  if (!judgement.p) return;
  if (*judgement.p_holm > kDecisive) {
    judgement.reason = open_reason(question, judgement);
    return;
  }
  judgement.verdict = is_inside(question.effect.centre, claimed_set(question))
                          ? Verdict::reproduced
                          : Verdict::not_reproduced;
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

std::optional<double> p_value(const Question& question) {
  const Effect& effect = question.effect;
  if (!effect.has_noise()) return std::nullopt;
  const Interval set = claimed_set(question);
  const auto t = [&](double distance, double half_width) {
    return t_of(distance, half_width, effect.t);
  };
  double least = 0;
  if (is_inside(effect.centre, set))
    least = std::min(t(effect.centre - set.low, effect.below),
                     t(set.high - effect.centre, effect.above));
  else if (effect.centre < set.low)
    least = t(set.low - effect.centre, effect.above);
  else
    least = t(effect.centre - set.high, effect.below);
  return 2 * student_upper_tail(least, effect.degrees_of_freedom);
}

std::vector<Judgement> judge(std::span<const Question> table) {
  std::vector<Judgement> judgements(table.size());
  std::vector<double> p_values;
  for (size_t i = 0; i < table.size(); ++i)
    if ((judgements[i].p = p_value(table[i]))) p_values.push_back(*judgements[i].p);
  const std::vector<double> adjusted = holm(p_values);
  auto next = adjusted.begin();
  for (size_t i = 0; i < table.size(); ++i) {
    judgements[i].judged = static_cast<int64_t>(p_values.size());
    if (judgements[i].p) judgements[i].p_holm = *next++;
    decide(table[i], judgements[i]);
  }
  return judgements;
}

}  // namespace repro::measure
