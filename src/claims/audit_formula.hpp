#pragma once
// A formula of a claims file bound to its check: names are looked up once, values row by row.
// Internal to the audit.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "claims/claims.hpp"
#include "claims/expression.hpp"
#include "claims/references.hpp"

namespace repro::claims {

class Formula {
 public:
  Formula(const Claims& claims, const CheckHead& head, const std::string& text);

  // The value in this row (null for a check without a table) and the range that prints the same;
  // empty when the paper does not give what it needs, see missing().
  std::optional<Ranged> at(const ClaimRow* row) const;
  double value(const ClaimRow* row) const;  // of a row for which at() is not empty
  // The first name without a value in this row.
  std::string missing(const ClaimRow* row) const;
  // The formula with numbers in the place of names, as printed.
  std::string substituted(const ClaimRow* row) const;
  // Name and printed value of each input.
  std::vector<std::pair<std::string, std::string>> inputs(const ClaimRow* row) const;

  const std::string& text() const { return expression_.text(); }
  // Half a unit of the last decimal, when the formula is one printed number.
  std::optional<double> half_unit(const ClaimRow* row) const;

  // The printed numbers it reads one by one: cells of the row and constants.
  struct Single {
    size_t index = 0;  // for with()
    std::string name, printed;
    double value = 0;
  };
  std::vector<Single> singles(const ClaimRow* row) const;
  // The value if one of them were another; empty when it is no finite number then.
  std::optional<double> with(const ClaimRow* row, size_t single, double value) const;

 private:
  struct Input {
    Reference reference;
    Resolved resolved;
    const ClaimCell* extreme = nullptr;  // of least() and greatest()
    std::optional<Ranged> total = {};    // of sum()
    std::string addends = {};
  };
  void add_up(Input& input) const;
  const ClaimCell* cell(const Input& input, const ClaimRow* row) const;
  std::optional<Ranged> value_of(const Input& input, const ClaimRow* row) const;
  std::string printed(const Input& input, const ClaimRow* row) const;

  const Claims& claims_;
  const CheckHead& head_;
  Expression expression_;
  const ClaimTable* table_;
  std::vector<Input> inputs_;
};

constexpr double kMostDevices = 1e5;  // side by side
// A number of the paper that counts something: the nearest integer, an Error where it is none from
// 1 to `most`.
int64_t counted(double value, double most, const char* what);
// Tokens of a sequence, the check's constant.
int64_t sequence_of(const Claims& claims, const CheckHead& head);

// Parameters or FLOPs per token of the row's model in this role, by the check's convention,
// sequence and reading; of several readings the one with the fewest.
int64_t model_quantity(const Claims& claims, const CheckHead& head, const ClaimRow& row,
                       const Resolved& resolved);

}  // namespace repro::claims
