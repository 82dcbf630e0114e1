#pragma once
// What would make two sides of an equation agree that do not: a known slip of a factor, or the one
// printed number that has to change least. Internal to the audit.

#include <optional>
#include <string>

#include "claims/audit_formula.hpp"

namespace repro::claims {

// A factor by which printed numbers are off for a reason.
struct Slip {
  double factor = 1;       // left / right
  std::string reason;      // "a percentage taken for a share"
  bool too_large = false;  // the left side is
  std::string text() const;
};
// Of the two sides' ranges; empty when no known factor lies between them.
std::optional<Slip> find_slip(const Ranged& left, const Ranged& right);

// "closes if gpu_hours were 174,603 instead of 162K, or rate 3,772 instead of 3500 (7.8 %)": the
// single numbers that have to change least, all that change about as little. Empty when none
// within a factor of three does it.
std::string smallest_change(const Formula& left, const Formula& right, const ClaimRow* row);

}  // namespace repro::claims
