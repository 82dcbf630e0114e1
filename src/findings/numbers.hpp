#pragma once
// Numbers as reports print them. Enough digits to tell values apart, no more; every function takes
// the full-precision value, which CSV and JSON keep. NaN, infinity and what lies beyond 2^53 are
// said in words or with an exponent (not_countable() of base/text.hpp), never shown as digits.

#include <optional>
#include <string>

#include "measure/stats.hpp"

namespace repro::findings {

std::string fixed(double value, int decimals);
// At least `digits` significant digits, without an exponent: 22.5, 0.0421, 1,234.
std::string significant(double value, int digits = 3);
std::string percent(double fraction);                                  // "69.5 %"
std::string percent_range(double fraction, const measure::Interval&);  // "12 % (5 to 20)"
std::string range_text(const measure::Interval& range,
                       int digits = 3);    // "5 to 20", ">= 5", "<= 2"
std::string loss_text(double nats);        // four decimals
std::string times(double ratio);           // "2.58x"
std::string seconds_text(double seconds);  // "41.2 s"; long ones in h

}  // namespace repro::findings
