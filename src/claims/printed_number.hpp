#pragma once
// A number as a paper prints it. Internal to loading.

#include <optional>
#include <string>

#include "claims/claims.hpp"

namespace repro::claims {

// "22,500.36", "4.2E+14", "2664K", "5.576M" (k, K, M, B, T: thousands to trillions). Without a
// point and without such a letter it is a count, and exact, unless it is `rounded`. Empty when it
// is no number.
std::optional<ClaimCell> parse_number(const std::string& printed, bool rounded = false);

}  // namespace repro::claims
