#pragma once
// The checks a claims file can declare: which printed numbers must agree, and how. Formulas are
// expressions (config/expression.hpp) over columns of the check's table (evaluated for each row),
// `table.column` of the same row elsewhere, named constants, least(table.column) and
// greatest(table.column) over all rows, and flops_ROLE and params_ROLE of the row's models.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/fields.hpp"

namespace repro::config {

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
  Source source;
};

// left RELATION right. With "=", |left - right| <= tolerance (default: half a unit of the last
// decimal that `left` prints). inputs = "rounded" accepts any values that print the same.
struct EquationCheck {
  static constexpr std::string_view kKind = "equation";
  CheckHead head;
  std::string left, right;
  std::string relation = "=";  // "=", "<", "<=", ">", ">="
  std::optional<double> tolerance;
  std::string inputs = "exact";  // or "rounded"
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

// Seconds a step of equal work on one device must not differ between data sets.
struct StepTimeCheck {
  static constexpr std::string_view kKind = "step-time";
  CheckHead head;
  std::string phase;
  std::string steps, hours;
  std::string group_by;  // key name: rows with the same value are equal work
  double limit = 1.1;    // largest / smallest
};

// exp(loss) = perplexity where both are of the same data and averaging.
struct PerplexityCheck {
  static constexpr std::string_view kKind = "perplexity";
  CheckHead head;
  std::string loss, perplexity;
  double tolerance = 0.01;  // nats
};

// The second arm stops when it reaches the first arm's loss.
struct TargetCheck {
  static constexpr std::string_view kKind = "target";
  CheckHead head;
  std::string reached, target;
  double tolerance = 0;  // of the target, as the paper states it
};

// Parameters and AdamW's state against a device's memory.
struct MemoryCheck {
  static constexpr std::string_view kKind = "memory";
  CheckHead head;
  std::string role;
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

// Facts without which the claim cannot be judged.
struct ReportedCheck {
  static constexpr std::string_view kKind = "reported";
  CheckHead head;
  std::vector<std::string> facts;  // names of [[fact]]
};

using ClaimCheck = std::variant<EquationCheck, RatioCheck, PriceCheck, RooflineCheck, StepTimeCheck,
                                PerplexityCheck, TargetCheck, MemoryCheck, GrimCheck, ChanceCheck,
                                ProportionCheck, ReportedCheck>;

const CheckHead& head_of(const ClaimCheck& check);
std::string_view kind_of(const ClaimCheck& check);  // "equation", "roofline", ...: `kind` in TOML
// Reads one [[check]] table by its `kind`; problems go to `problems`.
std::optional<ClaimCheck> read_check(const Node& node, Problems& problems);

}  // namespace repro::config
