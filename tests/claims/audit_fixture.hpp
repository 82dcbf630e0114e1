#pragma once
// The audit of the paper, and ways to ask what it found.

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "claims/audit.hpp"
#include "temporary_directory.hpp"

namespace repro::claims {

inline const std::filesystem::path kRoot = REPRO_SOURCE_ROOT;

inline config::Profile profile(const std::string& name) {
  return config::find_profile(kRoot, name);
}

inline AuditReport audit_paper() { return audit(find_claims(kRoot, "moe_disco"), profile); }

// Of a claims file that a test writes.
inline AuditReport audit_text(const std::string& text) {
  const TemporaryDirectory folder;
  write_file_atomically(folder.path() / "claims.toml", text);
  return audit(load_claims(folder.path() / "claims.toml", "claims.toml"), profile);
}

inline const CheckResult& find(const AuditReport& report, const std::string& id) {
  for (const CheckResult& check : report.checks)
    if (check.id == id) return check;
  FAIL("no check '" << id << "'");
  return report.checks.front();
}

inline int64_t count(const CheckResult& check, Ruling ruling) {
  return std::count_if(check.findings.begin(), check.findings.end(),
                       [&](const AuditFinding& finding) { return finding.ruling == ruling; });
}

inline std::vector<std::string> subjects(const CheckResult& check, Ruling ruling) {
  std::vector<std::string> names;
  for (const AuditFinding& finding : check.findings)
    if (finding.ruling == ruling) names.push_back(finding.subject);
  return names;
}

// A derived quantity of each finding, against the published column.
inline void check_column(const CheckResult& check, const std::string& quantity,
                         const std::vector<double>& expected, double margin) {
  REQUIRE(check.findings.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(check.id, quantity, check.findings[i].subject);
    CHECK(check.findings[i].numbers.at(quantity) == Approx(expected[i]).margin(margin));
  }
}

}  // namespace repro::claims
