#pragma once
// A quantity as a function of prices, for whoever lets a reader change them: its formula, and what
// each name of it is worth in every seed, as a number or as hours of each device that are
// multiplied by what an hour costs. Nothing is rounded, so that the same prices give the same
// number.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "findings/study.hpp"

namespace repro::findings {

// Worth fixed + the sum over devices of hours x dollars an hour.
struct PricedName {
  double fixed = 0;
  std::map<std::string, double> device_hours;  // by profile
  double at(const Prices& prices) const;       // of devices that all have a price
};

// One seed's names, in the order of the formula's references.
using PricedSeed = std::vector<PricedName>;

struct PriceFormula {
  const claims::Quantity* quantity = nullptr;
  std::vector<std::vector<PricedSeed>> rows;  // by row, the seeds that have the quantity
  // The row's mean over its seeds; empty where none has it, or the formula has no finite value.
  std::optional<double> at(size_t row, const Prices& prices) const;
};

// repro::check that standing_depends_on_prices() is false.
PriceFormula price_formula(const claims::Quantity& quantity, const Study& study);

// Under a budget in dollars other prices would end the arms elsewhere.
bool standing_depends_on_prices(const plan::Experiment& experiment);

}  // namespace repro::findings
