#include "findings/seeds_needed.hpp"

#include <algorithm>
#include <cmath>

#include "findings/judging.hpp"

namespace repro::findings {
namespace {

constexpr int64_t kMostSeeds = 32;
constexpr double kDecisive = 0.05;

// How far the effect lies from the nearest edge of what counts as the claim.
double distance_to_edge(const measure::Question& question) {
  const measure::Interval set = measure::claimed_set(question);
  const double centre = question.effect.centre;
  const double below = std::isinf(set.low) ? INFINITY : std::fabs(centre - set.low);
  const double above = std::isinf(set.high) ? INFINITY : std::fabs(centre - set.high);
  return std::min(below, above);
}

// p of the question with so many seeds, their spread as it is now.
double p_with(const measure::Effect& effect, double sd, double distance, int64_t seeds) {
  const auto n = static_cast<double>(seeds);
  const double t = measure::student_quantile(0.975, n - 1);
  const double half = std::hypot(t * sd / std::sqrt(n), effect.parts.systematic());
  return half > 0 ? 2 * measure::student_upper_tail(distance / half * t, n - 1) : 0;
}

}  // namespace

std::optional<SeedsNeeded> seeds_needed(const Study& study, const StudyRow& row,
                                        const Finding& judged) {
  if (judged.judgement.verdict != measure::Verdict::inconclusive || !judged.effect || !judged.paper)
    return std::nullopt;
  const bool suspect = row.baseline && row.baseline->state == measure::BaselineState::fails;
  if (suspect) return SeedsNeeded{std::nullopt, "a baseline that fails its check"};
  const measure::Effect& effect = *judged.effect;
  const int64_t least =
      std::max<int64_t>(judged.scope.empty() ? 2 : kStandInSeeds, effect.seeds + 1);
  const claims::Quantity& quantity = *study.sources.claims.quantity(study.view.verdict);
  const double distance = distance_to_edge(question_of(quantity, *judged.paper, effect));
  if (effect.parts.systematic() >= distance) {
    measure::EffectParts others = effect.parts;
    others.seeds = 0;
    return SeedsNeeded{std::nullopt, measure::largest_part(others).cause};
  }
  if (!effect.has_noise()) return SeedsNeeded{least, {}, true};
  const double sd = effect.parts.seeds / effect.t * std::sqrt(static_cast<double>(effect.seeds));
  // Holm asks most of the number that is least clear.
  const double decisive =
      kDecisive / static_cast<double>(std::max<int64_t>(judged.judgement.judged, 1));
  for (int64_t seeds = std::max<int64_t>(least, 2); seeds <= kMostSeeds; ++seeds)
    if (p_with(effect, sd, distance, seeds) <= decisive) return SeedsNeeded{seeds, {}, false};
  return SeedsNeeded{std::nullopt, "the luck of the seeds"};
}

}  // namespace repro::findings
