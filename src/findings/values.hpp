#pragma once
// What a formula's names are worth: MEASURE.ARM[.PHASE] of one cell and seed, at the estimate of
// where the arms stand or at the ends of what is left open. And the paper's side of a quantity.

#include <optional>
#include <string>
#include <vector>

#include "claims/quantities.hpp"
#include "findings/study.hpp"
#include "measure/effect.hpp"
#include "measure/evidence.hpp"
#include "measure/stats.hpp"

namespace repro::findings {

enum class Position {
  least,   // the fewest steps that the evidence allows
  at,      // the estimate
  most,    // the most; where nobody knows how many, the estimate
  beyond,  // half as many again as the estimate, of an arm that did not reach: which way is worse
};

// One position an arm of the cell.
using Positions = std::vector<Position>;

// How seconds become hours, and hours dollars. Must outlive what is asked with it.
struct Terms {
  const Timing& timing;
  const Prices& prices;
};
Terms terms_of(const Study& study);  // the study's own

// Empty when a run that it needs is missing, a device has no price, or nothing recorded it.
std::optional<double> value_of(const claims::Here& here, const Seed& seed,
                               const Positions& positions, const Terms& terms);

// A quantity in one seed: its value, what is left open around it, and on which side it is open.
struct SeedValue {
  double value = 0;
  measure::Interval range;    // that is possible at all; an end may be infinite
  measure::EffectParts open;  // all but the luck of the seed, at 95 %
  bool not_reached = false;   // depends on an arm that did not reach
  bool at_most = false;       // depends on an arm that the shortest ending of reaches already
  bool falls = false;         // more steps make it smaller
  // Of a count of work: from the least to the most that the manifest's ladders let it be.
  std::optional<measure::Interval> room;
};
std::optional<SeedValue> value_of(const claims::Quantity& quantity, const Study& study,
                                  const Seed& seed, const Terms& terms);
// On the study's own terms.
std::optional<SeedValue> value_of(const claims::Quantity& quantity, const Study& study,
                                  const Seed& seed);

// The value alone, were every arm's steps so many times what it stands at.
std::optional<double> value_with_steps(const claims::Quantity& quantity, const Seed& seed,
                                       const std::vector<double>& factors, const Terms& terms);

// The quantity's mean over the row's seeds had hours been counted otherwise, and whether that is a
// bound: "<= ", ">= " or "". The arms stand where they do. Empty where no seed has a value.
struct RowValueAt {
  double value = 0;
  std::string sign;
};
std::optional<RowValueAt> value_at(const claims::Quantity& quantity, const Study& study,
                                   const StudyRow& row, const Timing& timing);
// "<= " or ">= " for what depends on an arm that did not reach, or that reached at once, not both.
std::string sign_of_bound(bool not_reached, bool at_most, bool falls);

// What else the devices' speeds might be: all equal, and as the paper's hours imply; those that are
// not the study's own. None where no phase needs a ratio.
struct OtherSpeeds {
  std::string name;  // "equal speed", "the paper's speed"
  Speeds speeds;
};
std::vector<OtherSpeeds> other_speeds(const Study& study);
// "speed of a100-80g / rtx-4090: 1.89 (data-sheet peaks, bf16: 312 / 165.2 TFLOP/s)", one each.
std::vector<std::string> speed_lines(const Study& study);

// Dollars stand in its formula.
bool depends_on_prices(const claims::Quantity& quantity);
// Its hours or dollars are medians on devices that the runs did not run on.
bool depends_on_speed(const claims::Quantity& quantity);
// "calibrated" for what rests on median step times or relative speeds, else "measured".
measure::Evidence evidence_of(const claims::Quantity& quantity);

// The paper's value of a quantity at a row; empty where the paper gives none.
std::optional<double> paper_value(const claims::Quantity& quantity, const Study& study,
                                  const StudyRow& row);
// As printed, where it is one printed number; "-" where the paper gives none.
std::string paper_text(const claims::Quantity& quantity, const Study& study, const StudyRow& row);

// A number in the unit of its quantity, without the unit: "69.5", "4,100", "0.006017".
std::string format_value(double value, const std::string& unit);

}  // namespace repro::findings
