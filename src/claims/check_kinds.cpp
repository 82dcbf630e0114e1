#include "claims/check_kinds.hpp"

#include <type_traits>
#include <utility>

#include "base/text.hpp"

namespace repro::claims {
namespace {

void describe_head(config::Fields& fields, CheckHead& head) {
  std::string kind;  // read before, to choose the struct
  fields.field("kind", kind);
  fields.field("id", head.id, config::required());
  fields.field("statement", head.statement, config::required());
  fields.field("where", head.where);
  fields.field("table", head.table);
  fields.field("reading", head.reading);
  fields.field("convention", head.convention);
  fields.field("sequence", head.sequence);
}

}  // namespace

void describe(config::Fields& fields, EquationCheck& check) {
  describe_head(fields, check.head);
  fields.field("left", check.left, config::required());
  fields.field("relation", check.relation, config::one_of({"=", "<", "<=", ">", ">="}));
  fields.field("right", check.right, config::required());
  fields.field("tolerance", check.tolerance, config::at_least(0));
  fields.field("inputs", check.inputs, config::one_of({"exact", "rounded"}));
}

void describe(config::Fields& fields, ConstantCheck& check) {
  describe_head(fields, check.head);
  fields.field("value", check.value, config::required());
  fields.field("group_by", check.group_by);
  fields.field("spread", check.spread, config::between(0, 1));
}

void describe(config::Fields& fields, RowWidthCheck& check) { describe_head(fields, check.head); }

void describe(config::Fields& fields, RatioCheck& check) {
  describe_head(fields, check.head);
  fields.field("numerator", check.numerator, config::required());
  fields.field("denominator", check.denominator, config::required());
  fields.field("resource", check.resource, config::required());
  fields.field("warn_above", check.warn_above, config::positive());
}

void describe(config::Fields& fields, PriceCheck& check) {
  describe_head(fields, check.head);
  fields.field("full_hours", check.full_hours, config::required());
  fields.field("low_hours", check.low_hours, config::required());
  fields.field("high_hours", check.high_hours, config::required());
  fields.field("full_title", check.full_title);
  fields.field("low_title", check.low_title);
  fields.field("high_title", check.high_title);
  fields.field("full_role", check.full_role);
  fields.field("low_role", check.low_role);
  fields.field("high_role", check.high_role);
  fields.field("full_shape", check.full_shape);
  fields.field("low_shape", check.low_shape);
  fields.field("high_shape", check.high_shape);
  fields.field("devices", check.devices, config::required());
  fields.field("low_price", check.low_price, config::required());
  fields.field("high_price", check.high_price, config::required());
  fields.field("other_low_price", check.other_low_price);
  fields.field("other_high_price", check.other_high_price);
  fields.field("robust_ratio", check.robust_ratio, config::positive());
  fields.field("low_device", check.low_device);
  fields.field("high_device", check.high_device);
  fields.field("full_cost", check.full_cost);
  fields.field("method_cost", check.method_cost);
  fields.field("full_steps", check.full_steps);
  fields.field("low_steps", check.low_steps);
  fields.field("high_steps", check.high_steps);
  fields.field("tokens_per_step", check.tokens_per_step);
  fields.field("dtype", check.dtype);
  fields.field("overheads", check.overheads);
}

void describe(config::Fields& fields, RooflineCheck& check) {
  describe_head(fields, check.head);
  fields.field("phase", check.phase, config::required());
  fields.field("role", check.role, config::required());
  fields.field("steps", check.steps, config::required());
  fields.field("hours", check.hours, config::required());
  fields.field("tokens_per_step", check.tokens_per_step, config::required());
  fields.field("device", check.device, config::required());
  fields.field("dtype", check.dtype);
  fields.field("conventions", check.conventions);
}

void describe(config::Fields& fields, FlopReading& reading) {
  fields.field("name", reading.name, config::required());
  fields.field("flops", reading.flops, config::required());
}

void describe(config::Fields& fields, MfuCheck& check) {
  describe_head(fields, check.head);
  fields.field("tokens_per_second", check.tokens_per_second, config::required());
  fields.field("device", check.device);
  fields.field("peak", check.peak);
  fields.field("dtypes", check.dtypes);
  fields.field("role", check.role);
  fields.list("readings", check.readings);
  fields.field("printed", check.printed);
  fields.field("least", check.least, config::between(0, 100));
}

void describe(config::Fields& fields, StepTimeCheck& check) {
  describe_head(fields, check.head);
  fields.field("phase", check.phase, config::required());
  fields.field("steps", check.steps, config::required());
  fields.field("hours", check.hours, config::required());
  fields.field("group_by", check.group_by, config::required());
  fields.field("limit", check.limit, config::at_least(1));
}

void describe(config::Fields& fields, PerplexityCheck& check) {
  describe_head(fields, check.head);
  fields.field("loss", check.loss, config::required());
  fields.field("perplexity", check.perplexity, config::required());
  fields.field("tolerance", check.tolerance, config::positive());
}

void describe(config::Fields& fields, TargetCheck& check) {
  describe_head(fields, check.head);
  fields.field("reached", check.reached, config::required());
  fields.field("target", check.target, config::required());
  fields.field("tolerance", check.tolerance, config::at_least(0));
}

void describe(config::Fields& fields, MemoryCheck& check) {
  describe_head(fields, check.head);
  fields.field("role", check.role, config::required());
  fields.field("device", check.device);
  fields.field("memory_gb", check.memory_gb);
  fields.field("bytes_per_parameter", check.bytes_per_parameter, config::between(1, 1000));
}

void describe(config::Fields& fields, GrimCheck& check) {
  describe_head(fields, check.head);
  fields.field("columns", check.columns, config::required());
  fields.field("items", check.items, config::required());
  fields.field("alternatives", check.alternatives);
}

void describe(config::Fields& fields, ChanceCheck& check) {
  describe_head(fields, check.head);
  fields.field("columns", check.columns, config::required());
  fields.field("items", check.items, config::required());
  fields.field("chance", check.chance, config::required());
  fields.field("constant_rates", check.constant_rates);
  fields.field("alpha", check.alpha, config::between(0, 1));
  fields.field("constant_within", check.constant_within, config::at_least(0));
}

void describe(config::Fields& fields, ProportionCheck& check) {
  describe_head(fields, check.head);
  fields.field("base", check.base, config::required());
  fields.field("other", check.other, config::required());
  fields.field("items", check.items, config::required());
  fields.field("alpha", check.alpha, config::between(0, 1));
}

void describe(config::Fields& fields, ReportedCheck& check) {
  describe_head(fields, check.head);
  fields.field("facts", check.facts, config::required());
}

namespace {

template <size_t... Index>
std::vector<std::string> kind_names(std::index_sequence<Index...>) {
  return {std::string(std::variant_alternative_t<Index, ClaimCheck>::kKind)...};
}

// Reads the alternative whose name is `kind`.
template <size_t... Index>
std::optional<ClaimCheck> read_kind(const std::string& kind, const config::Node& node,
                                    config::Problems& problems, std::index_sequence<Index...>) {
  std::optional<ClaimCheck> check;
  const auto attempt = [&]<typename Check>(std::type_identity<Check>) {
    if (kind == Check::kKind) check = config::from_node<Check>(node, problems);
  };
  (attempt(std::type_identity<std::variant_alternative_t<Index, ClaimCheck>>{}), ...);
  return check;
}

constexpr auto kKinds = std::make_index_sequence<std::variant_size_v<ClaimCheck>>{};

}  // namespace

const CheckHead& head_of(const ClaimCheck& check) {
  return std::visit([](const auto& one) -> const CheckHead& { return one.head; }, check);
}

std::string_view kind_of(const ClaimCheck& check) {
  return std::visit([](const auto& one) -> std::string_view { return one.kKind; }, check);
}

std::optional<ClaimCheck> read_check(const config::Node& node, config::Problems& problems) {
  const config::Node* kind = node.find("kind");
  const std::vector<std::string> names = kind_names(kKinds);
  if (kind == nullptr || kind->string() == nullptr) {
    problems.add(node.source, "a check needs kind = one of {}", join(names, ", "));
    return std::nullopt;
  }
  std::optional<ClaimCheck> check = read_kind(*kind->string(), node, problems, kKinds);
  if (!check)
    problems.add(kind->source, "kind = \"{}\": expected one of {}{}", *kind->string(),
                 join(names, ", "), did_you_mean(*kind->string(), names));
  else
    std::visit([&](auto& one) { one.head.source = node.source; }, *check);
  return check;
}

}  // namespace repro::claims
