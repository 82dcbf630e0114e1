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

TEST_CASE("a sum is a reference to a whole column too", "[claims]") {
  const Expression expression("sum(stages.hours) / 2");
  REQUIRE(expression.references().size() == 1);
  CHECK(expression.references()[0].over == Reference::Over::sum);
  const std::vector<std::string> printed = {"(3 + 4)"};
  CHECK(expression.substitute(printed) == "(3 + 4) / 2");
  // A column may have the name of the function.
  CHECK(Expression("sum + 1").references()[0].over == Reference::Over::row);
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

TEST_CASE("the range of each function and sign is that of its least and greatest value",
          "[claims]") {
  const std::vector<std::optional<Ranged>> values = {Ranged{2, 1, 3}, Ranged{-5, -6, -4},
                                                     Ranged{-1, -2, 3}};
  const auto in = [&](const std::string& text, double low, double high) {
    const Expression expression(text);
    std::vector<std::optional<Ranged>> ordered;
    for (const Reference& reference : expression.references())
      ordered.push_back(values[static_cast<size_t>(reference.name[0] - 'a')]);
    const Ranged result = *expression.evaluate(ordered);
    CAPTURE(text);
    CHECK(result.low == Approx(low).margin(1e-12));
    CHECK(result.high == Approx(high).margin(1e-12));
  };
  in("abs(b)", 4, 6);
  in("abs(c)", 0, 3);
  in("abs(-c)", 0, 3);
  in("min(a, c)", -2, 3);
  in("min(a, b)", -6, -4);
  in("max(a, c)", 1, 3);
  in("max(b, c)", -2, 3);
  in("a * b", -18, -4);
  in("c * b", -18, 12);
  in("a / b", -3.0 / 4, -1.0 / 6);
  in("c / a", -2, 3);
  in("a - b", 5, 9);
  in("exp(a)", std::exp(1.0), std::exp(3.0));
  in("ln(a)", 0, std::log(3.0));
  in("sqrt(a)", 1, std::sqrt(3.0));
  in("-b", 4, 6);
  CHECK(evaluate("min(3, 2)")->value == 2);
  CHECK(evaluate("max(3, 2)")->value == 3);
  CHECK(evaluate("abs(0 - 3)")->value == 3);
  CHECK_FALSE(evaluate("sqrt(0 - 1)"));
  CHECK(evaluate("exp(2) + ln(8) + sqrt(2)")->value ==
        Approx(std::exp(2.0) + std::log(8.0) + std::sqrt(2.0)));
  // A divisor whose range ends at zero bounds nothing either.
  const std::vector<std::optional<Ranged>> edge = {Ranged{1, 0, 2}}, below = {Ranged{-1, -2, 0}};
  CHECK(std::isinf(Expression("1 / x").evaluate(edge)->high));
  CHECK(std::isinf(Expression("1 / x").evaluate(below)->low));
}

TEST_CASE("what is no number makes the whole formula none, on whichever side it stands",
          "[claims]") {
  for (const char* text : {"max(2, ln(0 - 1))", "max(ln(0 - 1), 2)", "min(2, sqrt(0 - 1))",
                           "min(sqrt(0 - 1), 2)", "0 * ln(0 - 1)", "max(1, min(2, 0 / 0))"}) {
    CAPTURE(text);
    CHECK_FALSE(evaluate(text));
  }
}

TEST_CASE("a range that reaches out of a function's own, or without end, holds all it may be",
          "[claims]") {
  const std::vector<std::optional<Ranged>> values = {Ranged{2, -1, 4}, Ranged{0.5, -1, 2}};
  const auto range = [&](const std::string& text) {
    const auto result =
        Expression(text).evaluate(std::span(values).first(Expression(text).references().size()));
    REQUIRE(result);
    return *result;
  };
  CHECK(range("ln(x)").low == -INFINITY);
  CHECK(range("ln(x)").high == Approx(std::log(4.0)));
  CHECK(range("sqrt(x)").low == 0);
  CHECK(range("sqrt(x)").high == 2);
  // 1 / y is anything; times what may be nothing, too.
  CHECK(range("x * (1 / y)").low == -INFINITY);
  CHECK(range("x * (1 / y)").high == INFINITY);
  CHECK(range("x * (1 / y)").value == 4);
}

TEST_CASE("a name may hold digits, dots and underscores after a letter", "[claims]") {
  CHECK(Expression("table6.max_steps2 + _x").references()[0].name == "table6.max_steps2");
  CHECK(Expression("table6.max_steps2 + _x").references()[1].name == "_x");
  CHECK(Expression("cost").is_single_name());
  CHECK_FALSE(Expression("cost + 1").is_single_name());
  CHECK_FALSE(Expression("greatest(t.cost)").references()[0].over == Reference::Over::row);
  CHECK(Expression("a + b + a").references().size() == 2);
  CHECK(Expression("a + least(a)").references().size() == 2);
  CHECK_THROWS_AS(Expression("6table"), Error);
  CHECK_THROWS_AS(Expression("least()"), Error);
  CHECK_THROWS_AS(Expression("least(a"), Error);
  CHECK_THROWS_AS(Expression("1e999"), Error);
  CHECK_THROWS_AS(Expression(""), Error);
}

}  // namespace repro::claims
