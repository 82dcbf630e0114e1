#include "measure/cost.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/text.hpp"

namespace repro::measure {
namespace {

void check_hours(const Phase& phase) {
  for (const JobHours& job : phase.jobs)
    if (!std::isfinite(job.hours) || job.hours < 0)
      throw Error("phase '{}': {} hours; a time must be finite and not negative", phase.name,
                  job.hours);
}

std::optional<double> price_of(const Phase& phase, const JobHours& job, const PriceOf& price) {
  const std::optional<double> dollars = price(job.device);
  if (dollars && (!std::isfinite(*dollars) || *dollars < 0))
    throw Error("phase '{}': a price of {}; it must be finite and not negative", phase.name,
                *dollars);
  return dollars;
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

std::string devices_of(const Phase& phase) {
  std::vector<std::string> devices;
  for (const JobHours& job : phase.jobs)
    if (std::find(devices.begin(), devices.end(), job.device) == devices.end())
      devices.push_back(job.device);
  return join(devices, " + ");
}

double longest_of(const Phase& phase) {
  double longest = 0;
  for (const JobHours& job : phase.jobs) longest = std::max(longest, job.hours);
  return longest;
}

PhaseCost cost_of(const Phase& phase, const PriceOf& price, const Billing& billing) {
  check_hours(phase);
  PhaseCost cost{.name = phase.name,
                 .title = phase.title,
                 .device = devices_of(phase),
                 .wall_hours = {},
                 .device_hours = {},
                 .dollars = {},
                 .overhead = phase.overhead};
  if (phase.jobs.empty()) return cost;
  cost.wall_hours = longest_of(phase);
  double device_hours = 0, dollars = 0;
  bool priced = true;
  for (const JobHours& job : phase.jobs) {
    const double held = billing.accounting == Accounting::makespan ? *cost.wall_hours : job.hours;
    const double hours = static_cast<double>(job.devices) * billed_hours(held, billing);
    const auto an_hour = price_of(phase, job, price);
    priced = priced && an_hour.has_value();
    device_hours += hours;
    dollars += hours * an_hour.value_or(0);
  }
  cost.device_hours = device_hours;
  if (priced) cost.dollars = dollars;
  return cost;
}

}  // namespace

Bill bill(const std::vector<Phase>& phases, const PriceOf& price, const Billing& billing) {
  Bill total;
  total.phases.reserve(phases.size());
  for (const Phase& phase : phases) {
    PhaseCost cost = cost_of(phase, price, billing);
    if (cost.dollars) {
      total.dollars += *cost.dollars;
      total.device_hours += *cost.device_hours;
      total.wall_hours += *cost.wall_hours;
    } else {
      total.unknown.push_back(cost.name);
    }
    total.phases.push_back(std::move(cost));
  }
  return total;
}

SavingLine saving_line(double baseline_hours, double cheap_hours, int64_t cheap_devices,
                       double costly_hours) {
  if (!(baseline_hours > 0) || !(cheap_hours >= 0) || !(costly_hours >= 0))
    throw Error(
        "a saving needs hours of the baseline above 0 and the others not negative, got {}, {} "
        "and {}",
        baseline_hours, cheap_hours, costly_hours);
  return {.a = 1 - costly_hours / baseline_hours,
          .b = static_cast<double>(cheap_devices) * cheap_hours / baseline_hours};
}

}  // namespace repro::measure
