#pragma once
// A paper's cost table priced again: at other prices, on other devices, with the paper's hours or
// with step times measured here. Two arms: all steps on the costly device, or submodels side by
// side on cheap ones and then fine-tuning on the costly one. Which numbers those are, the claims
// say.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/claims.hpp"
#include "config/profile.hpp"
#include "measure/cost.hpp"

namespace repro::measure {

// Where the hours come from; never mixed in one table.
enum class Basis {
  paper,      // the paper's hours, on the paper's devices
  measured,   // measured seconds a step x the paper's steps
  projected,  // the paper's hours x the ratio of data-sheet peaks: the same utilisation assumed
};

// A device and what an hour of it costs.
struct Rented {
  config::Profile profile;
  double price = 0;                // dollars an hour
  std::optional<Interval> offers;  // cheapest and dearest offer, for the saving's range
};

struct PriceQuestion {
  Rented low, high;
  Basis basis = Basis::paper;
  Billing billing;
};

struct PricedRow {
  std::string id;                                  // "qwen_moe/c4"
  std::string subject;                             // "Qwen / C4"
  std::optional<double> paper_full, paper_method;  // dollars as printed
  std::optional<double> paper_saving() const;
  std::string evidence;  // "paper", "calibrated", "projected"; "n/m" = not measured
  std::string reason;    // why there is nothing, or what the hours rest on
  bool priced = false;   // the rest is valid only then
  double full_hours = 0, low_hours = 0, high_hours = 0;
  Bill full, method;  // method: "submodels", "fine-tuning" and the overheads
  double saving = 0;  // 1 - method / full
  SavingLine line;
  std::optional<Interval> range;  // of the saving over the offers' prices
  // What would have to be true for the method to save anything:
  double break_even_low_price = 0;          // a cheap device costs less than this
  std::optional<double> needed_step_ratio;  // full steps / fine-tuning steps; empty = no ratio does
  std::optional<double> step_ratio;         // as printed
};

struct PricedTable {
  std::string table;
  std::string title;
  std::string low_device, high_device;
  double low_price = 0, high_price = 0;
  double paper_ratio = 0;  // of the paper's prices
  std::vector<PricedRow> rows;
};

// The check that says how a table is priced; Error when the claims have none for it.
const config::PriceCheck& price_check(const config::Claims& claims, const std::string& table);
// The paper's own devices and prices, with these profiles.
double paper_price(const config::Claims& claims, const config::PriceCheck& check, bool low);

// Error when the paper's hours are asked for on a device they are not of.
PricedTable price(const config::Claims& claims, const config::PriceCheck& check,
                  const PriceQuestion& question, const config::Profile& paper_low,
                  const config::Profile& paper_high);

// Points of saving against price ratio, from 0 to `last`, both ends included.
struct SavingPoint {
  double price_ratio = 0;
  double saving = 0;
};
std::vector<SavingPoint> saving_curve(const SavingLine& line, double last, int64_t points);

}  // namespace repro::measure
