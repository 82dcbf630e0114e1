#pragma once
// Arithmetic written in a claims file: numbers, names, + - * /, parentheses, and the functions
// abs ln exp min max least greatest. Values carry the interval of everything that prints the same,
// so "within rounding" can be decided. No assignment, no loops, nothing else.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace repro::config {

// A number and the range it may stand for: [low, high] is the value itself when it is exact.
struct Ranged {
  double value = 0;
  double low = 0;
  double high = 0;
};
inline Ranged exactly(double value) { return {value, value, value}; }

class Expression {
 public:
  // What a name stands for here; empty = the paper gives no such number in this row.
  using Lookup = std::function<std::optional<Ranged>(std::string_view name)>;
  // All values of "table.column": for least() and greatest().
  using Column = std::function<std::vector<Ranged>(std::string_view name)>;

  // Error "<what>, at column N of '<text>'" for anything that is not an expression.
  explicit Expression(std::string text);
  ~Expression();
  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;

  const std::string& text() const { return text_; }
  // Names in order of appearance, once each; those inside least() and greatest() are `columns`.
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<std::string>& columns() const { return columns_; }
  // Empty when a name has no value or a division by zero occurs.
  std::optional<Ranged> evaluate(const Lookup& lookup, const Column& column) const;
  // The expression with its names replaced by printed values: "4 * 0.35 * 2.09".
  std::string substitute(const std::function<std::string(std::string_view)>& printed) const;

  struct Term;  // a node of the syntax tree

 private:
  std::string text_;
  std::unique_ptr<Term> root_;
  std::vector<std::string> names_;
  std::vector<std::string> columns_;
};

}  // namespace repro::config
