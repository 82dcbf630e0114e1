#pragma once
// The checks a claims file can declare: which printed numbers must agree, and how. Formulas are
// expressions (config/expression.hpp) over columns of the check's table (evaluated for each row),
// `table.column` of the same row elsewhere, named constants, least(table.column),
// greatest(table.column) and sum(table.column) over all rows, and flops_ROLE and params_ROLE of the
// row's models.

#include <optional>
#include <string_view>
#include <variant>

#include "claims/check_kinds_arithmetic.hpp"
#include "claims/check_kinds_world.hpp"
#include "config/fields.hpp"

namespace repro::claims {

using ClaimCheck =
    std::variant<EquationCheck, ConstantCheck, RowWidthCheck, RatioCheck, PriceCheck, RooflineCheck,
                 MfuCheck, StepTimeCheck, PerplexityCheck, TargetCheck, MemoryCheck, GrimCheck,
                 ChanceCheck, ProportionCheck, ReportedCheck>;

const CheckHead& head_of(const ClaimCheck& check);
std::string_view kind_of(const ClaimCheck& check);  // "equation", "roofline", ...: `kind` in TOML
// Reads one [[check]] table by its `kind`; problems go to `problems`.
std::optional<ClaimCheck> read_check(const config::Node& node, config::Problems& problems);

}  // namespace repro::claims
