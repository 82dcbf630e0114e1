#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "claims/audit_checks.hpp"
#include "measure/cost.hpp"

namespace repro::claims {
namespace {

// Slack for sums of binary fractions, far below any printed digit.
constexpr double kSlack = 1e-9;

}  // namespace

AuditFindings run(const RatioCheck& check, const AuditInput& input) {
  const Formula numerator(input.claims, check.head, check.numerator);
  const Formula denominator(input.claims, check.head, check.denominator);
  return judge_rows(input, check.head, {&numerator, &denominator},
                    [&](AuditFinding& finding, const ClaimRow* row) {
                      const double ratio = numerator.value(row) / denominator.value(row);
                      const bool more = ratio > check.warn_above;
                      finding.numbers = {{"ratio", ratio}};
                      finding.arithmetic =
                          fmt::format("({}) / ({}) = {:.3f}", numerator.substituted(row),
                                      denominator.substituted(row), ratio);
                      finding.ruling = more ? Ruling::suspect : Ruling::holds;
                      finding.sentence = fmt::format("{:.2f} times the baseline's {}, {} {}", ratio,
                                                     check.resource, more ? "above" : "not above",
                                                     check.warn_above);
                    });
}

namespace {

struct PriceFormulas {
  Formula full, low, high, devices, low_price, high_price;
};

void judge_saving(AuditFinding& finding, const measure::SavingLine& line, double ratio,
                  double robust) {
  const double saving = line.at(ratio);
  finding.numbers["A"] = line.a;
  finding.numbers["B"] = line.b;
  finding.numbers["price_ratio"] = ratio;
  finding.numbers["saving_percent"] = 100 * saving;
  finding.numbers["break_even"] = line.break_even();
  finding.arithmetic = fmt::format("saving = {:.4f} - {:.4f} r; r = {:.4f} gives {:.2f} %", line.a,
                                   line.b, ratio, 100 * saving);
  finding.ruling = saving <= 0                  ? Ruling::contradicts
                   : line.break_even() < robust ? Ruling::suspect
                                                : Ruling::holds;
  finding.sentence =
      fmt::format("saves {:.1f} % at a price ratio of {:.3f} and nothing from {:.3f} on",
                  100 * saving, ratio, line.break_even());
}

void judge_other_prices(AuditFinding& finding, const measure::SavingLine& line, const Formula& low,
                        const Formula& high, const ClaimRow* row) {
  for (const Formula* price : {&low, &high})
    if (!price->at(row)) {
      finding.sentence += fmt::format("; the paper gives no usable {}", price->missing(row));
      return;
    }
  const double ratio = low.value(row) / high.value(row);
  finding.numbers["other_price_ratio"] = ratio;
  finding.numbers["other_saving_percent"] = 100 * line.at(ratio);
  finding.sentence +=
      fmt::format("; {:.1f} % at the other prices, ratio {:.3f}", 100 * line.at(ratio), ratio);
}

}  // namespace

AuditFindings run(const PriceCheck& check, const AuditInput& input) {
  const auto formula = [&](const std::string& text) {
    return Formula(input.claims, check.head, text);
  };
  const PriceFormulas f{formula(check.full_hours), formula(check.low_hours),
                        formula(check.high_hours), formula(check.devices),
                        formula(check.low_price),  formula(check.high_price)};
  return judge_rows(
      input, check.head, {&f.full, &f.low, &f.high, &f.devices, &f.low_price, &f.high_price},
      [&](AuditFinding& finding, const ClaimRow* row) {
        const measure::SavingLine line = measure::saving_line(
            f.full.value(row), f.low.value(row),
            counted(f.devices.value(row), kMostDevices, "devices"), f.high.value(row));
        judge_saving(finding, line, f.low_price.value(row) / f.high_price.value(row),
                     check.robust_ratio);
        if (!check.other_low_price.empty())
          judge_other_prices(finding, line, formula(check.other_low_price),
                             formula(check.other_high_price), row);
      });
}

AuditFindings run(const TargetCheck& check, const AuditInput& input) {
  const Formula reached(input.claims, check.head, check.reached);
  const Formula target(input.claims, check.head, check.target);
  return judge_rows(
      input, check.head, {&reached, &target}, [&](AuditFinding& finding, const ClaimRow* row) {
        const double gap = reached.value(row) - target.value(row);
        const bool met = gap <= check.tolerance + kSlack;
        finding.numbers = {{"gap", gap}};
        finding.arithmetic = fmt::format("{} - {} = {:+.4f}", reached.substituted(row),
                                         target.substituted(row), gap);
        finding.ruling = met ? Ruling::holds : Ruling::contradicts;
        finding.sentence = met ? fmt::format("the target is met with {:.4f} to spare", -gap)
                               : fmt::format(
                                     "stops {:.4f} above the target: only a tolerance of at "
                                     "least that makes it met",
                                     gap);
      });
}

AuditFindings run(const PerplexityCheck& check, const AuditInput& input) {
  const Formula loss(input.claims, check.head, check.loss);
  const Formula perplexity(input.claims, check.head, check.perplexity);
  return judge_rows(
      input, check.head, {&loss, &perplexity}, [&](AuditFinding& finding, const ClaimRow* row) {
        const double gap = std::log(perplexity.value(row)) - loss.value(row);
        const bool same = std::abs(gap) <= check.tolerance;
        finding.numbers = {{"exp_loss", std::exp(loss.value(row))},
                           {"ln_ppl", std::log(perplexity.value(row))},
                           {"gap", gap}};
        finding.arithmetic =
            fmt::format("exp({}) = {:.2f}, printed {}; ln {} = {:.4f}", loss.substituted(row),
                        std::exp(loss.value(row)), perplexity.substituted(row),
                        perplexity.substituted(row), std::log(perplexity.value(row)));
        finding.ruling = same ? Ruling::holds : Ruling::suspect;
        finding.sentence = same ? "the perplexity is exp(loss)"
                                : "the perplexity is not exp(loss): other data or other averaging";
      });
}

AuditFindings run(const ReportedCheck& check, const AuditInput& input) {
  AuditFindings findings;
  for (const std::string& name : check.facts) {
    const auto fact = std::find_if(input.claims.facts.begin(), input.claims.facts.end(),
                                   [&](const ClaimFact& known) { return known.name == name; });
    AuditFinding finding;
    finding.subject = name;
    const bool given = fact->origin == "paper";
    finding.inputs = {{"origin", fact->origin}};
    finding.ruling = given ? Ruling::holds : Ruling::not_checkable;
    finding.sentence = given ? fact->value : fmt::format("not in the paper: {}", fact->matters);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace repro::claims
