// Every number that prices move, as formulas, and what is said of the judged one along the ratio of
// two prices.

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "claims/price_table.hpp"
#include "findings/findings.hpp"
#include "findings/price_formula.hpp"
#include "findings/price_verdicts.hpp"
#include "findings/values.hpp"
#include "report/page_data.hpp"
#include "report/tone.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::Finding;
using findings::Study;
using findings::StudyRow;
using nlohmann::json;

constexpr const char* kBreakEven = "break_even_ratio";  // a quantity that claims may have

json priced_names(const findings::PricedSeed& seed, const std::vector<std::string>& profiles) {
  json names = json::array();
  for (const findings::PricedName& name : seed) {
    json hours = json::array();
    for (const std::string& profile : profiles) {
      const auto at = name.device_hours.find(profile);
      hours.push_back(at == name.device_hours.end() ? 0.0 : at->second);
    }
    names.push_back({{"fixed", name.fixed}, {"hours", hours}});
  }
  return names;
}

json formula_json(const findings::PriceFormula& formula, const std::vector<std::string>& profiles) {
  json rows = json::array();
  for (const auto& seeds : formula.rows) {
    json row = json::array();
    for (const findings::PricedSeed& seed : seeds) row.push_back(priced_names(seed, profiles));
    rows.push_back(std::move(row));
  }
  return {{"id", formula.quantity->id},
          {"title", formula.quantity->title},
          {"unit", formula.quantity->unit},
          {"text", formula.quantity->here->text()},
          {"postfix", formula.quantity->here->postfix()},
          {"rows", rows}};
}

// Dollars that the view shows, in its order.
std::vector<const claims::Quantity*> shown_dollars(const Study& study) {
  std::vector<const claims::Quantity*> shown;
  for (const claims::ViewColumn& column : study.view.columns) {
    const claims::Quantity* one = study.sources.claims.quantity(column.quantity);
    if (one->here && one->unit == "USD" && one->id != study.view.verdict) shown.push_back(one);
  }
  return shown;
}

// How the claims price the table that the judged number is of, on two of the study's devices.
const claims::PriceCheck* price_check_of(const Study& study) {
  const claims::Quantity& judged = *study.sources.claims.quantity(study.view.verdict);
  for (const claims::ClaimCheck& check : study.sources.claims.checks) {
    const auto* price = std::get_if<claims::PriceCheck>(&check);
    const bool known = price != nullptr && study.sources.profiles.contains(price->low_device) &&
                       study.sources.profiles.contains(price->high_device);
    if (known && price->head.table == judged.table) return price;
  }
  return nullptr;
}

// The saving of the paper's own hours by row: a line in the ratio of two prices. Null rows where
// the paper has none.
json paper_lines(const Study& study, const claims::PriceCheck& check) {
  const auto rented = [&](const std::string& device, bool low) {
    return claims::Rented{study.sources.profiles.at(device),
                          claims::paper_price(study.sources.claims, check, low),
                          {}};
  };
  const claims::PriceQuestion question{.low = rented(check.low_device, true),
                                       .high = rented(check.high_device, false),
                                       .basis = claims::Basis::paper,
                                       .billing = {}};
  const claims::PricedTable table = claims::price(study.sources.claims, check, question,
                                                  question.low.profile, question.high.profile);
  json lines = json::object();
  for (const claims::PricedRow& row : table.rows)
    if (row.priced)
      lines[row.id] = {{"full_hours", *row.full_time.hours}, {"a", row.line.a}, {"b", row.line.b}};
  return lines;
}

json finite_or_null(double value) { return std::isfinite(value) ? json(value) : json(); }

json judged_row(const findings::RatioRow& row) {
  json low = json::array(), high = json::array(), has = json::array(), verdicts = json::array();
  for (const auto& range : row.ranges) {
    has.push_back(range.has_value());
    low.push_back(range ? finite_or_null(range->low) : json());
    high.push_back(range ? finite_or_null(range->high) : json());
  }
  for (const findings::VerdictFrom& one : row.verdicts)
    verdicts.push_back({{"from", one.ratio},
                        {"text", one.text},
                        {"tone", name(tone_of(one.verdict))},
                        {"reason", one.reason}});
  // Below the first stop nothing is shown; its own rounding must not fall there.
  if (!verdicts.empty()) verdicts.front()["from"] = 0;
  return {{"low", low}, {"high", high}, {"has_range", has}, {"verdicts", verdicts}};
}

json judged_json(const findings::RatioVerdicts& verdicts) {
  json rows = json::array();
  for (const findings::RatioRow& row : verdicts.rows) rows.push_back(judged_row(row));
  return {{"first", verdicts.ratios.front()},
          {"stops", verdicts.ratios.size()},
          {"stops_a_decade", verdicts.stops_a_decade},
          {"at_high_price_only", verdicts.at_high_price_only},
          {"rows", rows}};
}

std::string bound_sign(const Finding& one) {
  const bool bound = one.here_text.starts_with("<= ") || one.here_text.starts_with(">= ");
  return bound ? one.here_text.substr(0, 3) : "";
}

json price_row(const Study& study, const std::vector<Finding>& found, const StudyRow& row,
               const json& paper) {
  const auto of = [&](const std::string& id) -> const Finding& {
    return findings::finding(found, study, row, id);
  };
  json signs = json::object();
  for (const claims::Quantity* shown : shown_dollars(study))
    signs[shown->id] = bound_sign(of(shown->id));
  const std::string key = row.model + "/" + row.corpus;
  return {{"id", of(study.view.verdict).id},
          {"title", row.text()},
          {"sign", bound_sign(of(study.view.verdict))},
          {"sign_of_money", signs},
          {"missing", of(study.view.verdict).here ? "-" : of(study.view.verdict).here_text},
          {"paper", paper.contains(key) ? paper.at(key) : json()}};
}

json index_of(const std::vector<std::string>& profiles, const std::string& one) {
  return std::find(profiles.begin(), profiles.end(), one) - profiles.begin();
}

bool has_break_even(const Study& study) {
  const auto& shown = study.view.quantities;
  return std::find(shown.begin(), shown.end(), kBreakEven) != shown.end();
}

// Of every quantity that is shown, and of the break-even where the claims have one.
json formulas_of(const Study& study, const std::vector<std::string>& profiles) {
  std::vector<const claims::Quantity*> all = shown_dollars(study);
  all.push_back(study.sources.claims.quantity(study.view.verdict));
  if (has_break_even(study)) all.push_back(study.sources.claims.quantity(kBreakEven));
  json formulas = json::array();
  for (const claims::Quantity* one : all)
    formulas.push_back(formula_json(findings::price_formula(*one, study), profiles));
  return formulas;
}

}  // namespace

json price_data(const Study& study, const std::vector<Finding>& found) {
  const claims::Quantity* judged = judged_quantity(study);
  if (judged == nullptr || !findings::depends_on_prices(*judged) ||
      findings::standing_depends_on_prices(study.experiment()))
    return nullptr;
  const std::vector<std::string> profiles = study.experiment().profiles();
  json devices = json::array(), rows = json::array(), paper_dollars, ratio, shown = json::array();
  for (const std::string& profile : profiles) {
    const auto dollars = study.prices.of(profile);
    if (!dollars) return nullptr;
    devices.push_back({{"profile", profile}, {"dollars", *dollars}});
  }
  const claims::PriceCheck* check = profiles.size() == 2 ? price_check_of(study) : nullptr;
  const json paper = check != nullptr ? paper_lines(study, *check) : json::object();
  for (const StudyRow& row : study.rows) rows.push_back(price_row(study, found, row, paper));
  const auto verdicts = findings::ratio_verdicts(study, found);
  if (verdicts)
    ratio = {{"low", index_of(profiles, verdicts->low)},
             {"high", index_of(profiles, verdicts->high)}};
  if (check != nullptr) {
    paper_dollars = json::array({0, 0});
    for (const bool low : {true, false})
      paper_dollars[index_of(profiles, low ? check->low_device : check->high_device)
                        .get<size_t>()] = claims::paper_price(study.sources.claims, *check, low);
  }
  for (const claims::Quantity* one : shown_dollars(study)) shown.push_back(one->id);
  return {{"devices", devices},
          {"paper", paper_dollars},
          {"ratio", ratio},
          {"money", shows_cents(study, found) ? json{{"factor", 100}, {"name", "¢"}}
                                              : json{{"factor", 1}, {"name", "$"}}},
          {"judged_id", judged->id},
          {"break_even_id", has_break_even(study) ? json(kBreakEven) : json()},
          {"shown", shown},
          {"formulas", formulas_of(study, profiles)},
          {"rows", rows},
          {"judged", verdicts ? judged_json(*verdicts) : json()}};
}

}  // namespace repro::report
