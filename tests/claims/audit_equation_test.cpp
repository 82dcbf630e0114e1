// How an equation that does not close as it stands is read, and what would mend it.

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "claims/audit_fixture.hpp"

namespace repro::claims {
namespace {

// An equation a = right over rows of a and b.
CheckResult equation(const std::string& rows, const std::string& right,
                     const std::string& more = "") {
  return audit_text(
             "title = \"t\"\nsource = \"s\"\n[[table]]\nid = \"t\"\nkeys = [\"row\"]\n"
             "columns = [{ id = \"a\" }, { id = \"b\" }]\nrows = [" +
             rows +
             "]\n[[check]]\nid = \"c\"\nstatement = \"s\"\ntable = \"t\"\nkind = \"equation\"\n"
             "left = \"a\"\nright = \"" +
             right + "\"\n" + more)
      .checks.front();
}

AuditFinding one(const std::string& a, const std::string& b, const std::string& right) {
  return equation(fmt::format("[\"r\", \"{}\", \"{}\"]", a, b), right).findings.front();
}

}  // namespace

TEST_CASE("a number that is only cut off, rounded up or made of rounded ones is suspect, not wrong",
          "[claims]") {
  CHECK(one("41.7", "1000", "b / 24").ruling == Ruling::holds);
  CHECK(one("41.6", "1000", "b / 24").ruling == Ruling::suspect);
  CHECK_THAT(one("41.6", "1000", "b / 24").sentence, Catch::Contains("cut off"));
  CHECK(one("41.5", "1000", "b / 24").ruling == Ruling::contradicts);
  CHECK_THAT(one("42.4", "42.31", "b").sentence, Catch::Contains("rounded up"));
  CHECK(one("42.5", "42.31", "b").ruling == Ruling::contradicts);
  CHECK_THAT(one("103", "2.0", "50.6 * b").sentence, Catch::Contains("were rounded first"));
  CHECK(one("109", "2.0", "50.6 * b").ruling == Ruling::contradicts);
}

TEST_CASE("another way of rounding counts only where it closes the column", "[claims]") {
  // The third row would close cut off, but the first two were rounded.
  const CheckResult mixed = equation(
      "[\"r0\", \"42\", \"41.7\"], [\"r1\", \"52\", \"51.8\"], [\"r2\", \"61\", \"61.9\"]", "b");
  CHECK(count(mixed, Ruling::holds) == 2);
  CHECK(count(mixed, Ruling::contradicts) == 1);
  const CheckResult cut = equation(
      "[\"r0\", \"41\", \"41.7\"], [\"r1\", \"51\", \"51.8\"], [\"r2\", \"61\", \"61.2\"]", "b");
  CHECK(count(cut, Ruling::suspect) == 2);
  CHECK(count(cut, Ruling::holds) == 1);
}

TEST_CASE("one row that is off among rows that close is wrong, however it may be read",
          "[claims]") {
  // Cut off, all five would close; rounded to the nearest, all but the last do.
  const CheckResult check =
      equation(R"(["a", "41.6", "999"], ["b", "41.7", "1001"], ["c", "41.9", "1006"],)"
               R"(["d", "42.0", "1008"], ["e", "41.6", "1000"])",
               "b / 24");
  CHECK(count(check, Ruling::holds) == 4);
  CHECK(count(check, Ruling::contradicts) == 1);
}

TEST_CASE("inputs that are declared exact are not taken for rounded", "[claims]") {
  const std::string row = R"(["r", "103", "2.0"])";
  CHECK(equation(row, "50.6 * b").ruling == Ruling::suspect);
  CHECK(equation(row, "50.6 * b", "inputs = \"exact\"\n").ruling == Ruling::contradicts);
}

TEST_CASE("a tolerance that is given leaves no other way of rounding", "[claims]") {
  const CheckResult given = equation("[\"r\", \"41.6\", \"1000\"]", "b / 24", "tolerance = 0.05\n");
  CHECK(given.ruling == Ruling::contradicts);
}

TEST_CASE("a known factor between the sides is named before a change of one number", "[claims]") {
  const auto slip = [](const std::string& a, const std::string& b) {
    const AuditFinding finding = one(a, b, "b");
    CAPTURE(a, b, finding.repair);
    CHECK(finding.ruling == Ruling::contradicts);
    const auto found = finding.numbers.find("slip");
    return found == finding.numbers.end() ? 0 : found->second;
  };
  CHECK(slip("5333", "53.33") == 100);
  CHECK(slip("53.33", "5333") == Approx(0.01));
  CHECK(slip("2000", "1000") == 2);
  CHECK(slip("7000", "7") == 1000);
  CHECK(slip("7168", "7") == 1024);
  CHECK(slip("1024", "1000") == Approx(1.024));
  CHECK(slip("36000", "10") == 3600);
  CHECK(slip("1500", "1000") == 0);
  CHECK(slip("1052", "1.0e3") == 0);  // 950 to 1,050 may be anything near
  CHECK(slip("-1000", "10") == 0);
  CHECK(slip("-5333", "-53.33") == 100);
}

TEST_CASE("the smallest repair changes the number that has to change least", "[claims]") {
  CHECK_THAT(one("120", "10", "9 * b").repair, Catch::Contains("b were 13.33 instead of 10") &&
                                                   Catch::Contains("a were 90 instead of 120") &&
                                                   Catch::EndsWith("(33 %)"));
  CHECK(one("5000", "1", "9 * b").repair.empty());  // no factor of three mends that
  CHECK(one("121", "10", "b * b").repair == "closes if b were 11 instead of 10 (10 %)");
}

TEST_CASE("a sum over a column that the paper leaves blank cannot be checked", "[claims]") {
  const auto total = [](const std::string& last) {
    return audit_text(
               "title = \"t\"\nsource = \"s\"\n[[table]]\nid = \"t\"\nkeys = [\"row\"]\ncolumns = "
               "[{ id = \"a\" }]\nrows = [[\"r0\", \"1.5\"], [\"r1\", \"" +
               last +
               "\"]]\n[[constant]]\nid = \"all\"\nvalue = \"4.0\"\n[[check]]\nid = "
               "\"c\"\nstatement "
               "= \"s\"\nkind = \"equation\"\nleft = \"all\"\nright = \"sum(t.a)\"\n")
        .checks.front()
        .findings.front();
  };
  CHECK(total("2.5").ruling == Ruling::holds);
  CHECK_THAT(total("2.5").arithmetic, Catch::Contains("(1.5 + 2.5) = 4"));
  CHECK(total("2.9").ruling == Ruling::contradicts);
  CHECK(total("").ruling == Ruling::not_checkable);
}

TEST_CASE("a column is looked up by the keys that its table has", "[claims]") {
  const std::string head =
      "title = \"t\"\nsource = \"s\"\n[[table]]\nid = \"runs\"\nkeys = [\"model\", "
      "\"run\"]\ncolumns "
      "= [{ id = \"flops\" }]\nrows = [[\"a\", \"1\", \"12\"], [\"a\", \"2\", \"12\"], [\"b\", "
      "\"1\", \"24\"]]\n[[table]]\nid = \"sizes\"\nkeys = [\"model\"]\ncolumns = [{ id = \"n\" "
      "}]\nrows = [[\"a\", \"2\"]";
  const std::string tail =
      "]\n[[check]]\nid = \"c\"\nstatement = \"s\"\ntable = \"runs\"\nkind = \"equation\"\nleft = "
      "\"flops\"\nright = \"6 * sizes.n\"\n";
  CHECK(audit_text(head + ", [\"b\", \"4\"]" + tail).checks.front().ruling == Ruling::holds);
  CHECK_THROWS_WITH(audit_text(head + tail), Catch::Contains("table 'sizes' has no such row"));
}

}  // namespace repro::claims
