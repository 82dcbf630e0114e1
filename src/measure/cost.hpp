#pragma once
// What does a set of phases cost on rented devices? Hours x price, each phase on its own hardware.
// A phase whose hours nobody measured costs "unknown", which is not zero: it is counted, named, and
// left out of the sum. Savings between two prices are lines, A - B r, in the price ratio r.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "measure/stats.hpp"

namespace repro::measure {

enum class Accounting {
  makespan,  // all devices of a phase are paid until its longest job ends (the paper's)
  usage,     // each job pays for its own time
};

struct Billing {
  Accounting accounting = Accounting::makespan;
  double granularity_seconds = 0;  // each billed time is rounded up to this; 0 = exact
  double minimum_seconds = 0;      // the least one device is billed for a phase
};

struct Phase {
  std::string name;
  std::string device;  // profile name
  // One entry a job, each on its own device, side by side; empty = not measured.
  std::vector<double> job_hours;
  double price_per_hour = 0;  // dollars a device and hour
  bool overhead = false;      // preparing, clustering, merging, transfer, evaluation
};

struct PhaseCost {
  std::string name;
  std::string device;
  std::optional<double> wall_hours;    // empty = not measured ("n/m")
  std::optional<double> device_hours;  // billed
  std::optional<double> dollars;
  bool overhead = false;
};

struct Bill {
  std::vector<PhaseCost> phases;
  double dollars = 0;  // of the measured phases
  double device_hours = 0;
  double wall_hours = 0;  // phases one after another
  std::vector<std::string> not_measured;
};
// Error for negative or non-finite hours or prices, naming the phase.
Bill bill(const std::vector<Phase>& phases, const Billing& billing);

// saving(r) = A - B r with r = price of the cheap device / price of the costly one:
// A = 1 - t_finetune / t_full, B = devices x t_submodel / t_full.
struct SavingLine {
  double a = 0;
  double b = 0;
  double at(double price_ratio) const { return a - b * price_ratio; }
  double break_even() const { return a / b; }  // above this ratio the method costs more
};
SavingLine saving_line(double full_hours, double submodel_hours, int64_t submodel_devices,
                       double finetune_hours);

// The saving's interval: hours vary over seeds (delta method on each ratio), prices over offers.
// Without a spread over seeds (n = 1) only the prices' part remains.
struct Uncertainty {
  Interval saving;
  bool seeds_included = false;
};
struct ArmHours {
  Summary full, submodel, finetune;
  int64_t submodel_devices = 1;
};
Uncertainty saving_interval(const ArmHours& hours, const Interval& price_ratio,
                            double confidence = 0.95);

}  // namespace repro::measure
