#include "measure/evidence.hpp"

#include <algorithm>
#include <array>

namespace repro::measure {

std::string_view name(Evidence evidence) {
  constexpr std::array<std::string_view, 7> kNames = {
      "measured", "published", "calibrated", "mixed", "projected", "assumed", "n/m"};
  return kNames[static_cast<size_t>(evidence)];
}

std::string_view key(Evidence evidence) {
  return evidence == Evidence::none ? "none" : name(evidence);
}

Evidence combined(Evidence a, Evidence b) {
  if (a == b) return a;
  return std::max({a, b, Evidence::mixed});
}

}  // namespace repro::measure
