#pragma once
// What the names in a claims file's formulas mean: a column, a constant, or a quantity of a
// declared model. Loading uses it to refuse names that mean nothing, the audit to find the values.

#include "claims/claims.hpp"
#include "claims/expression.hpp"

namespace repro::claims {

// What a name in a check's formula means. `table` is empty for constants and model quantities.
struct Resolved {
  enum class Kind { cell, constant, flops, parameters };
  Kind kind = Kind::constant;
  const ClaimTable* table = nullptr;
  size_t column = 0;
  const ClaimConstant* constant = nullptr;
  std::string role;
};

// The row of `other` that belongs to a row of `table`: that with the same keys, or, where `other`
// has fewer of the same keys, with those. Null when there is none.
const ClaimRow* row_in(const ClaimTable& other, const ClaimTable& table, const ClaimRow& row);

// Empty when nothing of that name exists.
std::optional<Resolved> resolve(const Claims& claims, const CheckHead& head, std::string_view name);

// The names that formulas over this table may use, for spelling suggestions.
std::vector<std::string> names_in(const Claims& claims, std::string_view table);

void check_references(const Claims& claims, config::Problems& problems);

// Every name of a formula that has no meaning or no value in a row it is evaluated in: those of
// head.table (which exists), or `only` that one. `noun` is what messages call the formula's owner.
void check_formula(const Claims& claims, const CheckHead& head, const char* noun,
                   const ClaimRow* only, const Expression& expression, config::Problems& problems);

}  // namespace repro::claims
