#pragma once
// Checks of numbers on the command line that CLI11 lets through: "nan" is not below 0.

#include <CLI/CLI.hpp>

namespace repro::cli {

// Finite, from `low` to `high`; the message names both and `what`.
CLI::Validator number_within(double low, double high, const char* what);
// Dollars a device and hour, 0 to a million.
CLI::Validator dollars_an_hour();

}  // namespace repro::cli
