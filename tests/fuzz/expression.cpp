// Formulas of claims files, with values and ranges: a range holds its value, and both orders of a
// symmetric function say the same.
#include "claims/expression.hpp"

#include <cmath>

#include "target.hpp"

namespace repro::fuzz {
namespace {

using claims::Expression;
using claims::Ranged;

std::vector<std::optional<Ranged>> values_of(const Expression& expression) {
  const std::optional<Ranged> some[] = {Ranged{2, 1.5, 2.5}, Ranged{-0.5, -1, 1},
                                        claims::exactly(0), Ranged{7, 0, 1e6}};
  std::vector<std::optional<Ranged>> values;
  for (size_t i = 0; i < expression.references().size(); ++i) values.push_back(some[i % 4]);
  return values;
}

bool same(const std::optional<Ranged>& a, const std::optional<Ranged>& b) {
  return a.has_value() == b.has_value() && (!a || a->value == b->value);
}

}  // namespace

void read(std::string_view bytes) {
  attempt([&] {
    const std::string text(bytes);
    const Expression expression(text);
    const auto values = values_of(expression);
    const auto result = expression.evaluate(values);
    if (result) {
      require(std::isfinite(result->value), "a value is a number");
      require(result->low <= result->value && result->value <= result->high,
              "a range holds its value");
    }
    const std::vector<std::string> printed(values.size(), "1.5");
    expression.substitute(printed);
    if (text.size() > 1000) return;
    for (const char* function : {"max", "min"}) {
      const Expression one(std::string(function) + "(" + text + ", 2)");
      const Expression other(std::string(function) + "(2, " + text + ")");
      require(same(one.evaluate(values), other.evaluate(values)), "max and min have no order");
    }
  });
}

}  // namespace repro::fuzz
