#include "findings/numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace repro::findings {

std::string fixed(double value, int decimals) {
  if (auto text = not_countable(value)) return *text;
  std::string text = fmt::format("{:.{}f}", value, decimals);
  // "-0.00" would claim a sign that rounding took away.
  if (text.find_first_of("123456789") == std::string::npos && text.front() == '-') text.erase(0, 1);
  return text;
}

std::string significant(double value, int digits) {
  if (auto text = not_countable(value)) return *text;
  if (value == 0) return "0";
  const int before = static_cast<int>(std::floor(std::log10(std::fabs(value)))) + 1;
  if (before > digits && before > 3) return with_commas(std::llround(value));
  return fixed(value, std::clamp(digits - before, 0, 9));
}

std::string percent(double fraction) {
  if (auto text = not_countable(100 * fraction)) return *text;
  return fixed(100 * fraction, 1) + " %";
}

std::string range_text(const measure::Interval& range, int digits) {
  if (std::isnan(range.low) || std::isnan(range.high)) return *not_countable(std::nan(""));
  if (std::isinf(range.low) && std::isinf(range.high)) return "any";
  if (std::isinf(range.low)) return "<= " + significant(range.high, digits);
  if (std::isinf(range.high)) return ">= " + significant(range.low, digits);
  return significant(range.low, digits) + " to " + significant(range.high, digits);
}

std::string percent_range(double fraction, const measure::Interval& range) {
  if (std::isinf(range.low)) return "< " + fixed(100 * range.high, 0) + " %";
  if (std::isinf(range.high)) return "> " + fixed(100 * range.low, 0) + " %";
  if (auto text = not_countable(100 * fraction)) return *text;
  return fmt::format("{} % ({} to {})", fixed(100 * fraction, 0), fixed(100 * range.low, 0),
                     fixed(100 * range.high, 0));
}

std::string loss_text(double nats) { return fixed(nats, 4); }

std::string times(double ratio) { return not_countable(ratio).value_or(significant(ratio) + "x"); }

std::string seconds_text(double seconds) {
  if (auto text = not_countable(seconds)) return *text;
  if (seconds >= 3600) return fixed(seconds / 3600, 2) + " h";
  return significant(seconds) + " s";
}

}  // namespace repro::findings
