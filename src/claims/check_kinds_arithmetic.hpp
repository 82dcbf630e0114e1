#pragma once
// Checks of printed numbers against each other: equations, ratios, prices, targets. See
// config/claim_checks.hpp for what their formulas may say.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.hpp"

namespace repro::claims {

// What every check has.
struct CheckHead {
  std::string id;         // "submodel_cost"
  std::string statement;  // what the paper says, in plain words, without a full stop
  std::string where;      // place in the paper
  std::string table;      // evaluated for each of its rows; "" = once
  // For flops_ROLE and params_ROLE:
  std::string reading;                  // of an ambiguous model; "" = that with the least
  std::string convention = "megatron";  // of the FLOPs
  std::string sequence = "sequence";    // constant: tokens
  config::Source source;
};

// left RELATION right. With "=", |left - right| <= tolerance (default: half a unit of the last
// decimal that `left` prints). inputs = "rounded" accepts any values that print the same. Where few
// rows close so, they are tried cut off, rounded up and, unless inputs = "exact", of rounded
// inputs: nearly all rows in one way.
struct EquationCheck {
  static constexpr std::string_view kKind = "equation";
  CheckHead head;
  std::string left, right;
  std::string relation = "=";  // "=", "<", "<=", ">", ">="
  std::optional<double> tolerance;
  std::string inputs;  // "exact", "rounded"; "" = exact where that closes
};

// A value that must be the same in every row, or in every row with the same key or text.
struct ConstantCheck {
  static constexpr std::string_view kKind = "constant";
  CheckHead head;
  std::string value;
  std::string group_by;  // name of a key or column; "" = all rows
  double spread = 0;     // relative, allowed beyond rounding
};

// Every row has as many cells as the heading has names, as printed.
struct RowWidthCheck {
  static constexpr std::string_view kKind = "row-width";
  CheckHead head;
};

// numerator / denominator of two arms' resources; more than `warn_above` is worth knowing.
struct RatioCheck {
  static constexpr std::string_view kKind = "ratio";
  CheckHead head;
  std::string numerator, denominator;
  std::string resource;  // "device-hours", "samples", "FLOPs"
  double warn_above = 1;
};

// The saving as a line in the price ratio, and the ratio at which nothing is saved. Also what is
// needed to price the table again: `repro price TABLE` uses the check of that table.
struct PriceCheck {
  static constexpr std::string_view kKind = "price-sensitivity";
  CheckHead head;
  std::string full_hours, low_hours, high_hours;  // low: hours of one cheap device
  std::string devices;                            // cheap devices side by side
  // What the three are called, and whose model they train.
  std::string full_title = "baseline", low_title = "cheap phase", high_title = "costly phase";
  std::string full_role = "full", low_role = "submodel", high_role = "full";
  // Of their model what is trained, as profiles keep measured steps.
  std::string full_shape = "full", low_shape = "one-expert", high_shape = "full";
  std::string low_price, high_price;
  std::string other_low_price, other_high_price;  // a second pair; "" = none
  double robust_ratio = 0.9;                      // a break-even below this is fragile
  // To price again; "" = the table cannot be.
  std::string low_device, high_device;  // hardware profiles of the paper's hours
  std::string full_cost, method_cost;   // as printed, to set beside
  std::string full_steps, low_steps, high_steps;
  std::string tokens_per_step;
  std::string dtype = "bf16";          // of the peaks hours are projected with
  std::vector<std::string> overheads;  // phases whose cost the paper does not give
};

// The second arm stops when it reaches the first arm's loss.
struct TargetCheck {
  static constexpr std::string_view kKind = "target";
  CheckHead head;
  std::string reached, target;
  double tolerance = 0;  // of the target, as the paper states it
};

// exp(loss) = perplexity where both are of the same data and averaging.
struct PerplexityCheck {
  static constexpr std::string_view kKind = "perplexity";
  CheckHead head;
  std::string loss, perplexity;
  double tolerance = 0.01;  // nats
};

// Facts without which the claim cannot be judged.
struct ReportedCheck {
  static constexpr std::string_view kKind = "reported";
  CheckHead head;
  std::vector<std::string> facts;  // names of [[fact]]
};

}  // namespace repro::claims
