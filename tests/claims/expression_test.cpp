#include "claims/expression.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/error.hpp"

namespace repro::claims {
namespace {

std::optional<Ranged> evaluate(const std::string& text,
                               std::vector<std::optional<Ranged>> values = {}) {
  return Expression(text).evaluate(values);
}

}  // namespace

TEST_CASE("products bind before sums and signs before products", "[claims]") {
  CHECK(evaluate("1 + 2 * 3")->value == 7);
  CHECK(evaluate("(1 + 2) * 3")->value == 9);
  CHECK(evaluate("2 - 3 - 4")->value == -5);
  CHECK(evaluate("12 / 3 / 2")->value == 2);
  CHECK(evaluate("-2 * -3")->value == 6);
  CHECK(evaluate("exp(ln(5)) + abs(1 - 3) + sqrt(9) + min(1, 2) + max(1, 2)")->value == Approx(13));
}

TEST_CASE("a formula that is very deep or very long is refused", "[claims]") {
  const auto nested = [](const std::string& open, size_t levels, const std::string& close) {
    std::string text;
    for (size_t i = 0; i < levels; ++i) text += open;
    text += "1";
    for (size_t i = 0; i < levels; ++i) text += close;
    return text;
  };
  CHECK(evaluate(nested("(", 50, ")"))->value == 1);
  for (const char* open : {"(", "-", "abs(", "1+("})
    CHECK_THROWS_WITH(evaluate(nested(open, 200, open[0] == '-' ? "" : ")")),
                      Catch::Contains("more than 100 levels"));
  CHECK_THROWS_WITH(evaluate(nested("(", 1'000'000, ")")), Catch::Contains("at most 4000"));
  std::string many = "1";
  for (int i = 0; i < 900; ++i) many += " + 1";
  CHECK(evaluate(many)->value == 901);
}

TEST_CASE("a name may occur twice and has one value", "[claims]") {
  const Expression expression("cost / (cost + table6.max_steps)");
  REQUIRE(expression.references().size() == 2);
  CHECK(expression.references()[1].name == "table6.max_steps");
  const std::vector<std::optional<Ranged>> values = {exactly(1), exactly(3)};
  CHECK(expression.evaluate(values)->value == 0.25);
  const std::vector<std::string> printed = {"1.0", "3"};
  CHECK(expression.substitute(printed) == "1.0 / (1.0 + 3)");
}

TEST_CASE("least and greatest are references to a whole column", "[claims]") {
  const Expression expression("greatest(text.saving) - least(text.saving)");
  REQUIRE(expression.references().size() == 2);
  CHECK(expression.references()[0].over == Reference::Over::greatest);
  CHECK(expression.references()[1].over == Reference::Over::least);
  const std::vector<std::string> printed = {"69.5", "47.6"};
  CHECK(expression.substitute(printed) == "69.5 - 47.6");
}

TEST_CASE("an interval holds every value its inputs may stand for", "[claims]") {
  const std::vector<std::optional<Ranged>> values = {Ranged{2, 1, 3}, Ranged{5, 4, 6}};
  const auto in = [&](const std::string& text, double low, double high) {
    const Ranged result = *Expression(text).evaluate(values);
    CAPTURE(text);
    CHECK(result.low == Approx(low));
    CHECK(result.high == Approx(high));
  };
  in("a + b", 5, 9);
  in("a - b", -5, -1);
  in("a * b", 4, 18);
  in("a / b", 1.0 / 6, 3.0 / 4);
  in("-a + 0 * b", -3, -1);
  in("abs(a - 2) + 0 * b", 0, 1);
}

TEST_CASE("a divisor that may be zero bounds nothing, and zero itself gives nothing", "[claims]") {
  const std::vector<std::optional<Ranged>> values = {Ranged{0.5, -1, 2}};
  CHECK(std::isinf(Expression("1 / x").evaluate(values)->high));
  CHECK_FALSE(evaluate("1 / 0"));
  CHECK_FALSE(evaluate("ln(0 - 1)"));
}

TEST_CASE("a missing value makes the whole expression missing", "[claims]") {
  const std::vector<std::optional<Ranged>> values = {exactly(1), std::nullopt};
  CHECK_FALSE(Expression("a + b").evaluate(values));
}

TEST_CASE("what is no expression is refused at its column", "[claims]") {
  CHECK_THROWS_WITH(Expression("1 +"), "a value is missing at column 4 of '1 +'");
  CHECK_THROWS_WITH(Expression("1 2"), "unexpected '2' at column 3 of '1 2'");
  CHECK_THROWS_WITH(Expression("log(2)"), Catch::Contains("unknown function 'log'"));
  CHECK_THROWS_WITH(Expression("min(1)"), "expected ',' at column 6 of 'min(1)'");
  CHECK_THROWS_WITH(Expression("2 ^ 3"), "unexpected '^' at column 3 of '2 ^ 3'");
}

}  // namespace repro::claims
