#include "findings/price_verdicts.hpp"

#include <algorithm>
#include <cmath>

#include "findings/findings.hpp"
#include "findings/judging.hpp"
#include "findings/price_formula.hpp"
#include "findings/values.hpp"

namespace repro::findings {
namespace {

// At one ratio, every row's judged number.
class RatioJudge {
 public:
  RatioJudge(const Study& study, const std::vector<Finding>& found, const RatioVerdicts& of)
      : study_(study), found_(found), of_(of), high_(*study.prices.of(of.high)) {}

  std::vector<Finding> at(double ratio) const {
    return judged_at(study_, found_,
                     study_.prices.with(of_.high, high_).with(of_.low, ratio * high_));
  }

 private:
  const Study& study_;
  const std::vector<Finding>& found_;
  const RatioVerdicts& of_;
  double high_;
};

VerdictFrom verdict_from(double ratio, const Finding& one) {
  return {ratio, verdict_text(one), one.judgement.verdict, one.judgement.reason};
}

bool same_verdict(const Finding& a, const Finding& b) { return verdict_text(a) == verdict_text(b); }

// The ratio between two stops from which on the row is told as at the upper one: to a
// ten-thousandth of the step.
double changes_between(const RatioJudge& judge, size_t row, double low, double high,
                       const Finding& above) {
  constexpr int kHalvings = 13;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = std::sqrt(low * high);
    (same_verdict(judge.at(middle)[row], above) ? high : low) = middle;
  }
  return high;
}

// So many that a study of a few dozen seeds has one for each step of a fine slider, and one of a
// thousand is still told in seconds.
int stops_for(const Study& study) {
  constexpr size_t kFinest = 30, kCoarsest = 2, kSeedStops = 1500;
  size_t seeds = 1;
  for (const StudyRow& row : study.rows) seeds += row.seeds.size();
  return static_cast<int>(std::clamp(kSeedStops / seeds, kCoarsest, kFinest));
}

// The one device besides the baseline's.
std::optional<RatioVerdicts> two_devices(const Study& study) {
  const auto others = study.experiment().other_profiles();
  RatioVerdicts verdicts;
  verdicts.high = study.experiment().baseline_profile();
  verdicts.stops_a_decade = stops_for(study);
  if (others.size() != 1 || verdicts.high.empty()) return std::nullopt;
  verdicts.low = others.front();
  const auto low = study.prices.of(verdicts.low), high = study.prices.of(verdicts.high);
  if (!low || !high || !(*low > 0) || !(*high > 0)) return std::nullopt;
  const int stops = kDecades * verdicts.stops_a_decade;
  for (int i = -stops; i <= stops; ++i)
    verdicts.ratios.push_back(*low / *high *
                              std::pow(10.0, static_cast<double>(i) / verdicts.stops_a_decade));
  return verdicts;
}

bool judges_absolute_numbers(const Study& study) {
  if (study.stand_in()) return false;
  const auto quantities = claims::quantities_of(study.sources.claims, study.view);
  return std::any_of(quantities.begin(), quantities.end(), [](const claims::Quantity* one) {
    return depends_on_prices(*one) && !one->scale_free;
  });
}

}  // namespace

std::optional<RatioVerdicts> ratio_verdicts(const Study& study, const std::vector<Finding>& found) {
  const claims::Quantity* judged = study.sources.claims.quantity(study.view.verdict);
  if (judged == nullptr || !depends_on_prices(*judged) ||
      standing_depends_on_prices(study.experiment()))
    return std::nullopt;
  auto verdicts = two_devices(study);
  if (!verdicts) return verdicts;
  verdicts->at_high_price_only = judges_absolute_numbers(study);
  verdicts->rows.resize(study.rows.size());
  const RatioJudge judge(study, found, *verdicts);
  std::vector<Finding> before;
  for (size_t stop = 0; stop < verdicts->ratios.size(); ++stop) {
    const double ratio = verdicts->ratios[stop];
    std::vector<Finding> now = judge.at(ratio);
    for (size_t row = 0; row < now.size(); ++row) {
      RatioRow& of_row = verdicts->rows[row];
      of_row.ranges.push_back(now[row].range);
      if (stop == 0)
        of_row.verdicts.push_back(verdict_from(ratio, now[row]));
      else if (!same_verdict(before[row], now[row]))
        of_row.verdicts.push_back(verdict_from(
            changes_between(judge, row, verdicts->ratios[stop - 1], ratio, now[row]), now[row]));
    }
    before = std::move(now);
  }
  return verdicts;
}

}  // namespace repro::findings
