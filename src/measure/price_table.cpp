#include "measure/price_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/text.hpp"
#include "measure/audit_formula.hpp"
#include "measure/flops.hpp"

namespace repro::measure {
namespace {

using config::ClaimRow;
using config::PriceCheck;

// Hours of one phase, or why there are none.
struct Hours {
  std::optional<double> value;
  std::string note;  // why not, or what they rest on beyond the plain basis
};

class Pricer {
 public:
  Pricer(const config::Claims& claims, const PriceCheck& check, const PriceQuestion& question,
         const config::Profile& paper_low, const config::Profile& paper_high)
      : claims_(claims),
        check_(check),
        question_(question),
        low_scale_(scale(paper_low, question.low.profile)),
        high_scale_(scale(paper_high, question.high.profile)) {}

  PricedRow row(const ClaimRow& claim) const {
    PricedRow priced;
    priced.id = claim.id;
    priced.subject = claims_.title_of(claim);
    priced.paper_full = optional(check_.full_cost, claim);
    priced.paper_method = optional(check_.method_cost, claim);
    const Hours full = hours(claim, check_.full_hours, check_.full_steps, "full", high_scale_);
    const Hours low = hours(claim, check_.low_hours, check_.low_steps, "submodel", low_scale_);
    const Hours high = hours(claim, check_.high_hours, check_.high_steps, "finetune", high_scale_);
    for (const Hours* phase : {&full, &low, &high})
      if (!phase->note.empty() && priced.reason.find(phase->note) == std::string::npos)
        priced.reason += (priced.reason.empty() ? "" : "; ") + phase->note;
    if (!full.value || !low.value || !high.value) {
      priced.evidence = "n/m";
      return priced;
    }
    priced.priced = true;
    priced.evidence = evidence(priced.reason);
    priced.full_hours = *full.value;
    priced.low_hours = *low.value;
    priced.high_hours = *high.value;
    cost(priced, claim);
    conditions(priced, claim);
    return priced;
  }

 private:
  // Projected hours shrink as the peak grows; other bases take them as they are.
  double scale(const config::Profile& paper, const config::Profile& here) const {
    if (question_.basis != Basis::projected) return 1;
    const auto before = paper.peak(check_.dtype);
    const auto now = here.peak(check_.dtype);
    if (!before) throw Error("{}: no projection", paper.missing_peak(check_.dtype));
    if (!now)
      throw Error("{}; no projection: measure it instead, with `repro profile measure`",
                  here.missing_peak(check_.dtype));
    return *before / *now;
  }

  std::optional<double> optional(const std::string& text, const ClaimRow& claim) const {
    if (text.empty()) return std::nullopt;
    const auto ranged = Formula(claims_, check_.head, text).at(&claim);
    return ranged ? std::optional(ranged->value) : std::nullopt;
  }

  Hours hours(const ClaimRow& claim, const std::string& printed, const std::string& steps,
              const std::string& phase, double scale) const {
    if (question_.basis == Basis::measured) return measured_hours(claim, steps, phase);
    const auto value = optional(printed, claim);
    if (!value) return {std::nullopt, fmt::format("the paper gives no {}", printed)};
    return {*value * scale, ""};
  }

  Hours measured_hours(const ClaimRow& claim, const std::string& steps,
                       const std::string& phase) const {
    const auto& profile = (phase == "submodel" ? question_.low : question_.high).profile;
    const auto count = optional(steps, claim);
    if (!count) return {std::nullopt, fmt::format("the paper gives no steps of {}", phase)};
    // Fine-tuning trains the full model: its step is the same work.
    const config::MeasuredStep* step = find_step(profile, claim, phase);
    if (step == nullptr && phase == "finetune") step = find_step(profile, claim, "full");
    if (step == nullptr)
      return {std::nullopt, fmt::format("profile '{}' has no measured step of {} {}", profile.name,
                                        join(claim.keys, "/"), phase)};
    return scaled(*step, *count, claim, phase);
  }

  const config::MeasuredStep* find_step(const config::Profile& profile, const ClaimRow& claim,
                                        const std::string& phase) const {
    for (const std::string& key : claim.keys)
      if (const config::MeasuredStep* step = profile.step(key, phase)) return step;
    return nullptr;
  }

  // A smaller model or batch was measured: the paper's takes longer by the ratio of FLOPs.
  Hours scaled(const config::MeasuredStep& step, double count, const ClaimRow& claim,
               const std::string& phase) const {
    const auto wanted = optional(check_.tokens_per_step, claim);
    const auto measured_tokens = static_cast<double>(step.batch * step.sequence);
    const bool same_model = step.size == "paper";
    if (same_model && wanted && *wanted == measured_tokens)
      return {count * step.seconds / 3600, ""};
    if (!wanted) return {std::nullopt, "the claims give no tokens of a step"};
    if (same_model)
      return {count * step.seconds / 3600 * *wanted / measured_tokens,
              fmt::format("scaled from {} tokens a step", measured_tokens)};
    if (step.flops_per_token <= 0)
      return {std::nullopt,
              fmt::format("the measured step of size '{}' does not say its FLOPs", step.size)};
    const double ratio =
        *wanted * paper_flops(claim, phase) / (measured_tokens * step.flops_per_token);
    return {count * step.seconds / 3600 * ratio,
            fmt::format("scaled by FLOPs from size '{}' (width {}, {} layers)", step.size,
                        step.width, step.layers)};
  }

  double paper_flops(const ClaimRow& claim, const std::string& phase) const {
    config::Resolved quantity;
    quantity.kind = config::Resolved::Kind::flops;
    quantity.role = phase == "submodel" ? "submodel" : "full";
    if (claims_.models_of(claim, quantity.role, check_.head.reading).empty())
      throw Error("{}: no [[model]] with role \"{}\" for row '{}'", check_.head.source.text(),
                  quantity.role, claim.id);
    return static_cast<double>(model_quantity(claims_, check_.head, claim, quantity));
  }

  std::string evidence(const std::string& note) const {
    if (question_.basis == Basis::paper) return "paper";
    return question_.basis == Basis::measured && note.empty() ? "calibrated" : "projected";
  }

  void cost(PricedRow& priced, const ClaimRow& claim) const {
    const int64_t devices = std::llround(*optional(check_.devices, claim));
    const Rented& low = question_.low;
    const Rented& high = question_.high;
    const auto phase = [](std::string name, const Rented& on, std::vector<double> hours) {
      return Phase{.name = std::move(name),
                   .device = on.profile.name,
                   .job_hours = std::move(hours),
                   .price_per_hour = on.price};
    };
    std::vector<Phase> method = {
        phase("submodels", low,
              std::vector<double>(static_cast<size_t>(devices), priced.low_hours)),
        phase("fine-tuning", high, {priced.high_hours})};
    for (const std::string& name : check_.overheads) {
      method.push_back(phase(name, high, {}));
      method.back().overhead = true;
    }
    priced.full = bill({phase("full", high, {priced.full_hours})}, question_.billing);
    priced.method = bill(method, question_.billing);
    priced.saving = 1 - priced.method.dollars / priced.full.dollars;
    priced.line = saving_line(priced.full_hours, priced.low_hours, devices, priced.high_hours);
  }

  void conditions(PricedRow& priced, const ClaimRow& claim) const {
    const Rented& low = question_.low;
    const Rented& high = question_.high;
    priced.break_even_low_price = priced.line.break_even() * high.price;
    if (low.offers && high.offers)
      priced.range = Interval{priced.line.at(low.offers->high / high.offers->low),
                              priced.line.at(low.offers->low / high.offers->high)};
    const auto full_steps = optional(check_.full_steps, claim);
    const auto high_steps = optional(check_.high_steps, claim);
    if (!full_steps || !high_steps) return;
    priced.step_ratio = *full_steps / *high_steps;
    // Hours of fine-tuning that the submodels leave before the method costs as much as full.
    const double left = priced.full_hours * (1 - priced.line.b * low.price / high.price);
    if (left > 0) priced.needed_step_ratio = *priced.step_ratio * priced.high_hours / left;
  }

  const config::Claims& claims_;
  const PriceCheck& check_;
  const PriceQuestion& question_;
  double low_scale_;
  double high_scale_;
};

void require_same_device(const std::string& paper, const std::string& asked) {
  if (paper.empty() || paper == asked) return;
  throw Error(
      "the paper's hours are of '{}', not of '{}'; measure this device and use --as "
      "measured, or assume the same utilisation with --as projected",
      paper, asked);
}

}  // namespace

std::optional<double> PricedRow::paper_saving() const {
  if (!paper_full || !paper_method) return std::nullopt;
  return 1 - *paper_method / *paper_full;
}

const PriceCheck& price_check(const config::Claims& claims, const std::string& table) {
  std::vector<std::string> tables;
  for (const config::ClaimCheck& check : claims.checks)
    if (const auto* price = std::get_if<PriceCheck>(&check)) {
      if (price->head.table == table) return *price;
      tables.push_back(price->head.table);
    }
  throw Error(
      "claims '{}' do not say how table '{}' is priced (a price-sensitivity check); tables "
      "that can be: {}",
      claims.name, table, tables.empty() ? "none" : join(tables, ", "));
}

double paper_price(const config::Claims& claims, const PriceCheck& check, bool low) {
  const config::ClaimTable& table = *claims.table(check.head.table);
  if (table.rows.empty()) throw Error("table '{}' has no rows to price", table.id);
  return Formula(claims, check.head, low ? check.low_price : check.high_price)
      .value(&table.rows.front());
}

PricedTable price(const config::Claims& claims, const PriceCheck& check,
                  const PriceQuestion& question, const config::Profile& paper_low,
                  const config::Profile& paper_high) {
  if (question.basis == Basis::paper) {
    require_same_device(check.low_device, question.low.profile.name);
    require_same_device(check.high_device, question.high.profile.name);
  }
  for (const Rented* rented : {&question.low, &question.high})
    if (!(rented->price > 0) || !std::isfinite(rented->price))
      throw Error("{} dollars an hour for '{}'; a price must be more than 0", rented->price,
                  rented->profile.name);
  const config::ClaimTable& table = *claims.table(check.head.table);
  PricedTable priced{
      .table = table.id,
      .title = table.title,
      .low_device = question.low.profile.name,
      .high_device = question.high.profile.name,
      .low_price = question.low.price,
      .high_price = question.high.price,
      .paper_ratio = paper_price(claims, check, true) / paper_price(claims, check, false),
      .rows = {}};
  const Pricer pricer(claims, check, question, paper_low, paper_high);
  for (const ClaimRow& row : table.rows) priced.rows.push_back(pricer.row(row));
  return priced;
}

std::vector<SavingPoint> saving_curve(const SavingLine& line, double last, int64_t points) {
  std::vector<SavingPoint> curve;
  for (int64_t i = 0; i < points; ++i) {
    const double ratio = last * static_cast<double>(i) / static_cast<double>(points - 1);
    curve.push_back({ratio, line.at(ratio)});
  }
  return curve;
}

}  // namespace repro::measure
