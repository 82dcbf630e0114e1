#include "claims/audit.hpp"

#include <map>

#include "claims/audit_fixture.hpp"

namespace repro::claims {

TEST_CASE("missing variance, overheads and the cost's growth with experts are named", "[claims]") {
  const AuditReport report = audit_paper();
  for (const char* id : {"variance", "overheads", "marginal_cost"})
    CHECK(find(report, id).ruling == Ruling::not_checkable);
  CHECK(report.provenance.size() > 20);
}

TEST_CASE("the paper as a whole contradicts itself", "[claims]") {
  const AuditReport report = audit_paper();
  CHECK(report.has_contradictions());
  // 1 saving, 1 fourfold, 6 S times, 2 targets; 3 roofline, 1 memory reading, 2 PIQA.
  CHECK(report.findings_by_ruling.at(Ruling::contradicts) == 10);
  CHECK(report.findings_by_ruling.at(Ruling::impossible) == 6);
}

TEST_CASE("every kind of check catches the error injected for it and passes the true row",
          "[claims]") {
  const std::map<std::string, Ruling> expected = {
      {"equation", Ruling::contradicts},  {"constant", Ruling::contradicts},
      {"row-width", Ruling::contradicts}, {"mfu", Ruling::impossible},
      {"ratio", Ruling::suspect},         {"price-sensitivity", Ruling::contradicts},
      {"roofline", Ruling::impossible},   {"step-time", Ruling::suspect},
      {"perplexity", Ruling::suspect},    {"target", Ruling::contradicts},
      {"memory", Ruling::impossible},     {"grim", Ruling::impossible},
      {"chance", Ruling::suspect},        {"two-proportion", Ruling::suspect},
      {"reported", Ruling::not_checkable}};
  CHECK(expected.size() == std::variant_size_v<ClaimCheck>);
  for (const auto& [kind, ruling] : expected) {
    CAPTURE(kind);
    const auto path = std::filesystem::path(REPRO_TESTS) / "claims" / "cases" / (kind + ".toml");
    const CheckResult check = audit(load_claims(path, kind), profile).checks.at(0);
    CHECK(check.kind == kind);
    bool saw_good = false;
    bool saw_bad = false;
    for (const AuditFinding& finding : check.findings) {
      CAPTURE(finding.subject, finding.sentence, finding.arithmetic);
      const bool good = finding.subject.find("good") != std::string::npos;
      (good ? saw_good : saw_bad) = true;
      CHECK(finding.ruling == (good ? Ruling::holds : ruling));
    }
    CHECK(saw_good);
    CHECK(saw_bad);
  }
}

TEST_CASE("what is impossible is a contradiction too, what is only suspect is none", "[claims]") {
  const auto contradicts = [](const std::string& kind) {
    const auto path = std::filesystem::path(REPRO_TESTS) / "claims" / "cases" / (kind + ".toml");
    return audit(load_claims(path, kind), profile).has_contradictions();
  };
  CHECK(contradicts("grim"));    // impossible
  CHECK(contradicts("target"));  // contradicts itself
  CHECK_FALSE(contradicts("perplexity"));
  CHECK_FALSE(contradicts("reported"));
}

TEST_CASE("what is only assumed is not in the paper", "[claims]") {
  const AuditReport report = audit_text(R"(title = "t"
source = "s"
[[fact]]
name = "seeds"
origin = "assumed"
value = "three"
matters = "noise"
[[check]]
kind = "reported"
id = "a"
statement = "s"
facts = ["seeds"]
)");
  const AuditFinding& finding = find(report, "a").findings.at(0);
  CHECK(finding.ruling == Ruling::not_checkable);
  CHECK(finding.sentence == "not in the paper: noise");
}

TEST_CASE("what cannot be checked decides nothing, unless nothing else is there", "[claims]") {
  const auto ruling = [](const std::string& rows) {
    return audit_text(
               "title = \"t\"\nsource = \"s\"\n[[table]]\nid = \"t\"\nkeys = [\"row\"]\n"
               "columns = [{ id = \"a\" }, { id = \"b\" }]\nrows = [" +
               rows +
               "]\n[[check]]\nid = \"c\"\nstatement = \"s\"\ntable = \"t\"\nkind = "
               "\"equation\"\nleft = \"a\"\nright = \"b\"\n")
        .checks[0];
  };
  const std::string blank = "[\"r0\", \"1\", \"\"], ", good = "[\"r1\", \"1\", \"1\"], ",
                    bad = "[\"r2\", \"1\", \"2\"], ";
  CHECK(ruling(blank).ruling == Ruling::not_checkable);
  CHECK(ruling(blank + good).ruling == Ruling::holds);
  CHECK(ruling(good + blank).ruling == Ruling::holds);
  CHECK(ruling(bad + good + blank).ruling == Ruling::contradicts);
  CHECK(ruling(bad + good + blank).sentence == "1 holds, 1 contradicts itself, 1 not checkable");
}

}  // namespace repro::claims
