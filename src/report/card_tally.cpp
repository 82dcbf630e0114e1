#include "report/card_tally.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "findings/findings.hpp"
#include "findings/numbers.hpp"
#include "findings/score_texts.hpp"
#include "findings/values.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::StudyRow;
using measure::Verdict;

bool is_bound(const Finding& found) {
  return found.here_text.starts_with("<= ") || found.here_text.starts_with(">= ");
}

std::string whole_percent_or(double value, const std::string& unit) {
  if (unit == "%") return findings::fixed(100 * value, 0);
  return findings::format_value(value, unit);
}

std::string unit_behind(const std::string& unit) {
  if (unit.empty()) return "";
  return unit == "x" ? "x" : unit == "USD" ? " dollars" : " " + unit;
}

void add_number(const Finding& judged, CardTally& tally) {
  if (!judged.here) {
    if (tally.missing.empty()) tally.missing = judged.judgement.reason;
    return;
  }
  ++tally.measured;
  if (judged.range) {
    tally.clear_above += judged.range->low > 0;
    tally.clear_below += judged.range->high < 0;
  }
  if (!is_bound(judged))
    tally.estimates.push_back(*judged.here);
  else
    tally.bounds.push_back(judged.here_text.substr(0, 3) +
                           whole_percent_or(*judged.here, judged.unit) + unit_behind(judged.unit));
}

// "-1.6 to 1.8 points".
std::string points_span(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const std::string from = findings::fixed(100 * *low, 1), to = findings::fixed(100 * *high, 1);
  return (from == to ? from : from + " to " + to) + " points";
}

}  // namespace

size_t CardTally::count(Verdict verdict) const {
  const auto at = verdicts.find(verdict);
  return at == verdicts.end() ? 0 : at->second;
}

std::string CardTally::many(size_t count) const {
  return fmt::format("{} {}{}", count, one_of_them, count == 1 ? "" : "s");
}

std::vector<const Finding*> judged_findings(const Study& study, const std::vector<Finding>& found) {
  std::vector<const Finding*> judged;
  if (judged_quantity(study) != nullptr)
    for (const StudyRow& row : study.rows)
      judged.push_back(&findings::finding(found, study, row, study.view.verdict));
  else
    for (const Finding& one : found)
      if (findings::is_gain(one)) judged.push_back(&one);
  return judged;
}

CardTally tally_of(const Study& study, const std::vector<Finding>& found) {
  CardTally tally;
  if (judged_quantity(study) == nullptr) tally.one_of_them = "gain";
  for (const Finding* judged : judged_findings(study, found)) {
    ++tally.all;
    ++tally.verdicts[judged->judgement.verdict];
    if (judged->paper) tally.paper.push_back(*judged->paper);
    if (tone_of(judged->judgement.verdict) != Tone::plain) tally.scope = judged->scope;
    add_number(*judged, tally);
  }
  for (const StudyRow& row : study.rows)
    tally.suspect += row.baseline && row.baseline->state == measure::BaselineState::fails;
  return tally;
}

std::string card_span(const std::vector<double>& values, const std::string& unit, bool paper) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const auto text = [&](double value) {
    return paper ? findings::format_value(value, unit) : whole_percent_or(value, unit);
  };
  const std::string from = text(*low), to = text(*high);
  return (from == to ? from : from + " to " + to) + unit_behind(unit);
}

std::string asked_of_scores(const Study& study, const CardTally& tally) {
  const size_t tasks = study.experiment().evaluate.tasks.size();
  std::string text = fmt::format(
      "what does it score above the other on {} downstream task{}, "
      "where the two are equal in {}?",
      tasks, tasks == 1 ? "" : "s", join(study.experiment().evaluate.cuts, ", "));
  if (tally.paper.empty()) return text + " No paper prints it";
  return text +
         fmt::format(" {} of the paper prints {}", study.view.title, points_span(tally.paper));
}

std::string answer_of_scores(const Study& study, const CardTally& tally) {
  if (tally.measured == 0) return "no task is answered yet";
  std::string text;
  if (!tally.estimates.empty())
    text = fmt::format("{} above {} here, ", points_span(tally.estimates), study.baseline().name);
  text += fmt::format("{} of {} clear of seeds and items above zero, {} below it",
                      tally.clear_above, tally.all_text(), tally.clear_below);
  if (tally.measured < tally.all)
    text += fmt::format("; {} of {} have no number", tally.all - tally.measured, tally.all_text());
  return text;
}

}  // namespace repro::report
