#include "claims/price_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "claims/audit_formula.hpp"
#include "claims/price_hours.hpp"

namespace repro::claims {
namespace {

// What timed steps leave open of the saving: each step by itself at either end, in quadrature.
std::optional<measure::Interval> timing_range(const PricedRow& row, int64_t devices,
                                              double price_ratio) {
  const std::array phases = {&row.full_time, &row.low_time, &row.high_time};
  const auto saving = [&](const std::string& timed, double measure::Interval::*end) {
    std::array<double, 3> hours;
    for (size_t i = 0; i < phases.size(); ++i)
      hours[i] = phases[i]->range && phases[i]->timed == timed ? (*phases[i]->range).*end
                                                               : *phases[i]->hours;
    return measure::saving_line(hours[0], hours[1], devices, hours[2]).at(price_ratio);
  };
  std::set<std::string> timed;
  for (const PhaseHours* phase : phases)
    if (phase->range) timed.insert(phase->timed);
  if (timed.empty()) return std::nullopt;
  const double middle = row.line.at(price_ratio);
  double down = 0, up = 0;
  for (const std::string& step : timed) {
    const auto [least, greatest] = std::minmax(
        {saving(step, &measure::Interval::low), saving(step, &measure::Interval::high), middle});
    down = std::hypot(down, middle - least);
    up = std::hypot(up, greatest - middle);
  }
  return measure::Interval{row.saving - down, row.saving + up};
}

class Pricer {
 public:
  Pricer(const Claims& claims, const PriceCheck& check, const PriceQuestion& question,
         const config::Profile& paper_low, const config::Profile& paper_high)
      : claims_(claims),
        check_(check),
        question_(question),
        full_(claims, check, PricePart::full, question, paper_high),
        low_(claims, check, PricePart::low, question, paper_low),
        high_(claims, check, PricePart::high, question, paper_high),
        paper_full_(bound(check.full_cost)),
        paper_method_(bound(check.method_cost)),
        devices_(bound(check.devices)),
        full_steps_(bound(check.full_steps)),
        high_steps_(bound(check.high_steps)) {}

  PricedRow row(const ClaimRow& claim) const {
    PricedRow priced;
    priced.id = claim.id;
    priced.subject = claims_.title_of(claim);
    std::vector<std::string> titles = claims_.titles_of(claim);
    priced.family = titles.front();
    titles.erase(titles.begin());
    priced.member = titles.empty() ? priced.family : join(titles, " / ");
    priced.paper_full = at(paper_full_, claim);
    priced.paper_method = at(paper_method_, claim);
    priced.full_time = full_.at(claim);
    priced.low_time = low_.at(claim);
    priced.high_time = high_.at(claim);
    priced.priced = priced.evidence() != measure::Evidence::none;
    if (!priced.priced) return priced;
    cost(priced, claim);
    conditions(priced, claim);
    return priced;
  }

 private:
  // Parsed once for all rows; empty where the check names none.
  std::optional<Formula> bound(const std::string& text) const {
    if (text.empty()) return std::nullopt;
    return Formula(claims_, check_.head, text);
  }
  static std::optional<double> at(const std::optional<Formula>& formula, const ClaimRow& claim) {
    const auto ranged = formula ? formula->at(&claim) : std::nullopt;
    return ranged ? std::optional(ranged->value) : std::nullopt;
  }

  void cost(PricedRow& priced, const ClaimRow& claim) const {
    const int64_t devices = counted(*at(devices_, claim), kMostDevices, "devices");
    const Rented& low = question_.low;
    const Rented& high = question_.high;
    const auto phase = [](std::string name, const Rented& on, double hours, int64_t jobs) {
      measure::Phase one{.name = std::move(name)};
      one.jobs.assign(static_cast<size_t>(jobs), {.hours = hours, .device = on.profile.name});
      return one;
    };
    std::vector<measure::Phase> method = {
        phase(check_.low_title, low, *priced.low_time.hours, devices),
        phase(check_.high_title, high, *priced.high_time.hours, 1)};
    for (const std::string& name : check_.overheads)
      method.push_back({.name = name, .overhead = true});
    const measure::PriceOf price_of_device = [&](const std::string& device) {
      return std::optional(device == low.profile.name ? low.price : high.price);
    };
    priced.full = measure::bill({phase(check_.full_title, high, *priced.full_time.hours, 1)},
                                price_of_device, question_.billing);
    priced.method = measure::bill(method, price_of_device, question_.billing);
    priced.saving = 1 - priced.method.dollars / priced.full.dollars;
    priced.line = measure::saving_line(*priced.full_time.hours, *priced.low_time.hours, devices,
                                       *priced.high_time.hours);
    priced.timing_range = timing_range(priced, devices, low.price / high.price);
  }

  void conditions(PricedRow& priced, const ClaimRow& claim) const {
    const Rented& low = question_.low;
    const Rented& high = question_.high;
    priced.break_even_low_price = priced.line.break_even() * high.price;
    if (low.offers && high.offers)
      priced.range = measure::Interval{priced.line.at(low.offers->high / high.offers->low),
                                       priced.line.at(low.offers->low / high.offers->high)};
    const auto full_steps = at(full_steps_, claim);
    const auto high_steps = at(high_steps_, claim);
    if (!full_steps || !high_steps) return;
    priced.step_ratio = *full_steps / *high_steps;
    // Hours of fine-tuning that the submodels leave before the method costs as much as full.
    const double left = *priced.full_time.hours * (1 - priced.line.b * low.price / high.price);
    if (left > 0) priced.needed_step_ratio = *priced.step_ratio * *priced.high_time.hours / left;
  }

  const Claims& claims_;
  const PriceCheck& check_;
  const PriceQuestion& question_;
  HoursOfPhase full_, low_, high_;
  std::optional<Formula> paper_full_, paper_method_, devices_, full_steps_, high_steps_;
};

void check_question(const PriceQuestion& question) {
  for (const Rented* rented : {&question.low, &question.high})
    if (!(rented->price > 0) || !std::isfinite(rented->price))
      throw Error("{} dollars an hour for '{}'; a price must be more than 0", rented->price,
                  rented->profile.name);
  const auto unmeasured = [](const Rented& rented) {
    return rented.profile.measured.steps.empty();
  };
  if (question.basis == Basis::measured && unmeasured(question.low) && unmeasured(question.high))
    throw Error(Exit::nothing_measured,
                "no step was measured on '{}' or '{}'; `repro profile measure` makes a profile of "
                "this machine, to be named with --low, --high or --profile",
                question.low.profile.name, question.high.profile.name);
  if (question.utilisation && !(*question.utilisation > 0 && *question.utilisation <= 1))
    throw Error("a utilisation of {}; it must be more than 0 and at most 1", *question.utilisation);
}

std::vector<std::string> doubts_of(const PriceQuestion& question) {
  std::vector<std::string> doubts;
  for (const Rented* rented : {&question.low, &question.high}) {
    const auto doubt = rented->profile.doubt();
    if (doubt && std::find(doubts.begin(), doubts.end(), *doubt) == doubts.end())
      doubts.push_back(*doubt);
  }
  return doubts;
}

}  // namespace

measure::Evidence PricedRow::evidence() const {
  return combined(full_time.evidence, combined(low_time.evidence, high_time.evidence));
}

std::string PricedRow::missing() const {
  std::vector<std::string> reasons;
  for (const PhaseHours* phase : {&full_time, &low_time, &high_time})
    if (!phase->hours) reasons.push_back(phase->basis);
  return join(reasons, "; ");
}

std::optional<double> PricedRow::if_priced(double value) const {
  return priced ? std::optional(value) : std::nullopt;
}

std::optional<double> PricedRow::phase_dollars(size_t phase) const {
  return priced ? method.phases[phase].dollars : std::nullopt;
}

std::optional<double> PricedRow::paper_saving() const {
  if (!paper_full || !paper_method) return std::nullopt;
  return 1 - *paper_method / *paper_full;
}

const PriceCheck& price_check(const Claims& claims, const std::string& table) {
  std::vector<std::string> tables;
  for (const ClaimCheck& check : claims.checks)
    if (const auto* price = std::get_if<PriceCheck>(&check)) {
      if (price->head.table == table) return *price;
      tables.push_back(price->head.table);
    }
  throw Error(
      "claims '{}' do not say how table '{}' is priced (a price-sensitivity check); tables "
      "that can be: {}",
      claims.name, table, tables.empty() ? "none" : join(tables, ", "));
}

double paper_price(const Claims& claims, const PriceCheck& check, bool low) {
  const ClaimTable& table = *claims.table(check.head.table);
  if (table.rows.empty()) throw Error("table '{}' has no rows to price", table.id);
  return Formula(claims, check.head, low ? check.low_price : check.high_price)
      .value(&table.rows.front());
}

PricedTable price(const Claims& claims, const PriceCheck& check, const PriceQuestion& question,
                  const config::Profile& paper_low, const config::Profile& paper_high) {
  check_question(question);
  const ClaimTable& table = *claims.table(check.head.table);
  PricedTable priced{
      .table = table.id,
      .title = table.title,
      .low_device = question.low.profile.name,
      .high_device = question.high.profile.name,
      .low_title = check.low_title,
      .high_title = check.high_title,
      .low_price = question.low.price,
      .high_price = question.high.price,
      .paper_ratio = paper_price(claims, check, true) / paper_price(claims, check, false),
      .dtype = check.dtype,
      .convention = check.head.convention,
      .doubts = doubts_of(question),
      .rows = {}};
  const Pricer pricer(claims, check, question, paper_low, paper_high);
  priced.rows.reserve(table.rows.size());
  for (const ClaimRow& row : table.rows) priced.rows.push_back(pricer.row(row));
  return priced;
}

std::vector<SavingPoint> saving_curve(const measure::SavingLine& line, double last,
                                      int64_t points) {
  std::vector<SavingPoint> curve;
  for (int64_t i = 0; i < points; ++i) {
    const double ratio = last * static_cast<double>(i) / static_cast<double>(points - 1);
    curve.push_back({ratio, line.at(ratio)});
  }
  return curve;
}

}  // namespace repro::claims
