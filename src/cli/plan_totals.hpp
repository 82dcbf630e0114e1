#pragma once
// What a plan's rows add up to, and what keeps the sum from being one.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "forecast/plan_rows.hpp"

namespace repro::cli {

struct PlanTotals {
  struct Device {
    double hours = 0;
    double low = 0, high = 0;     // of the hours: equal to them where no step has an interval
    std::optional<double> price;  // dollars an hour; empty = the snapshot has none
  };
  std::map<std::string, Device> devices;    // that priced phases run on, with known hours
  std::vector<std::string> missing_prices;  // of them, those without a price
  std::vector<std::string> unknown_times;   // phases whose hours nothing says yet
  bool whole = true;                        // false: a priced phase is among those
  std::optional<double> dollars;            // of all devices; empty = a price, or all hours, miss
};
PlanTotals totals_of(const std::vector<forecast::PlanRow>& rows, const forecast::PlanBasis& basis);

// Seconds until the last job that is counted and not done ends here, with so many at a time.
double seconds_here(const plan::Plan& plan, const std::vector<bool>& counted,
                    const std::filesystem::path& runs, const forecast::MachineSpeed& speed,
                    int slots);

// "rtx-4090: 1.2 device-hours at $0.35/h = $0.42", a line a device, and their sum or what it lacks
// and how to give it.
std::vector<std::string> total_lines(const PlanTotals& totals, const plan::Experiment& experiment,
                                     const forecast::PlanBasis& basis);

// What a reader of the numbers must know: what does not fit, which prices and times are missing,
// which profile is not certified, that a scale stands in.
std::vector<std::string> plan_doubts(const PlanTotals& totals, const plan::Experiment& experiment,
                                     const std::vector<forecast::PlanRow>& rows,
                                     const forecast::PlanBasis& basis);

}  // namespace repro::cli
