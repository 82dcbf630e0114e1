#include "claims/printed_number.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "config/rule.hpp"

namespace repro::claims {
namespace {

constexpr size_t kMostDigits = 40;

// Powers of ten that a letter behind a digit stands for; 0 = none.
int taken_power(std::string& digits) {
  if (digits.size() < 2 || std::isdigit(static_cast<unsigned char>(digits[digits.size() - 2])) == 0)
    return 0;
  static constexpr std::pair<char, int> kPowers[] = {
      {'k', 3}, {'K', 3}, {'M', 6}, {'B', 9}, {'T', 12}};
  for (const auto& [letter, power] : kPowers) {
    if (digits.back() != letter) continue;
    digits.pop_back();
    return power;
  }
  return 0;
}

}  // namespace

std::optional<ClaimCell> parse_number(const std::string& printed, bool rounded) {
  ClaimCell cell{.printed = printed, .value = {}, .decimals = 0};
  std::string digits = printed;
  std::erase(digits, ',');
  const int power = taken_power(digits);
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  value *= std::pow(10.0, power);
  if (std::abs(value) > config::kMostMeasured || digits.size() > kMostDigits) return std::nullopt;
  const size_t point = digits.find('.');
  const size_t exponent = std::min(digits.find_first_of("eE"), digits.size());
  if (point != std::string::npos) cell.decimals = static_cast<int>(exponent - point - 1);
  if (exponent < digits.size())
    cell.decimals -= std::atoi(digits.c_str() + exponent + 1);  // 1.5e3 is sure to hundreds
  cell.decimals -= power;
  cell.exact = point == std::string::npos && power == 0 && !rounded;
  cell.value = value;
  return cell;
}

}  // namespace repro::claims
