#pragma once
// One quantity of one row over its seeds: what each seed shows, and the effect that follows.

#include <optional>
#include <vector>

#include "claims/quantities.hpp"
#include "findings/study.hpp"
#include "findings/values.hpp"
#include "measure/effect.hpp"

namespace repro::findings {

struct RowEffect {
  std::vector<double> values;  // one a seed: its estimate, or the bound where it has none
  measure::Interval spanned;   // from the least to the most that any seed's ladder allows
  bool some_not_reached = false;
  bool some_at_most = false;
  bool falls = false;  // with more steps
  // Of a count of work, over the seeds: all that the manifest's ladders let it be.
  std::optional<measure::Interval> room;
  measure::Effect effect;

  // 95 %: of the effect; where nothing measures noise, what the ladders and the systematic parts
  // leave open, and empty where that is nothing.
  std::optional<measure::Interval> shown_range() const;
};

// Of at least one seed. `possible` is what the quantity can be at all, `noise` that of other rows.
// A seed whose arm did not reach, or reached at once, is known on one side of its value only.
RowEffect effect_over(const std::vector<SeedValue>& seeds,
                      const std::optional<measure::Interval>& possible,
                      const std::optional<measure::Noise>& noise);

// One for each row of the study, empty where no seed has the quantity. Noise is pooled over the
// rows for those that cannot measure their own.
std::vector<std::optional<RowEffect>> row_effects(const claims::Quantity& quantity,
                                                  const Study& study, const Terms& terms);

}  // namespace repro::findings
