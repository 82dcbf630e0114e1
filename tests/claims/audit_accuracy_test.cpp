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
  CHECK(feasible_counts(100, 0, 7).last == 7);
  CHECK(feasible_counts(0, 0, 7).first == 0);
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

}  // namespace repro::claims
