#pragma once
// What the names in a claims file's formulas mean: a column, a constant, or a quantity of a
// declared model. Loading uses it to refuse names that mean nothing, the audit to find the values.

#include "config/claims.hpp"
#include "config/expression.hpp"

namespace repro::config {

// What a name in a check's formula means. `table` is empty for constants and model quantities.
struct Resolved {
  enum class Kind { cell, constant, flops, parameters };
  Kind kind = Kind::constant;
  const ClaimTable* table = nullptr;
  size_t column = 0;
  const ClaimConstant* constant = nullptr;
  std::string role;
};

// Empty when nothing of that name exists.
std::optional<Resolved> resolve(const Claims& claims, const CheckHead& head, std::string_view name);

void check_references(const Claims& claims, Problems& problems);

}  // namespace repro::config
