#include "claims/audit.hpp"

#include "claims/audit_fixture.hpp"

namespace repro::claims {

TEST_CASE("feasible counts equal the reference's ranges", "[claims]") {
  struct Row {
    double percent;
    int decimals;
    int64_t n, first, last;
  };
  for (const Row& row :
       {Row{27.9, 1, 2376, 662, 664}, Row{29.1, 1, 2376, 691, 692}, Row{23.0, 1, 14042, 3223, 3236},
        Row{25.3, 1, 14042, 3546, 3559}, Row{27.45, 2, 10042, 2757, 2757},
        Row{29.45, 2, 10042, 2957, 2957}, Row{52.25, 2, 16113, 8419, 8419}}) {
    const FeasibleCounts counts = feasible_counts(row.percent, row.decimals, row.n);
    CAPTURE(row.percent, row.n);
    CHECK(counts.first == row.first);
    CHECK(counts.last == row.last);
  }
  for (const int64_t n : {1838, 3676, 3084}) {
    CHECK(feasible_counts(52.25, 2, n).empty());
    CHECK(feasible_counts(57.03, 2, n).empty());
  }
}

TEST_CASE("both PIQA percentages are impossible", "[claims]") {
  const AuditReport report = audit_paper();
  const CheckResult& check = find(report, "accuracies_are_counts");
  CHECK(subjects(check, Ruling::impossible) ==
        std::vector<std::string>{"PIQA, Full", "PIQA, MoE-DisCo"});
  CHECK(subjects(check, Ruling::holds) ==
        std::vector<std::string>{"HellaSwag, Full", "HellaSwag, MoE-DisCo"});
  CHECK(count(check, Ruling::not_checkable) == 4);
  const AuditFinding& piqa = check.findings[6];
  CHECK(piqa.arithmetic.find("960 of 1838 is 52.23, 961 is 52.29") == 0);
  CHECK(piqa.numbers.at("possible over tasks.train_items") == 1);
  CHECK(piqa.numbers.at("possible over tasks.test_items") == 0);
  CHECK(piqa.numbers.at("possible over 2 * tasks.items") == 0);
}

TEST_CASE("both MMLU scores and PIQA's baseline are not above guessing", "[claims]") {
  const AuditReport report = audit_paper();
  const CheckResult& check = find(report, "accuracies_above_guessing");
  CHECK(subjects(check, Ruling::suspect) ==
        std::vector<std::string>{"MMLU, Full", "MMLU, MoE-DisCo", "PIQA, Full"});
  check_column(check, "z", {3.26, 4.62, -5.47, 0.82, 5.67, 10.30, 1.93, 6.03}, 0.0051);
  CHECK(check.findings[2].numbers.at("constant_errors") < 0.2);
}

TEST_CASE("ARC-easy's difference is not significant after Holm", "[claims]") {
  const AuditReport report = audit_paper();
  const CheckResult& check = find(report, "accuracies_differ");
  CHECK(subjects(check, Ruling::suspect) == std::vector<std::string>{"ARC-e"});
  check_column(check, "z", {0.92, 4.50, 3.14, 2.91}, 0.0051);
  check_column(check, "holm_p", {.360, 2.7e-5, .0050, .0072}, 5.1e-4);
}

TEST_CASE("a difference that would be one alone is none among two that were tested", "[claims]") {
  const auto rulings = [](const std::string& rows) {
    const AuditReport report = audit_text(R"(title = "t"
source = "s"
[[table]]
id = "t"
keys = ["row"]
columns = [{ id = "base", unit = "%" }, { id = "other", unit = "%" }, { id = "items", unit = "items" }]
rows = [)" + rows + R"(]
[[check]]
kind = "two-proportion"
id = "a"
statement = "s"
table = "t"
base = "base"
other = "other"
items = "items"
)");
    std::vector<Ruling> all;
    for (const AuditFinding& finding : find(report, "a").findings) all.push_back(finding.ruling);
    return all;
  };
  // p = 0.03, and twice that after Holm.
  const std::string one = R"(["r1", "50.0", "53.4", "2000"])";
  const std::string other = R"(["r2", "50.0", "53.4", "2000"])";
  CHECK(rulings(one) == std::vector{Ruling::holds});
  CHECK(rulings(one + ", " + other) == std::vector{Ruling::suspect, Ruling::suspect});
}

TEST_CASE("a count is at most the number of items and at least none, however it is rounded",
          "[claims]") {
  // 100.0 printed to one decimal holds from 99.95 %: of 2000 items that would be up to 2001.
  CHECK(feasible_counts(100, 1, 2000).first == 1999);
  CHECK(feasible_counts(100, 1, 2000).last == 2000);
  CHECK(feasible_counts(0, 1, 2000).first == 0);
  CHECK(feasible_counts(0, 1, 2000).last == 1);
  CHECK(feasible_counts(1e30, 0, 10).empty());
  CHECK(feasible_counts(-1e30, 0, 10).empty());
}

TEST_CASE("other counts of items are tried where a percentage is impossible, and only there",
          "[claims]") {
  const AuditReport report = audit_text(R"(title = "t"
source = "s"
[[table]]
id = "t"
keys = ["row"]
columns = [{ id = "accuracy", unit = "%" }, { id = "items", unit = "items" }, { id = "half", unit = "items" }]
rows = [["possible", "52.29", "1838", "919"], ["impossible", "52.25", "1838", "16113"]]
[[check]]
kind = "grim"
id = "a"
statement = "s"
table = "t"
columns = ["accuracy"]
items = "items"
alternatives = ["half"]
)");
  const CheckResult& check = find(report, "a");
  CHECK(check.findings[0].ruling == Ruling::holds);
  CHECK_FALSE(check.findings[0].numbers.contains("possible over half"));
  CHECK(check.findings[1].ruling == Ruling::impossible);
  CHECK(check.findings[1].numbers.at("possible over half") == 1);
  CHECK_THAT(check.findings[1].arithmetic, Catch::Contains("; over half = 16113: possible"));
}

TEST_CASE("an accuracy clearly below guessing is a doubt of its own, beside one constant answer",
          "[claims]") {
  const auto audited = [](const std::string& accuracy, const std::string& always,
                          const std::string& items = "10000") {
    return audit_text(R"(title = "t"
source = "s"
[[table]]
id = "t"
keys = ["row"]
columns = [{ id = "accuracy", unit = "%" }, { id = "items", unit = "items" }, { id = "always", unit = "%" }]
rows = [["a", ")" + accuracy +
                      R"(", ")" + items + R"(", ")" + always + R"("]]
[[constant]]
id = "chance"
value = "25"
[[check]]
kind = "chance"
id = "a"
statement = "s"
table = "t"
columns = ["accuracy"]
items = "items"
chance = "chance"
constant_rates = ["always"]
)")
        .checks[0]
        .findings[0]
        .sentence;
  };
  CHECK(audited("20.0", "50.0") == "the accuracy is below guessing");
  CHECK(audited("30.0", "50.0") == "the accuracy differs from guessing");
  CHECK_THAT(
      audited("20.0", "20.1"),
      Catch::Contains("is below guessing and is 0.2 standard errors from one constant answer"));
  // One standard error of 26.0 % of 10,000 is 0.44 points.
  CHECK_THAT(audited("26.4", "26.0"), Catch::Contains("constant answer"));
  CHECK_THAT(audited("26.5", "26.0"), !Catch::Contains("constant answer"));
  // Of 50 % of 4 it is 25 points, to the last bit.
  CHECK(audited("75.0", "50.0", "4") ==
        "the accuracy is 1.0 standard errors from one constant answer (always)");
}

TEST_CASE("a test set of half an item, of none or of more than can be counted is an error",
          "[claims]") {
  const auto audited = [](const std::string& items) {
    return audit_text(
        "title = \"t\"\nsource = \"s\"\n[[table]]\nid = \"t\"\nkeys = [\"row\"]\ncolumns = [{ id = "
        "\"accuracy\", unit = \"%\" }, { id = \"items\", unit = \"items\" }]\nrows = [[\"a\", "
        "\"50.0\", \"" +
        items +
        "\"]]\n[[check]]\nkind = \"grim\"\nid = \"a\"\nstatement = \"s\"\ntable = \"t\"\ncolumns = "
        "[\"accuracy\"]\nitems = \"items\"\n");
  };
  for (const char* items : {"10.5", "0", "1e20"})
    CHECK_THROWS_WITH(audited(items), Catch::Contains("a test set has a whole number of them"));
  CHECK_NOTHROW(audited("10"));
}

}  // namespace repro::claims
