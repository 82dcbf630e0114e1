#include "report/curve_axes.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace repro::report {
namespace {

using findings::Prices;
using findings::Study;
using Kind = CurveAxis::Kind;

std::optional<double> dollars_at(const ArmWork& work, double steps, const Prices& prices) {
  double dollars = 0;
  for (const auto& [profile, line] : work.devices) {
    const auto price = prices.of(profile);
    if (!price) return std::nullopt;
    dollars += line.at(steps) * *price;
  }
  return dollars;
}

// The largest value that any arm ends at, before the unit is chosen.
double greatest_of(const CurveAxis& axis, const Study& study,
                   const std::vector<CellCurves>& cells) {
  double greatest = 0;
  for (const CellCurves& curves : cells)
    for (const EndingCurve& ending : curves.endings)
      if (const auto x =
              axis.of_steps(curves, ending.arm, static_cast<double>(ending.steps), study.prices))
        greatest = std::max(greatest, *x);
  return greatest;
}

// Unit and factor of the first whose value is below the limit.
struct AxisUnit {
  double below;
  const char* name;
  double factor;
};

template <size_t N>
void choose_unit(const std::array<AxisUnit, N>& units, double greatest, const std::string& more,
                 CurveAxis& axis) {
  const AxisUnit* chosen = &units.back();
  for (const AxisUnit& unit : units)
    if (greatest < unit.below) {
      chosen = &unit;
      break;
    }
  axis.label = chosen->name + more;
  axis.factor = chosen->factor;
}

constexpr double kNoLimit = 1e300;
constexpr std::array<AxisUnit, 3> kTimes = {
    {{300.0 / 3600, "seconds", 3600}, {5, "minutes", 60}, {kNoLimit, "hours", 1}}};
constexpr std::array<AxisUnit, 2> kMoney = {{{1, "cents", 100}, {kNoLimit, "dollars", 1}}};
constexpr std::array<AxisUnit, 4> kFlops = {{{1e15, "TFLOP", 1e-12},
                                             {1e18, "PFLOP", 1e-15},
                                             {1e21, "EFLOP", 1e-18},
                                             {kNoLimit, "ZFLOP", 1e-21}}};

}  // namespace

std::optional<double> CurveAxis::of_steps(const CellCurves& curves, size_t arm, double steps,
                                          const Prices& prices) const {
  if (kind == Kind::steps) return factor * steps;
  const auto& work = curves.arms[arm];
  if (!work) return std::nullopt;
  if (kind == Kind::time) return factor * work->hours.at(steps);
  if (kind == Kind::flops) return factor * work->flops.at(steps);
  const auto dollars = dollars_at(*work, steps, prices);
  return dollars ? std::optional(factor * *dollars) : std::nullopt;
}

std::optional<double> CurveAxis::at(const CellCurves& curves, size_t arm, const RunCurve& run,
                                    size_t point, const Prices& prices) const {
  if (kind != Kind::time) return of_steps(curves, arm, run.steps[point], prices);
  const auto& work = curves.arms[arm];
  if (!work) return std::nullopt;
  return factor * (work->hours.before + run.hours[point]);
}

std::vector<CurveAxis> curve_axes(const Study& study, const std::vector<CellCurves>& cells) {
  std::vector<CurveAxis> axes;
  if (study.plan.cells.empty()) return axes;
  const std::string earlier = earlier_phases(study.plan.cells.front());
  const std::string more = earlier.empty() ? "" : ", " + earlier + " included";
  axes.push_back({Kind::dollars, "dollars", "dollars", "", 1});
  axes.push_back({Kind::steps, "steps", "steps", "steps of the run", 1});
  axes.push_back({Kind::time, "time", "wall-clock time", "", 1});
  axes.push_back({Kind::flops, "flops", "FLOPs", "", 1});
  for (CurveAxis& axis : axes) {
    const double greatest = greatest_of(axis, study, cells);
    if (axis.kind == Kind::time) choose_unit(kTimes, greatest, more, axis);
    if (axis.kind == Kind::dollars) choose_unit(kMoney, greatest, more, axis);
    if (axis.kind == Kind::flops) choose_unit(kFlops, greatest, more, axis);
  }
  if (greatest_of(axes.front(), study, cells) == 0) axes.erase(axes.begin());
  return axes;
}

}  // namespace repro::report
