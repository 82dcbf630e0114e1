#pragma once
// An audit as tables, a page and JSON.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "claims/audit.hpp"
#include "report/page.hpp"
#include "report/table.hpp"

namespace repro::cli {

// One row a check, the worst first.
report::Table audit_summary(const claims::AuditReport& audit);
// One row a finding, by check, the worst first; only those against the paper (suspect or worse)
// unless `all`.
report::Table audit_findings(const claims::AuditReport& audit, bool all);
report::Table audit_provenance(const claims::AuditReport& audit);
report::Page audit_page(const claims::AuditReport& audit);
nlohmann::json audit_json(const claims::AuditReport& audit);
// "findings: 117 hold, 49 suspect, 10 contradict the paper's own numbers, ..."
std::string audit_headline(const claims::AuditReport& audit);

// Several audits, one line each: verdict, claims, how many findings have it, the worst in words.
// The worst first, none wider than `width` columns.
std::vector<std::string> gallery_lines(std::vector<claims::AuditReport> audits, size_t width);
nlohmann::json gallery_json(const std::vector<claims::AuditReport>& audits);

}  // namespace repro::cli
