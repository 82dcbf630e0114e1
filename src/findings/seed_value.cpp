// A quantity in one seed: its value on the study's terms, what is left open around it, and what it
// would be on others.

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>

#include "findings/values.hpp"

namespace repro::findings {
namespace {

using claims::Here;
using measure::Reach;
using Value = std::optional<double>;

// Steps of each arm instead of those it stands at; empty = as it stands.
using StepsByArm = std::vector<std::optional<double>>;

// A formula with its names, of one seed, on these terms.
struct Asked {
  const claims::Quantity& quantity;
  std::vector<Here> names;
  const Seed& seed;
  Terms terms;

  Positions at_estimates() const { return Positions(seed.runs.cell().arms.size(), Position::at); }
  Asked on(const Terms& others) const { return {quantity, names, seed, others}; }
  Value at(const Positions& positions) const {
    std::vector<std::optional<claims::Ranged>> values;
    for (const Here& name : names) {
      const Value value = value_of(name, seed, positions, terms);
      values.push_back(value ? std::optional(claims::exactly(*value)) : std::nullopt);
    }
    const auto result = quantity.here->evaluate(values);
    return result ? Value(result->value) : std::nullopt;
  }
  Value with_steps(const StepsByArm& steps) const {
    Seed changed = seed;
    for (size_t arm = 0; arm < steps.size(); ++arm)
      if (auto& standing = changed.comparison->arms[arm]; standing && steps[arm])
        standing->at = *steps[arm];
    return Asked{quantity, names, changed, terms}.at(at_estimates());
  }
};

std::vector<Here> names_of(const claims::Quantity& quantity) {
  std::vector<Here> names;
  if (!quantity.here) return names;
  for (const claims::Reference& reference : quantity.here->references())
    names.push_back(claims::parse_here(reference.name));
  return names;
}

bool names_one_of(const std::vector<Here>& names, std::initializer_list<const char*> measures) {
  return std::any_of(names.begin(), names.end(), [&](const Here& name) {
    return std::find(measures.begin(), measures.end(), name.measure) != measures.end();
  });
}

// Indices of the arms that a formula speaks of and whose steps are not known exactly.
std::vector<size_t> open_arms(const Asked& asked) {
  std::vector<size_t> open;
  const auto& arms = asked.seed.runs.cell().arms;
  for (size_t i = 0; i < arms.size(); ++i) {
    const bool named = std::any_of(asked.names.begin(), asked.names.end(),
                                   [&](const Here& name) { return name.arm == arms[i].name; });
    const auto& standing = asked.seed.comparison->arms[i];
    if (named && standing && (!standing->most || *standing->most != standing->least))
      open.push_back(i);
  }
  return open;
}

// Extends the interval over every combination of ends of the open arms.
void span_corners(const Asked& asked, const std::vector<size_t>& open, SeedValue& result) {
  for (size_t corner = 0; corner < (size_t{1} << open.size()); ++corner) {
    Positions positions = asked.at_estimates();
    for (size_t i = 0; i < open.size(); ++i)
      positions[open[i]] = (corner >> i & 1) != 0 ? Position::most : Position::least;
    const Value value = asked.at(positions);
    if (!value) continue;
    result.range = {std::min(result.range.low, *value), std::max(result.range.high, *value)};
  }
}

// What an arm that did not reach, or that its shortest ending reached, leaves open.
void open_ends(const Asked& asked, size_t arm, SeedValue& result) {
  Positions positions = asked.at_estimates();
  positions[arm] = Position::beyond;
  const Value beyond = asked.at(positions);
  if (!beyond || *beyond == result.value) return;  // does not depend on the arm's steps
  result.falls = *beyond < result.value;
  const Standing& standing = *asked.seed.comparison->arms[arm];
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (standing.reach == Reach::at_most) {
    result.at_most = true;
    positions[arm] = Position::least;
    // A quotient by no steps at all.
    if (!asked.at(positions))
      (result.falls ? result.range.high : result.range.low) = result.falls ? kInfinity : -kInfinity;
  }
  if (standing.reach != Reach::not_reached) return;
  result.not_reached = true;
  (result.falls ? result.range.low : result.range.high) = result.falls ? -kInfinity : kInfinity;
}

// How far a value moves when one thing that it rests on takes either end of its interval.
double moved(double value, const Value& low, const Value& high) {
  constexpr double kRounding = 1e-12;  // of sums of seconds in another order
  const auto distance = [&](const Value& end) {
    const double apart = end ? std::fabs(*end - value) : 0.0;
    return apart > kRounding * std::fabs(value) ? apart : 0.0;
  };
  return std::max(distance(low), distance(high));
}

// The step time of each kind of equal work is known by itself, and so is the speed of each device
// that was measured: their parts add in quadrature.
double open_by_timing(const Asked& asked, double value) {
  double square = 0;
  const Timing& timing = asked.terms.timing;
  for (const auto& [profile, speed] : timing.speeds().others()) {
    if (speed.log_reach == 0) continue;
    const auto at = [&](double sign) {
      const double ratio = speed.ratio * std::exp(sign * speed.log_reach);
      const Timing moved_timing = timing.with_speeds(timing.speeds().with(profile, ratio));
      return asked.on({moved_timing, asked.terms.prices}).at(asked.at_estimates());
    };
    const double part = moved(value, at(-1), at(+1));
    square += part * part;
  }
  for (size_t kind = 0; kind < timing.kinds().size(); ++kind) {
    const measure::Interval& seconds = timing.kinds()[kind].interval;
    const auto at = [&](double end) {
      const Timing moved_timing = timing.with_step_seconds(kind, end);
      return asked.on({moved_timing, asked.terms.prices}).at(asked.at_estimates());
    };
    const double part = moved(value, at(seconds.low), at(seconds.high));
    square += part * part;
  }
  return std::sqrt(square);
}

// Half of what lies between the cheapest and the dearest offer, device by device, in quadrature.
double open_by_prices(const Asked& asked, const Study& study) {
  double square = 0;
  for (const std::string& profile : study.experiment().profiles()) {
    const auto spread = study.sources.prices.spread(profile);
    if (!spread || spread->offers < 2 || asked.terms.prices.is_given(profile)) continue;
    const auto at = [&](double dollars) {
      const Prices prices = asked.terms.prices.with(profile, dollars);
      return asked.on({asked.terms.timing, prices}).at(asked.at_estimates());
    };
    const Value low = at(spread->minimum), high = at(spread->maximum);
    if (low && high) square += (*high - *low) * (*high - *low) / 4;
  }
  return std::sqrt(square);
}

// How far the value moves when every reached arm stands so much off its estimate, in quadrature.
double open_by_steps(const Asked& asked, double value, double Standing::*error) {
  double square = 0;
  const auto& standings = asked.seed.comparison->arms;
  for (size_t arm = 0; arm < standings.size(); ++arm) {
    const auto& standing = standings[arm];
    if (!standing || (*standing).*error == 0) continue;
    const auto at = [&](double sign) {
      StepsByArm steps(standings.size());
      steps[arm] = std::max(1.0, standing->at + sign * (*standing).*error);
      return asked.with_steps(steps);
    };
    const double part = moved(value, at(-1), at(+1));
    square += part * part;
  }
  return std::sqrt(square);
}

// What the ladders let it be: every arm between hardly a step and its longest ending. Empty where
// it rests on more than counted work: losses and seconds are measured, whatever the manifest says.
std::optional<measure::Interval> room_of(const Asked& asked) {
  const auto& planned = asked.seed.runs.cell().arms;
  std::optional<measure::Interval> room;
  for (size_t corner = 0; corner < (size_t{1} << planned.size()); ++corner) {
    StepsByArm steps(planned.size());
    for (size_t arm = 0; arm < planned.size(); ++arm)
      if (arm != asked.seed.runs.cell().baseline)
        steps[arm] =
            (corner >> arm & 1) != 0 ? static_cast<double>(planned[arm].endings.back().steps) : 1;
    const Value value = asked.with_steps(steps);
    if (!value) return std::nullopt;
    if (!room) room = {*value, *value};
    room = {std::min(room->low, *value), std::max(room->high, *value)};
  }
  return room;
}

bool names_only(const std::vector<Here>& names, std::initializer_list<const char*> measures) {
  return std::all_of(names.begin(), names.end(), [&](const Here& name) {
    return std::find(measures.begin(), measures.end(), name.measure) != measures.end();
  });
}

// Counts of work have the room that the ladders leave. A ratio of hours or dollars has none where
// no arm's standing moves it: it is the manifest's steps at the machine's pace.
std::optional<measure::Interval> fixed_room(const Asked& asked) {
  if (names_only(asked.names, {"steps", "tokens", "flops", "flops_palm"})) return room_of(asked);
  if (!asked.quantity.scale_free ||
      !names_only(asked.names,
                  {"steps", "tokens", "flops", "flops_palm", "hours", "device_hours", "dollars",
                   "billed_hours", "billed_device_hours", "billed_dollars"}))
    return std::nullopt;
  const auto room = room_of(asked);
  return room && room->low == room->high ? room : std::nullopt;
}

std::optional<SeedValue> seed_value(const Asked& asked) {
  const Value value = asked.at(asked.at_estimates());
  if (!value) return std::nullopt;
  SeedValue result;
  result.value = *value;
  result.range = {*value, *value};
  const std::vector<size_t> open = open_arms(asked);
  span_corners(asked, open, result);
  for (const size_t arm : open) open_ends(asked, arm, result);
  return result;
}

}  // namespace

Terms terms_of(const Study& study) { return {study.timing, study.prices}; }

std::optional<SeedValue> value_of(const claims::Quantity& quantity, const Study& study,
                                  const Seed& seed, const Terms& terms) {
  if (!seed.comparison || !quantity.here) return std::nullopt;
  const Asked asked{quantity, names_of(quantity), seed, terms};
  auto result = seed_value(asked);
  if (!result) return result;
  result->open.rungs = open_by_steps(asked, result->value, &Standing::rung_error);
  result->open.target = open_by_steps(asked, result->value, &Standing::target_error);
  result->room = fixed_room(asked);
  if (depends_on_speed(quantity)) result->open.timing = open_by_timing(asked, result->value);
  if (depends_on_prices(quantity)) result->open.prices = open_by_prices(asked, study);
  return result;
}

std::optional<SeedValue> value_of(const claims::Quantity& quantity, const Study& study,
                                  const Seed& seed) {
  return value_of(quantity, study, seed, terms_of(study));
}

std::optional<double> value_with_steps(const claims::Quantity& quantity, const Seed& seed,
                                       const std::vector<double>& factors, const Terms& terms) {
  StepsByArm steps;
  for (size_t arm = 0; arm < factors.size(); ++arm) {
    const auto& standing = seed.comparison->arms[arm];
    steps.push_back(standing ? std::optional(standing->at * factors[arm]) : std::nullopt);
  }
  return Asked{quantity, names_of(quantity), seed, terms}.with_steps(steps);
}

std::optional<RowValueAt> value_at(const claims::Quantity& quantity, const Study& study,
                                   const StudyRow& row, const Timing& timing) {
  std::vector<double> values;
  bool not_reached = false, at_most = false, falls = false;
  for (const Seed& seed : row.seeds) {
    if (!seed.comparison || !quantity.here) continue;
    const auto one = seed_value({quantity, names_of(quantity), seed, {timing, study.prices}});
    if (!one) continue;
    values.push_back(one->value);
    not_reached |= one->not_reached;
    at_most |= one->at_most;
    falls |= one->falls;
  }
  if (values.empty()) return std::nullopt;
  return RowValueAt{measure::mean(values), sign_of_bound(not_reached, at_most, falls)};
}

std::string sign_of_bound(bool not_reached, bool at_most, bool falls) {
  if (not_reached == at_most) return "";
  return not_reached == falls ? "<= " : ">= ";
}

bool depends_on_prices(const claims::Quantity& quantity) {
  return names_one_of(names_of(quantity), {"dollars", "billed_dollars"});
}

bool depends_on_speed(const claims::Quantity& quantity) {
  return names_one_of(names_of(quantity), {"hours", "device_hours", "dollars"});
}

measure::Evidence evidence_of(const claims::Quantity& quantity) {
  return depends_on_speed(quantity) ? measure::Evidence::calibrated : measure::Evidence::measured;
}

}  // namespace repro::findings
