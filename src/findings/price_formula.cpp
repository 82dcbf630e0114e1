#include "findings/price_formula.hpp"

#include <cmath>

#include "base/error.hpp"
#include "claims/quantities.hpp"
#include "findings/values.hpp"
#include "measure/stats.hpp"

namespace repro::findings {
namespace {

// Every device free but one, whose hour costs a dollar: dollars are then its hours.
Prices only(const std::vector<std::string>& profiles, const std::string& one) {
  Prices prices;
  for (const std::string& profile : profiles) prices = prices.with(profile, profile == one ? 1 : 0);
  return prices;
}

bool is_dollars(const claims::Here& here) {
  return here.measure == "dollars" || here.measure == "billed_dollars";
}

std::optional<PricedName> priced_name(const claims::Here& here, const Seed& seed,
                                      const Study& study) {
  const Positions at(seed.runs.cell().arms.size(), Position::at);
  const std::vector<std::string> profiles = study.experiment().profiles();
  PricedName name;
  if (!is_dollars(here)) {
    const auto value = value_of(here, seed, at, terms_of(study));
    if (!value) return std::nullopt;
    name.fixed = *value;
    return name;
  }
  for (const std::string& profile : profiles) {
    const Prices prices = only(profiles, profile);
    const auto hours = value_of(here, seed, at, {study.timing, prices});
    if (!hours) return std::nullopt;
    if (*hours != 0) name.device_hours[profile] = *hours;
  }
  return name;
}

std::optional<PricedSeed> priced_seed(const claims::Quantity& quantity, const Seed& seed,
                                      const Study& study) {
  if (!seed.comparison) return std::nullopt;
  PricedSeed names;
  for (const claims::Reference& reference : quantity.here->references()) {
    auto name = priced_name(claims::parse_here(reference.name), seed, study);
    if (!name) return std::nullopt;
    names.push_back(std::move(*name));
  }
  return names;
}

}  // namespace

double PricedName::at(const Prices& prices) const {
  double dollars = fixed;
  for (const auto& [profile, hours] : device_hours) {
    const auto price = prices.of(profile);
    check(price.has_value(), "every device of a price formula has a price");
    dollars += hours * *price;
  }
  return dollars;
}

std::optional<double> PriceFormula::at(size_t row, const Prices& prices) const {
  std::vector<double> values;
  for (const PricedSeed& seed : rows[row]) {
    std::vector<std::optional<claims::Ranged>> names;
    for (const PricedName& name : seed) names.emplace_back(claims::exactly(name.at(prices)));
    if (const auto value = quantity->here->evaluate(names)) values.push_back(value->value);
  }
  return values.empty() ? std::nullopt : std::optional(measure::mean(values));
}

bool standing_depends_on_prices(const plan::Experiment& experiment) {
  return experiment.protocol == plan::Protocol::budget && experiment.budget.equal == "dollars";
}

PriceFormula price_formula(const claims::Quantity& quantity, const Study& study) {
  check(quantity.here.has_value(), "a price formula is of what is measured here");
  check(!standing_depends_on_prices(study.experiment()), "prices do not move where the arms stand");
  PriceFormula formula{&quantity, {}};
  for (const StudyRow& row : study.rows) {
    std::vector<PricedSeed>& seeds = formula.rows.emplace_back();
    for (const Seed& seed : row.seeds)
      if (auto one = priced_seed(quantity, seed, study)) seeds.push_back(std::move(*one));
  }
  return formula;
}

}  // namespace repro::findings
