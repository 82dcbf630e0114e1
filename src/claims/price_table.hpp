#pragma once
// A paper's cost table priced again: at other prices, on other devices, with the paper's hours or
// with step times measured here. Two arms: all steps on the costly device, or submodels side by
// side on cheap ones and then fine-tuning on the costly one. Which numbers those are, the claims
// say.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "claims/claims.hpp"
#include "config/profile.hpp"
#include "measure/cost.hpp"
#include "measure/evidence.hpp"
#include "measure/stats.hpp"

namespace repro::claims {

// Where the hours come from, each device by itself.
enum class Basis {
  best,      // measured steps; without them the paper's hours on its own device; else projected
  paper,     // the paper's hours, on the paper's devices only
  measured,  // as best, but nothing at all without a measured step
  projected  // as best, whatever was measured
};

// A device and what an hour of it costs.
struct Rented {
  config::Profile profile;
  double price = 0;                         // dollars an hour
  std::optional<measure::Interval> offers;  // cheapest and dearest offer, for the saving's range
};

struct PriceQuestion {
  Rented low, high;
  Basis basis = Basis::best;
  measure::Billing billing;
  // Of a data sheet's peak, to project with; empty = the paper's own on its device.
  std::optional<double> utilisation = {};
};

struct PhaseHours {
  std::optional<double> hours;
  measure::Evidence evidence = measure::Evidence::none;
  std::string basis;                  // what the hours rest on, or why there are none
  std::optional<double> utilisation;  // of the device's peak that they imply
  // 95 %, of hours whose step was timed: of the timing alone, not of an extrapolation.
  std::optional<measure::Interval> range = {};
  std::string timed = {};  // which step that was: phases of one step err together
};

struct PricedRow {
  std::string id;                                  // "qwen_moe/c4"
  std::string subject;                             // "Qwen / C4"
  std::string family, member;                      // "Qwen", "C4"
  std::optional<double> paper_full, paper_method;  // dollars as printed
  std::optional<double> paper_saving() const;
  PhaseHours full_time, low_time, high_time;
  bool priced = false;                 // the rest is valid only then
  measure::Evidence evidence() const;  // of the saving: all three
  std::string missing() const;         // why it is not priced
  std::optional<double> if_priced(double value) const;
  // Of the method: 0 = submodels, 1 = fine-tuning, then the overheads.
  std::optional<double> phase_dollars(size_t phase) const;
  measure::Bill full, method;  // method: "submodels", "fine-tuning" and the overheads
  double saving = 0;           // 1 - method / full
  measure::SavingLine line;
  std::optional<measure::Interval> range;  // of the saving over the offers' prices
  // Of the saving, 95 %, by what timed steps leave open; empty where none was timed.
  std::optional<measure::Interval> timing_range;
  // What would have to be true for the method to save anything:
  double break_even_low_price = 0;          // a cheap device costs less than this
  std::optional<double> needed_step_ratio;  // full steps / fine-tuning steps; empty = no ratio does
  std::optional<double> step_ratio;         // as printed
};

struct PricedTable {
  std::string table;
  std::string title;
  std::string low_device, high_device;
  std::string low_title, high_title;  // of the method's phases on them: "submodels", "fine-tuning"
  double low_price = 0, high_price = 0;
  double paper_ratio = 0;           // of the paper's prices
  std::string dtype, convention;    // of the peaks and FLOPs that a utilisation is of
  std::vector<std::string> doubts;  // of profiles that were measured on a busy machine
  std::vector<PricedRow> rows;
};

// The check that says how a table is priced; Error when the claims have none for it.
const PriceCheck& price_check(const Claims& claims, const std::string& table);
// The paper's own devices and prices, with these profiles.
double paper_price(const Claims& claims, const PriceCheck& check, bool low);

// Error when the paper's hours are asked for on a device they are not of, a projection on a device
// without a peak, or measured hours where nothing was measured.
PricedTable price(const Claims& claims, const PriceCheck& check, const PriceQuestion& question,
                  const config::Profile& paper_low, const config::Profile& paper_high);

// Points of saving against price ratio, from 0 to `last`, both ends included.
struct SavingPoint {
  double price_ratio = 0;
  double saving = 0;
};
std::vector<SavingPoint> saving_curve(const measure::SavingLine& line, double last, int64_t points);

}  // namespace repro::claims
