#include "findings/judging.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "findings/interval_text.hpp"

namespace repro::findings {
namespace {

using claims::Quantity;
using measure::Judgement;
using measure::Sense;
using measure::Verdict;

// A tenth of the published effect still counts as it: said in the report's notes.
constexpr double kMargin = 0.1;

Sense sense_of(const Quantity& quantity) {
  if (quantity.sense == "at_least") return Sense::at_least;
  return quantity.sense == "at_most" ? Sense::at_most : Sense::about;
}

bool is_decided(Verdict verdict) {
  return verdict == Verdict::reproduced || verdict == Verdict::not_reproduced;
}

// Costs and times follow from seconds that a shared machine stretches.
bool follows_from_time(const Quantity& quantity) {
  if (!quantity.here) return false;
  const auto& names = quantity.here->references();
  return std::any_of(names.begin(), names.end(), [](const claims::Reference& name) {
    const std::string measure = claims::parse_here(name.name).measure;
    return measure == "dollars" || measure.ends_with("hours");
  });
}

// A price means nothing where the clocks alone could move it by half of the published effect, or a
// share by 15 points.
bool too_noisy_to_price(const Quantity& quantity, double paper, const RowEffect& measured) {
  constexpr double kPartOfEffect = 0.5, kPoints = 0.15;
  const double timing = measured.effect.parts.timing;
  return follows_from_time(quantity) &&
         (timing > kPartOfEffect * std::fabs(paper) || (quantity.unit == "%" && timing > kPoints));
}

// The manifest's ladders leave a count of work no room to say anything but one thing.
std::string fixed_reason(const Quantity& quantity, double paper, const RowEffect& measured) {
  if (!measured.room) return "";
  const auto& [low, high] = *measured.room;
  if (low == high) return "set by the manifest: the runs cannot change it";
  const measure::Interval claim = claimed_set(question_of(quantity, paper, measured.effect));
  const bool inside = low >= claim.low && high <= claim.high;
  const bool outside = low > claim.high || high < claim.low;
  if (!inside && !outside) return "";
  return fmt::format("set by the manifest: whatever is measured lies between {} and {}",
                     format_value(low, quantity.unit), format_value(high, quantity.unit));
}

// Why a number is missing.
std::string unmeasured_reason(const Quantity& quantity, const StudyRow& row) {
  if (const Status* obstacle = row.obstacle())
    return obstacle_text(*obstacle) + " (" + obstacle->directory + ")";
  return std::string("not measured: ") + (quantity.unit == "USD" || quantity.unit == "%"
                                              ? "a device has no price"
                                              : "the runs record no such number");
}

}  // namespace

std::string untested_reason(const Quantity& quantity, const Study& study, const StudyRow& row,
                            const std::optional<double>& paper,
                            const std::optional<RowEffect>& measured) {
  if (!measured) return unmeasured_reason(quantity, row);
  if (const auto& scale = study.experiment().scale; !scale.judged)
    return "the scale '" + scale.name + "' is for tests of the program: its numbers mean nothing";
  if (!paper) return "the paper gives no number";
  if (study.stand_in() && !quantity.scale_free)
    return "an absolute number of the paper's models, corpora and machines; these are stand-ins";
  if (const std::string fixed = fixed_reason(quantity, *paper, *measured); !fixed.empty())
    return fixed;
  if (too_noisy_to_price(quantity, *paper, *measured))
    return fmt::format("too noisy to price: unsteady step times alone leave {} open",
                       half_width_text(measured->effect.parts.timing, quantity.unit));
  return "";
}

std::string scope_of(const Study& study, const StudyRow& row) {
  if (study.experiment().scale.stand_in) return "at stand-in scale";
  return row.stand_in.empty() ? "" : "on a stand-in corpus";
}

measure::Question question_of(const Quantity& quantity, double paper,
                              const measure::Effect& effect) {
  return {.sense = sense_of(quantity),
          .claimed = paper,
          .margin = kMargin * std::fabs(paper),
          .effect = effect};
}

void limit_stand_in(Finding& finding) {
  Judgement& judgement = finding.judgement;
  if (!is_decided(judgement.verdict) || finding.scope.empty() ||
      finding.effect->seeds >= kStandInSeeds)
    return;
  judgement.verdict = Verdict::inconclusive;
  judgement.reason += fmt::format("; a stand-in is judged from {} seeds on", kStandInSeeds);
}

void limit_baseline(const std::optional<measure::BaselineCheck>& check, Finding& finding) {
  Judgement& judgement = finding.judgement;
  if (!check || check->state != measure::BaselineState::fails ||
      judgement.verdict != Verdict::reproduced)
    return;
  judgement.verdict = Verdict::inconclusive;
  judgement.reason = "the baseline fails its check: " + join(check->reasons, "; ");
}

std::string verdict_text(const Finding& finding) {
  const Verdict verdict = finding.judgement.verdict;
  const std::string text(measure::name(verdict));
  if (finding.scope.empty()) return text;
  return text + " " + (is_decided(verdict) ? finding.scope : "(stand-in)");
}

}  // namespace repro::findings
