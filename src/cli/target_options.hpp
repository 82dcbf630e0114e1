#pragma once
// --target, --target-valid and --tolerance, as every verb asks for them.

#include <CLI/CLI.hpp>
#include <optional>

namespace repro::cli {

struct TargetChoice {
  std::optional<double> training;    // nats a token
  std::optional<double> validation;  // likewise, of evaluations
  double tolerance = 0;              // nats above either that still reach it
  bool any() const { return training || validation; }
};

// `choice` must outlive the verb.
void add_target_options(CLI::App& verb, TargetChoice& choice);

}  // namespace repro::cli
