#pragma once
// The hours of one phase of a row on a device, and what they rest on. Internal to pricing.

#include <optional>
#include <string>

#include "measure/audit_formula.hpp"
#include "measure/price_table.hpp"

namespace repro::measure {

class HoursOfPhase {
 public:
  // `name`: "full", "submodel" or "finetune". `hours` and `steps`: formulas of the check, "" =
  // none. Error when the paper's hours are asked for on a device they are not of, or a projection
  // on one without a peak. What is passed must outlive this.
  HoursOfPhase(const config::Claims& claims, const config::PriceCheck& check, std::string name,
               const PriceQuestion& question, const config::Profile& paper_device);

  PhaseHours at(const config::ClaimRow& row) const;

 private:
  PhaseHours published(const config::ClaimRow& row) const;
  PhaseHours measured(const config::ClaimRow& row) const;
  PhaseHours extrapolated(const std::vector<config::MeasuredStep>& series,
                          const config::ClaimRow& row, double steps, double tokens) const;
  PhaseHours projected(const config::ClaimRow& row) const;
  PhaseHours at_assumed_utilisation(const config::ClaimRow& row, double peak) const;
  std::vector<config::MeasuredStep> series_of(const config::ClaimRow& row) const;
  // FLOPs of all steps as the paper counts them; empty where the claims do not say.
  std::optional<double> work(const config::ClaimRow& row) const;
  // Of one token by the model of this phase; empty, or an Error, where the claims have none.
  std::optional<double> model_flops(const config::ClaimRow& row) const;
  double flops_per_token(const config::ClaimRow& row) const;

  const config::Claims& claims_;
  const config::PriceCheck& check_;
  const std::string name_;
  const PriceQuestion& question_;
  const config::Profile& device_;
  const config::Profile& paper_device_;
  Basis basis_;
  std::optional<Formula> hours_, steps_, tokens_;
  config::Resolved flops_;  // the quantity "FLOPs a token of this phase's model"
};

}  // namespace repro::measure
