#pragma once
// A formula of a claims file bound to its check: names are looked up once, values row by row.
// Internal to the audit.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/claims.hpp"
#include "config/claims_check.hpp"
#include "config/expression.hpp"

namespace repro::measure {

class Formula {
 public:
  Formula(const config::Claims& claims, const config::CheckHead& head, const std::string& text);

  // The value in this row (null for a check without a table) and the range that prints the same;
  // empty when the paper does not give what it needs, see missing().
  std::optional<config::Ranged> at(const config::ClaimRow* row) const;
  double value(const config::ClaimRow* row) const;  // of a row for which at() is not empty
  // The first name without a value in this row.
  std::string missing(const config::ClaimRow* row) const;
  // The formula with numbers in the place of names, as printed.
  std::string substituted(const config::ClaimRow* row) const;
  // Name and printed value of each input.
  std::vector<std::pair<std::string, std::string>> inputs(const config::ClaimRow* row) const;

  const std::string& text() const { return expression_.text(); }
  // Half a unit of the last decimal, when the formula is one printed number.
  std::optional<double> half_unit(const config::ClaimRow* row) const;

 private:
  struct Input {
    config::Reference reference;
    config::Resolved resolved;
    const config::ClaimCell* extreme = nullptr;  // of least() and greatest()
  };
  const config::ClaimCell* cell(const Input& input, const config::ClaimRow* row) const;
  std::optional<config::Ranged> value_of(const Input& input, const config::ClaimRow* row) const;
  std::string printed(const Input& input, const config::ClaimRow* row) const;

  const config::Claims& claims_;
  const config::CheckHead& head_;
  config::Expression expression_;
  const config::ClaimTable* table_;
  std::vector<Input> inputs_;
};

// Parameters or FLOPs per token of the row's model in this role, by the check's convention,
// sequence and reading; of several readings the one with the fewest.
int64_t model_quantity(const config::Claims& claims, const config::CheckHead& head,
                       const config::ClaimRow& row, const config::Resolved& resolved);

}  // namespace repro::measure
