#pragma once
// Arithmetic written in a claims file: numbers, names, + - * /, parentheses, and the functions
// abs ln exp sqrt min max least greatest sum. Values carry the interval of everything that prints
// the same, so "within rounding" can be decided. No assignment, no loops, nothing else.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace repro::claims {

// A number and the range it may stand for; an exact one has low = value = high.
struct Ranged {
  double value = 0;
  double low = 0;
  double high = 0;
};
inline Ranged exactly(double value) { return {value, value, value}; }

// A name as an expression uses it: of the row at hand, or the least, the greatest or the sum over a
// table.
struct Reference {
  enum class Over { row, least, greatest, sum };
  std::string name;  // "s_cost", "table6.max_steps"
  Over over = Over::row;
  bool operator==(const Reference&) const = default;
};

class Expression {
 public:
  // Error "<what> at column N of '<text>'" for anything that is not an expression.
  explicit Expression(std::string text);

  const std::string& text() const { return text_; }
  // Each once, in order of appearance; evaluate() and substitute() take values in this order.
  const std::vector<Reference>& references() const { return references_; }
  bool is_single_name() const;  // the expression is one name and nothing else

  // Empty when a value that is needed is empty, or the result is not a finite number.
  std::optional<Ranged> evaluate(std::span<const std::optional<Ranged>> values) const;
  // For whoever calculates it elsewhere, in postfix order: a number with all its digits, "$0" for
  // the first of the references, an operator or the name of a function ("neg" for a sign).
  std::vector<std::string> postfix() const;
  // The text with its names replaced: "4 * 0.35 * 2.09".
  std::string substitute(std::span<const std::string> printed) const;

 private:
  friend class ExpressionParser;
  enum class Op {
    number,
    reference,
    negate,
    add,
    subtract,
    multiply,
    divide,
    abs,
    ln,
    exp,
    sqrt,
    min,
    max
  };
  struct Step {
    Op op;
    double number = 0;
    size_t reference = 0;
  };
  struct Mention {  // of a reference in the text
    size_t begin, length, reference;
  };
  static Ranged apply(Op op, const Ranged& x);
  static Ranged apply(Op op, const Ranged& x, const Ranged& y);

  std::string text_;
  std::vector<Step> program_;  // postfix
  std::vector<Reference> references_;
  std::vector<Mention> mentions_;
};

}  // namespace repro::claims
