#pragma once
// An audit as tables, a document and JSON.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "measure/audit.hpp"
#include "report/document.hpp"
#include "report/table.hpp"

namespace repro::cli {

report::Table audit_summary(const measure::AuditReport& audit);
// One row a finding; only those against the paper (suspect or worse) unless `all`.
report::Table audit_findings(const measure::AuditReport& audit, bool all);
report::Table audit_provenance(const measure::AuditReport& audit);
report::Document audit_document(const measure::AuditReport& audit);
nlohmann::json audit_json(const measure::AuditReport& audit);
// "findings: 117 hold, 49 suspect, 10 contradict the paper's own numbers, ..."
std::string audit_headline(const measure::AuditReport& audit);

}  // namespace repro::cli
