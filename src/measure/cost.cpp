#include "measure/cost.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"

namespace repro::measure {
namespace {

void check_phase(const Phase& phase) {
  for (const double hours : phase.job_hours)
    if (!std::isfinite(hours) || hours < 0)
      throw Error("phase '{}': {} hours; a time must be finite and not negative", phase.name,
                  hours);
  if (!std::isfinite(phase.price_per_hour) || phase.price_per_hour < 0)
    throw Error("phase '{}': a price of {}; it must be finite and not negative", phase.name,
                phase.price_per_hour);
}

// What a provider bills for one device that was held this long.
double billed_hours(double hours, const Billing& billing) {
  if (hours == 0) return 0;
  double seconds = std::max(hours * 3600, billing.minimum_seconds);
  if (billing.granularity_seconds > 0) {
    // A whole number of units that arithmetic left a hair above is not one more unit.
    const double units = seconds / billing.granularity_seconds;
    seconds = std::ceil(units - 1e-9) * billing.granularity_seconds;
  }
  return seconds / 3600;
}

PhaseCost cost_of(const Phase& phase, const Billing& billing) {
  check_phase(phase);
  PhaseCost cost;
  cost.name = phase.name;
  cost.device = phase.device;
  cost.overhead = phase.overhead;
  if (phase.job_hours.empty()) return cost;
  const double longest = *std::max_element(phase.job_hours.begin(), phase.job_hours.end());
  double hours = 0;
  for (const double job : phase.job_hours)
    hours += billed_hours(billing.accounting == Accounting::makespan ? longest : job, billing);
  cost.wall_hours = longest;
  cost.device_hours = hours;
  cost.dollars = hours * phase.price_per_hour;
  return cost;
}

// Variance of a mean relative to its square; 0 where there is no spread to speak of.
double relative_variance(const Summary& summary) {
  if (!summary.sd) return 0;
  const double error = *summary.sd / std::sqrt(static_cast<double>(summary.n));
  return error * error / (summary.mean * summary.mean);
}

}  // namespace

Bill bill(const std::vector<Phase>& phases, const Billing& billing) {
  Bill total;
  total.phases.reserve(phases.size());
  for (const Phase& phase : phases) {
    PhaseCost cost = cost_of(phase, billing);
    if (cost.dollars) {
      total.dollars += *cost.dollars;
      total.device_hours += *cost.device_hours;
      total.wall_hours += *cost.wall_hours;
    } else {
      total.not_measured.push_back(cost.name);
    }
    total.phases.push_back(std::move(cost));
  }
  return total;
}

SavingLine saving_line(double full_hours, double submodel_hours, int64_t submodel_devices,
                       double finetune_hours) {
  if (!(full_hours > 0) || !(submodel_hours >= 0) || !(finetune_hours >= 0))
    throw Error(
        "a saving needs hours of the full training above 0 and the others not negative, "
        "got {}, {} and {}",
        full_hours, submodel_hours, finetune_hours);
  return {.a = 1 - finetune_hours / full_hours,
          .b = static_cast<double>(submodel_devices) * submodel_hours / full_hours};
}

Uncertainty saving_interval(const ArmHours& hours, const Interval& price_ratio, double confidence) {
  const SavingLine line = saving_line(hours.full.mean, hours.submodel.mean, hours.submodel_devices,
                                      hours.finetune.mean);
  Uncertainty result;
  result.seeds_included = hours.full.sd && hours.submodel.sd && hours.finetune.sd;
  if (!result.seeds_included) {
    result.saving = {line.at(price_ratio.high), line.at(price_ratio.low)};
    return result;
  }
  const auto fewest = std::min({hours.full.n, hours.submodel.n, hours.finetune.n});
  const double t = student_quantile(0.5 + confidence / 2, static_cast<double>(fewest - 1));
  // 1 - saving = (t_F + r E t_S) / t_full: first-order propagation over three independent means.
  const auto half_width = [&](double ratio) {
    const double finetune = 1 - line.a;
    const double submodels = line.b * ratio;
    const double cost = finetune + submodels;
    return t * std::sqrt(cost * cost * relative_variance(hours.full) +
                         finetune * finetune * relative_variance(hours.finetune) +
                         submodels * submodels * relative_variance(hours.submodel));
  };
  result.saving = {line.at(price_ratio.high) - half_width(price_ratio.high),
                   line.at(price_ratio.low) + half_width(price_ratio.low)};
  return result;
}

}  // namespace repro::measure
