// The curves of the page's figure as data.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/curve_axes.hpp"
#include "report/details.hpp"
#include "report/figure_parts.hpp"
#include "report/page_data.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using nlohmann::json;

// Digits that a drawing can show: a page holds a hundred thousand of these numbers.
double rounded(double value, double digits) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const double unit = std::pow(10.0, digits - std::ceil(std::log10(std::fabs(value))));
  return std::round(value * unit) / unit;
}

json rounded_list(const std::vector<double>& values, double digits) {
  json list = json::array();
  for (const double value : values) list.push_back(rounded(value, digits));
  return list;
}

json line_json(const WorkLine& line) { return {{"before", line.before}, {"each", line.each}}; }

json work_json(const ArmWork& work, const std::vector<std::string>& profiles) {
  json devices = json::array();
  for (const std::string& profile : profiles) {
    const auto at = work.devices.find(profile);
    devices.push_back(line_json(at == work.devices.end() ? WorkLine{} : at->second));
  }
  return {{"flops", line_json(work.flops)}, {"hours", line_json(work.hours)}, {"devices", devices}};
}

// Point by point over the runs: the least, the mean, the greatest.
struct Spread {
  std::vector<double> low, middle, high, hours;
};
Spread spread_of(const EndingCurve& curve) {
  Spread spread;
  size_t points = curve.runs.front().steps.size();
  for (const RunCurve& run : curve.runs) points = std::min(points, run.steps.size());
  for (size_t i = 0; i < points; ++i) {
    double low = INFINITY, high = -INFINITY, sum = 0, hours = 0;
    for (const RunCurve& run : curve.runs) {
      low = std::min(low, run.blocks[i]);
      high = std::max(high, run.blocks[i]);
      sum += run.blocks[i];
      hours += run.hours[i];
    }
    const auto runs = static_cast<double>(curve.runs.size());
    spread.low.push_back(low);
    spread.middle.push_back(sum / runs);
    spread.high.push_back(high);
    spread.hours.push_back(hours / runs);
  }
  return spread;
}

json curve_json(const CellCurves& cell, const EndingCurve& curve, size_t baseline) {
  constexpr double kLossDigits = 5, kHourDigits = 6;
  const Spread spread = spread_of(curve);
  const bool several = curve.runs.size() > 1;
  std::vector<double> steps = curve.runs.front().steps;
  steps.resize(spread.middle.size());
  return {{"arm", curve.arm},
          {"label", curve.label},
          {"shade", curve_shade(cell, curve)},
          {"baseline", curve.arm == baseline},
          {"steps", steps},
          {"low", several ? rounded_list(spread.low, kLossDigits) : json()},
          {"middle", rounded_list(spread.middle, kLossDigits)},
          {"high", several ? rounded_list(spread.high, kLossDigits) : json()},
          {"hours", rounded_list(spread.hours, kHourDigits)},
          {"end_steps", curve.steps},
          {"end", curve.final_loss ? json(*curve.final_loss) : json()}};
}

// "S: 4 PHASEs": what an arm does before its last phase, where that is work of its own.
std::string earlier_text(const plan::ArmPlan& arm) {
  std::string text;
  for (const plan::PhasePlan& phase : arm.phases) {
    if (phase.overhead || &phase == &arm.last()) continue;
    text += fmt::format("{}{}: {} {}{}", text.empty() ? "" : ", ", phase.symbol, phase.jobs.size(),
                        phase.title, phase.jobs.size() == 1 ? "" : "s");
  }
  return text;
}

json cell_json(const findings::Study& study, const CellCurves& cell,
               const std::vector<std::string>& profiles) {
  const plan::Cell& planned = cell.row->seeds.front().runs.cell();
  json arms = json::array(), curves = json::array(), crossings = json::array();
  for (size_t arm = 0; arm < planned.arms.size(); ++arm)
    arms.push_back({{"title", planned.arms[arm].title},
                    {"colour", colour_of_arm(planned, arm)},
                    {"earlier", earlier_text(planned.arms[arm])},
                    {"work", cell.arms[arm] ? work_json(*cell.arms[arm], profiles) : json()}});
  for (const EndingCurve& curve : cell.endings)
    if (cell.arms[curve.arm]) curves.push_back(curve_json(cell, curve, planned.baseline));
  for (const ArmCrossing& one : cell.crossings)
    crossings.push_back({{"arm", one.arm},
                         {"steps", one.steps},
                         {"least", one.least},
                         {"most", one.most},
                         {"loss", one.loss}});
  const findings::Status* obstacle = cell.row->obstacle();
  return {{"title", cell.row->text() + (study.stand_in() ? " (stand-in)" : "")},
          {"arms", arms},
          {"curves", curves},
          {"targets", cell.targets},
          {"crossings", crossings},
          {"empty", obstacle != nullptr ? findings::obstacle_text(*obstacle) : "no arm meets it"}};
}

json theme_json(Theme theme) {
  const FigureColours& colours = colours_of(theme);
  return {{"ground", colours.ground},
          {"palest", kPalestPart},
          {"grid", colours.grid},
          {"target", colours.target},
          {"curves", colours.curves}};
}

const char* kind_name(CurveAxis::Kind kind) {
  switch (kind) {
    case CurveAxis::Kind::steps:
      return "steps";
    case CurveAxis::Kind::time:
      return "time";
    case CurveAxis::Kind::dollars:
      return "dollars";
    case CurveAxis::Kind::flops:
      return "flops";
  }
  return "";
}

}  // namespace

json figure_data(const findings::Study& study) {
  std::vector<CellCurves> curves;
  for (const findings::StudyRow& row : study.rows) curves.push_back(curves_of(study, row));
  const bool any = std::any_of(curves.begin(), curves.end(),
                               [](const CellCurves& one) { return !one.endings.empty(); });
  if (!any) return nullptr;
  const std::vector<std::string> profiles = study.experiment().profiles();
  json axes = json::array(), cells = json::array();
  for (const CurveAxis& axis : curve_axes(study, curves))
    axes.push_back({{"kind", kind_name(axis.kind)},
                    {"name", axis.name},
                    {"against", axis.against},
                    {"label", axis.label},
                    {"unit", axis.label.substr(0, axis.label.find_first_of(", "))},
                    {"factor", axis.factor}});
  for (const CellCurves& one : curves) cells.push_back(cell_json(study, one, profiles));
  return {{"window", study.experiment().target.window},
          {"y_label", "training loss, nats a token"},
          {"end_label", end_loss_label(study)},
          {"note", scope_text(study)},
          {"colours", {{"light", theme_json(Theme::light)}, {"dark", theme_json(Theme::dark)}}},
          {"axes", axes},
          {"cells", cells}};
}

json page_data(const findings::Study& study, const std::vector<Finding>& found) {
  return {{"figure", figure_data(study)}, {"prices", price_data(study, found)}};
}

}  // namespace repro::report
