#include "check/policy.hpp"

#include <cmath>

namespace repro::checks {

std::string_view name(Sides sides) {
  switch (sides) {
    case Sides::two_sided:
      return "two-sided";
    case Sides::one_sided:
      return "one-sided";
    case Sides::non_inferiority:
      return "non-inferiority";
  }
  return "";
}

double Policy::margin(const std::string& number, double golden) const {
  const auto own = margins.find(number);
  if (own == margins.end()) return other_margin * std::abs(golden);
  return number == "steps_to_loss" ? own->second * std::abs(golden) : own->second;
}

double Policy::floor(const std::string& series, double golden) const {
  const auto own = floors.find(series);
  return (own == floors.end() ? 0.001 : own->second) * std::abs(golden);
}

bool spikes_by_chance(const std::string& series) { return series == "grad_norm"; }

Sense sense_of(const std::string& number) {
  return number == "least_expert_share" ? Sense::higher_is_better : Sense::lower_is_better;
}

}  // namespace repro::checks
