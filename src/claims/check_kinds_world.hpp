#pragma once
// Checks of printed numbers against the world: a device's peak and memory, counts of test items,
// chance. See config/claim_checks.hpp for what their formulas may say.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "claims/check_kinds_arithmetic.hpp"

namespace repro::claims {

// Implied FLOP/s of a phase against the device's peak.
struct RooflineCheck {
  static constexpr std::string_view kKind = "roofline";
  CheckHead head;
  std::string phase;  // "submodel training"
  std::string role;   // of the model: "full", "submodel"
  std::string steps, hours;
  std::string tokens_per_step;
  std::string device;  // hardware profile
  std::string dtype = "bf16";
  // The first decides. Of an ambiguous model's readings the one with the fewest FLOPs does, so that
  // an excess is a lower bound.
  std::vector<std::string> conventions = {"megatron", "palm"};
};

// A count of FLOPs for one token by a formula, where no [[model]] says the shape.
struct FlopReading {
  std::string name;   // "6 N + 12 L d T"
  std::string flops;  // expression
};

// Model FLOPs utilisation that a printed throughput implies, by every convention and data type:
// impossible only if it is so by all of them. Where a percentage is printed: which give it?
struct MfuCheck {
  static constexpr std::string_view kKind = "mfu";
  CheckHead head;
  std::string tokens_per_second;  // of one device
  // One of the two:
  std::string device;  // hardware profile, at each of the data types
  std::string peak;    // expression, FLOP/s of one device
  std::vector<std::string> dtypes = {"bf16"};
  std::string role;  // of the model, by the named conventions; "" = `readings` alone
  std::vector<FlopReading> readings;
  std::string printed;  // expression, percent; "" = none is printed
  double least = 0;     // percent; below it by all of them is suspect
};

// Seconds a step of equal work on one device must not differ config::between data sets.
struct StepTimeCheck {
  static constexpr std::string_view kKind = "step-time";
  CheckHead head;
  std::string phase;
  std::string steps, hours;
  std::string group_by;  // key name: rows with the same value are equal work
  double limit = 1.1;    // largest / smallest
};

// Parameters and AdamW's state against a device's memory.
struct MemoryCheck {
  static constexpr std::string_view kKind = "memory";
  CheckHead head;
  std::string role;
  // One of the two:
  std::string device;     // hardware profile, whose memory it is: the number plans use as well
  std::string memory_gb;  // expression, 1e9 bytes
  std::vector<int64_t> bytes_per_parameter = {16, 12, 8};
};

// A percentage of n items must be an integer count over n.
struct GrimCheck {
  static constexpr std::string_view kKind = "grim";
  CheckHead head;
  std::vector<std::string> columns;
  std::string items;
  std::vector<std::string> alternatives;  // other counts worth naming when n is infeasible
};

// Is an accuracy different from guessing, and from always giving the same answer?
struct ChanceCheck {
  static constexpr std::string_view kKind = "chance";
  CheckHead head;
  std::vector<std::string> columns;
  std::string items, chance;                // chance in percent
  std::vector<std::string> constant_rates;  // percent, of always answering one label
  double alpha = 0.05;
  double constant_within = 1;  // standard errors
};

// Two arms' accuracies, unpaired, Holm over the rows.
struct ProportionCheck {
  static constexpr std::string_view kKind = "two-proportion";
  CheckHead head;
  std::string base, other, items;
  double alpha = 0.05;
};

}  // namespace repro::claims
