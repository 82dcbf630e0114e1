#include "cli/numbers_given.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace repro::cli {

CLI::Validator number_within(double low, double high, const char* what) {
  return CLI::Validator(
      [=](const std::string& text) {
        double value = 0;
        const char* end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, value);
        if (error == std::errc() && stop == end && value >= low && value <= high)
          return std::string();
        return fmt::format("'{}': expected {}, a number from {} to {}", text, what, low, high);
      },
      "NUMBER");
}

CLI::Validator dollars_an_hour() { return number_within(0, 1e6, "dollars a device and hour"); }

}  // namespace repro::cli
