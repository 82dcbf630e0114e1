// What the judged quantity does with the width of the model, and what it would be at the paper's:
// one line a corpus, at a level of its own.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/text.hpp"
#include "findings/numbers.hpp"
#include "findings/row_effect.hpp"
#include "measure/trend.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::Study;
using findings::StudyRow;
using measure::Trend;

constexpr double kSaysNothing = 1.5;  // a factor to either side

// One corpus at all widths.
struct Series {
  std::vector<measure::TrendPoint> points;
  std::set<int64_t> widths;
  int64_t bounds = 0;      // of arms that did not reach, or reached at once
  bool logarithms = true;  // all values are above 0
  int64_t paper_width = 0;
  std::optional<double> paper;
  bool only_bounds() const { return bounds == static_cast<int64_t>(points.size()); }
};

const plan::Experiment::ModelEntry& entry_of(const Study& study, const StudyRow& row) {
  return study.experiment().model_entries.at(row.model);
}

void add_row(const Study& study, const StudyRow& row, const claims::Quantity& judged,
             const findings::RowEffect& effect, Series& series) {
  const plan::Experiment::ModelEntry& entry = entry_of(study, row);
  series.widths.insert(entry.model.width);
  series.paper_width = std::max(series.paper_width, entry.paper.width);
  series.bounds += effect.effect.censored;
  if (const auto paper = findings::paper_value(judged, study, row)) series.paper = paper;
  for (const double value : effect.values) {
    series.logarithms &= value > 0;
    series.points.push_back({static_cast<double>(entry.model.width), value});
  }
}

std::string number(double value, const claims::Quantity& judged) {
  if (judged.unit == "%") return findings::percent(value);
  return findings::format_value(value, judged.unit) + (judged.unit == "x" ? "" : " ") + judged.unit;
}

// "too wide to say anything": how many runs would narrow it.
std::string doubt_of(const Trend& trend) {
  const double reach = std::sqrt(trend.interval.high / trend.interval.low);
  if (reach <= kSaysNothing) return "";
  const std::string wide =
      fmt::format("; that interval reaches a factor of {} to either side, which says nothing",
                  findings::significant(reach));
  const auto needed = measure::points_for(trend, kSaysNothing);
  if (!needed)
    return wide +
           fmt::format("; no number of runs at these widths would narrow it to {}", kSaysNothing);
  // Rounded up: fewer would not do.
  const int64_t seeds = (*needed + trend.sizes - 1) / trend.sizes;
  return wide + fmt::format("; about {} seeds at each of these widths would narrow it to {}",
                            with_commas(seeds), kSaysNothing);
}

std::string why_none(const Series& series) {
  if (series.widths.size() < 3)
    return fmt::format("no trend: {} width(s) have run, three are needed", series.widths.size());
  if (series.only_bounds()) return "no trend: every run is only a bound";
  return "no trend: a value is not above 0 and has no logarithm";
}

std::string line_of(const Series& series, const claims::Quantity& judged) {
  std::vector<std::string> widths;
  for (const int64_t width : series.widths) widths.push_back(std::to_string(width));
  const auto trend = series.logarithms && !series.only_bounds()
                         ? measure::trend_at(series.points, static_cast<double>(series.paper_width))
                         : std::nullopt;
  if (!trend) return why_none(series);
  std::string text = fmt::format(
      "{} over widths {} ({} runs): it goes as width to the {:.2f} (95 %: {:.2f} to {:.2f}); at "
      "the paper's width of {} that would be {} ({} to {}), level extrapolated",
      judged.title, join(widths, ", "), trend->points, trend->exponent,
      trend->exponent_interval.low, trend->exponent_interval.high, with_commas(series.paper_width),
      number(trend->value, judged), number(trend->interval.low, judged),
      number(trend->interval.high, judged));
  text += doubt_of(*trend);
  if (series.paper) text += fmt::format("; the paper has {}", number(*series.paper, judged));
  if (series.bounds > 0)
    text += fmt::format("; {} of the runs are bounds and count as their value", series.bounds);
  return text;
}

}  // namespace

std::vector<std::string> trend_notes(const Study& study) {
  const claims::Quantity* judged = judged_quantity(study);
  if (judged == nullptr) return {};
  const auto effects = findings::row_effects(*judged, study, findings::terms_of(study));
  std::map<std::string, Series> by_corpus;
  for (size_t i = 0; i < study.rows.size(); ++i) {
    Series& series = by_corpus[study.rows[i].corpus_text()];
    if (effects[i]) add_row(study, study.rows[i], *judged, *effects[i], series);
  }
  std::vector<std::string> lines;
  for (const auto& [corpus, series] : by_corpus)
    lines.push_back("trend, " + corpus + ": " + line_of(series, *judged));
  return lines;
}

}  // namespace repro::report
