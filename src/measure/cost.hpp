#pragma once
// What does a set of phases cost on rented devices? Hours x price, each job on its own hardware. A
// job whose hours nobody measured, or whose device has no price, costs "unknown", which is not
// zero: its phase is counted, named, and left out of the sum. Savings between two prices are lines,
// A - B r, in the price ratio r.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace repro::measure {

enum class Accounting {
  makespan,  // all devices of a phase are paid until its longest job ends (a common way of papers)
  usage,     // each job pays for its own time
};

struct Billing {
  Accounting accounting = Accounting::makespan;
  double granularity_seconds = 0;  // each billed time is rounded up to this; 0 = exact
  double minimum_seconds = 0;      // the least one device is billed for a phase
};

struct JobHours {
  double hours = 0;
  std::string device = {};  // profile name
  int64_t devices = 1;      // that work on it together
};

struct Phase {
  std::string name;
  std::string title = {};           // for people
  std::vector<JobHours> jobs = {};  // side by side; empty = not measured
  bool overhead = false;            // preparing, clustering, merging, transfer, evaluation
};

struct PhaseCost {
  std::string name;
  std::string title;
  std::string device;                  // of its jobs; several are joined by " + "
  std::optional<double> wall_hours;    // empty = not measured ("n/m")
  std::optional<double> device_hours;  // billed
  std::optional<double> dollars;       // empty = not measured, or a device has no price
  bool overhead = false;
};

struct Bill {
  std::vector<PhaseCost> phases;
  double dollars = 0;  // of the phases that have a cost
  double device_hours = 0;
  double wall_hours = 0;             // phases one after another
  std::vector<std::string> unknown;  // names of phases without a cost
  bool complete() const { return unknown.empty(); }
};

// Dollars an hour of one device; empty = nobody offers it.
using PriceOf = std::function<std::optional<double>(const std::string& device)>;

// Error for negative or non-finite hours or prices, naming the phase.
Bill bill(const std::vector<Phase>& phases, const PriceOf& price, const Billing& billing);

// saving(r) = A - B r with r = price of the cheap device / price of the costly one:
// A = 1 - t_costly / t_baseline, B = devices x t_cheap / t_baseline.
struct SavingLine {
  double a = 0;
  double b = 0;
  double at(double price_ratio) const { return a - b * price_ratio; }
  double break_even() const { return a / b; }  // above this ratio the method costs more
};
// Hours of the baseline, of each cheap device, of the method's costly phase.
SavingLine saving_line(double baseline_hours, double cheap_hours, int64_t cheap_devices,
                       double costly_hours);

}  // namespace repro::measure
