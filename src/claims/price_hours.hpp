#pragma once
// The hours of one phase of a row on a device, and what they rest on. Internal to pricing.

#include <optional>
#include <string>

#include "claims/audit_formula.hpp"
#include "claims/price_table.hpp"

namespace repro::claims {

// The baseline, the method's phase on the cheap devices, its phase on the costly one.
enum class PricePart { full, low, high };
const std::string& title_of(const PriceCheck& check, PricePart part);

class HoursOfPhase {
 public:
  // Error when the paper's hours are asked for on a device they are not of, or a projection
  // on one without a peak. What is passed must outlive this.
  HoursOfPhase(const Claims& claims, const PriceCheck& check, PricePart part,
               const PriceQuestion& question, const config::Profile& paper_device);

  PhaseHours at(const ClaimRow& row) const;

 private:
  PhaseHours published(const ClaimRow& row) const;
  PhaseHours measured(const ClaimRow& row) const;
  PhaseHours extrapolated(const std::vector<config::MeasuredStep>& series, const ClaimRow& row,
                          double steps, double tokens) const;
  PhaseHours projected(const ClaimRow& row) const;
  PhaseHours at_assumed_utilisation(const ClaimRow& row, double peak) const;
  std::vector<config::MeasuredStep> series_of(const ClaimRow& row) const;
  // FLOPs of all steps as the paper counts them; empty where the claims do not say.
  std::optional<double> work(const ClaimRow& row) const;
  // Of one token by the model of this phase; empty, or an Error, where the claims have none.
  std::optional<double> model_flops(const ClaimRow& row) const;
  double flops_per_token(const ClaimRow& row) const;

  const Claims& claims_;
  const PriceCheck& check_;
  PricePart part_;
  const PriceQuestion& question_;
  const config::Profile& device_;
  const config::Profile& paper_device_;
  Basis basis_;
  std::optional<Formula> hours_, steps_, tokens_;
  Resolved flops_;  // the quantity "FLOPs a token of this phase's model"
};

}  // namespace repro::claims
