#include "claims/price_hours.hpp"

#include <fmt/format.h>

#include <limits>

#include "base/error.hpp"
#include "base/text.hpp"
#include "measure/step_fit.hpp"

namespace repro::claims {
namespace {

using config::MeasuredStep;

const std::string& hours_formula(const PriceCheck& check, PricePart part) {
  if (part == PricePart::low) return check.low_hours;
  return part == PricePart::full ? check.full_hours : check.high_hours;
}

const std::string& steps_formula(const PriceCheck& check, PricePart part) {
  if (part == PricePart::low) return check.low_steps;
  return part == PricePart::full ? check.full_steps : check.high_steps;
}

const std::string& role_of(const PriceCheck& check, PricePart part) {
  if (part == PricePart::low) return check.low_role;
  return part == PricePart::full ? check.full_role : check.high_role;
}

const std::string& shape_of(const PriceCheck& check, PricePart part) {
  if (part == PricePart::low) return check.low_shape;
  return part == PricePart::full ? check.full_shape : check.high_shape;
}

// What the question's basis means for this device.
Basis basis_for(const PriceQuestion& question, const config::Profile& device,
                const config::Profile& paper_device) {
  const bool papers_own = device.name == paper_device.name;
  if (question.basis == Basis::paper) {
    if (papers_own) return Basis::paper;
    throw Error(
        "the paper's hours are of '{}', not of '{}'; measure this device and use --as measured, or "
        "assume the same utilisation with --as projected",
        paper_device.name, device.name);
  }
  if (question.basis != Basis::projected && !device.measured.steps.empty()) return Basis::measured;
  return papers_own && !question.utilisation ? Basis::paper : Basis::projected;
}

// The hours' interval follows the step's; a profile may know none.
void add_range(const MeasuredStep& step, const std::string& device, PhaseHours& phase) {
  if (!step.reach()) return;
  phase.range = measure::Interval{*phase.hours * step.seconds_low / step.seconds,
                                  *phase.hours * step.seconds_high / step.seconds};
  phase.timed = device + " " + step.model + " " + step.shape;
}

PhaseHours none(std::string why) {
  return {
      .hours = {}, .evidence = measure::Evidence::none, .basis = std::move(why), .utilisation = {}};
}

}  // namespace

const std::string& title_of(const PriceCheck& check, PricePart part) {
  if (part == PricePart::low) return check.low_title;
  return part == PricePart::full ? check.full_title : check.high_title;
}

HoursOfPhase::HoursOfPhase(const Claims& claims, const PriceCheck& check, PricePart part,
                           const PriceQuestion& question, const config::Profile& paper_device)
    : claims_(claims),
      check_(check),
      part_(part),
      question_(question),
      device_((part == PricePart::low ? question.low : question.high).profile),
      paper_device_(paper_device),
      basis_(basis_for(question, device_, paper_device)) {
  const auto bind = [&](std::optional<Formula>& formula, const std::string& text) {
    if (!text.empty()) formula.emplace(claims, check.head, text);
  };
  bind(hours_, hours_formula(check, part));
  bind(steps_, steps_formula(check, part));
  bind(tokens_, check.tokens_per_step);
  flops_.kind = Resolved::Kind::flops;
  flops_.role = role_of(check, part);
  if (basis_ == Basis::projected && !device_.peak(check.dtype))
    throw Error("{}; no projection: measure it instead, with `repro profile measure`",
                device_.missing_peak(check.dtype));
}

PhaseHours HoursOfPhase::at(const ClaimRow& row) const {
  PhaseHours phase = basis_ == Basis::paper      ? published(row)
                     : basis_ == Basis::measured ? measured(row)
                                                 : projected(row);
  const auto flops = work(row);
  const auto sheet = device_.peak(check_.dtype);
  const auto peak = sheet ? sheet : device_.measured_peak(check_.dtype);
  if (phase.hours && *phase.hours > 0 && flops && peak)
    phase.utilisation = *flops / (*phase.hours * 3600 * *peak);
  return phase;
}

PhaseHours HoursOfPhase::published(const ClaimRow& row) const {
  const auto hours = hours_ ? hours_->at(&row) : std::nullopt;
  if (!hours) return none(fmt::format("the paper gives no {}", hours_formula(check_, part_)));
  return {.hours = hours->value,
          .evidence = measure::Evidence::published,
          .basis = "the paper's hours",
          .utilisation = {}};
}

PhaseHours HoursOfPhase::measured(const ClaimRow& row) const {
  const auto steps = steps_ ? steps_->at(&row) : std::nullopt;
  if (!steps) return none(fmt::format("the paper gives no steps of {}", title_of(check_, part_)));
  const auto tokens = tokens_ ? tokens_->at(&row) : std::nullopt;
  if (!tokens) return none("the claims give no tokens of a step");
  const std::vector<MeasuredStep> series = series_of(row);
  if (series.empty())
    return none(fmt::format("profile '{}' has no measured step of {} {}", device_.name,
                            join(row.keys, "/"), title_of(check_, part_)));
  for (const MeasuredStep& step : series) {
    if (step.size != "paper") continue;
    const auto here = static_cast<double>(step.batch * step.sequence);
    const bool same = here == tokens->value;
    PhaseHours phase{
        .hours = steps->value * step.seconds / 3600 * tokens->value / here,
        .evidence = same ? measure::Evidence::calibrated : measure::Evidence::projected,
        .basis = same ? "step time measured x the paper's steps"
                      : fmt::format("step time measured with {} tokens, not {}, x the paper's "
                                    "steps",
                                    here, tokens->value),
        .utilisation = {}};
    add_range(step, device_.name, phase);
    return phase;
  }
  return extrapolated(series, row, steps->value, tokens->value);
}

PhaseHours HoursOfPhase::extrapolated(const std::vector<MeasuredStep>& series, const ClaimRow& row,
                                      double steps, double tokens) const {
  for (const MeasuredStep& step : series)
    if (step.flops() <= 0)
      return none(fmt::format(
          "the measured step of size '{}' does not say its FLOPs; measure again", step.size));
  const measure::StepFit fit = measure::fit_steps(series);
  const double flops = tokens * flops_per_token(row);
  PhaseHours phase{
      .hours = steps * fit.seconds(flops) / 3600,
      .evidence = measure::Evidence::projected,
      .basis = fmt::format("step extrapolated {}-fold in FLOPs {}",
                           with_commas(std::llround(flops / fit.largest_flops)), describe(fit)),
      .utilisation = {}};
  add_range(*device_.step(series.front().model, series.front().shape), device_.name, phase);
  return phase;
}

std::vector<MeasuredStep> HoursOfPhase::series_of(const ClaimRow& row) const {
  for (const std::string& key : row.keys)
    if (auto series = device_.series(key, shape_of(check_, part_)); !series.empty()) return series;
  return {};
}

PhaseHours HoursOfPhase::projected(const ClaimRow& row) const {
  const double peak = *device_.peak(check_.dtype);
  if (question_.utilisation) return at_assumed_utilisation(row, peak);
  const auto papers_peak = paper_device_.peak(check_.dtype);
  if (!papers_peak) return none(paper_device_.missing_peak(check_.dtype) + "; no projection");
  PhaseHours phase = published(row);
  if (!phase.hours) return phase;
  *phase.hours *= *papers_peak / peak;
  phase.evidence = measure::Evidence::projected;
  phase.basis = fmt::format("the paper's hours x {:.4g} / {:.4g} TFLOP/s, its utilisation kept",
                            *papers_peak / 1e12, peak / 1e12);
  return phase;
}

PhaseHours HoursOfPhase::at_assumed_utilisation(const ClaimRow& row, double peak) const {
  const auto flops = work(row);
  if (!flops)
    return none(
        fmt::format("the claims give no steps, tokens or model of {}", title_of(check_, part_)));
  return {.hours = *flops / (peak * *question_.utilisation) / 3600,
          .evidence = measure::Evidence::projected,
          .basis = fmt::format("FLOPs of the paper's steps at {:.3g} % of {:.4g} TFLOP/s, assumed",
                               100 * *question_.utilisation, peak / 1e12),
          .utilisation = {}};
}

std::optional<double> HoursOfPhase::work(const ClaimRow& row) const {
  const auto steps = steps_ ? steps_->at(&row) : std::nullopt;
  const auto tokens = tokens_ ? tokens_->at(&row) : std::nullopt;
  if (!steps || !tokens) return std::nullopt;
  const auto flops = model_flops(row);
  if (!flops) return std::nullopt;
  return steps->value * tokens->value * *flops;
}

std::optional<double> HoursOfPhase::model_flops(const ClaimRow& row) const {
  const int64_t flops = model_quantity(claims_, check_.head, row, flops_);
  if (flops == std::numeric_limits<int64_t>::max()) return std::nullopt;
  return static_cast<double>(flops);
}

double HoursOfPhase::flops_per_token(const ClaimRow& row) const {
  const auto flops = model_flops(row);
  if (!flops)
    throw Error("{}: no [[model]] with role \"{}\" for row '{}'", check_.head.source.text(),
                flops_.role, row.id);
  return *flops;
}

}  // namespace repro::claims
