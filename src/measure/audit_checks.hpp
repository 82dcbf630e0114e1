#pragma once
// One function for each kind of check: its findings, row by row. Internal to the audit.

#include <vector>

#include "measure/audit.hpp"
#include "measure/audit_formula.hpp"

namespace repro::measure {

using Findings = std::vector<Finding>;

struct AuditInput {
  const config::Claims& claims;
  const ProfileLookup& profiles;
};

// audit_arithmetic.cpp
Findings run(const config::EquationCheck& check, const AuditInput& input);
Findings run(const config::RatioCheck& check, const AuditInput& input);
Findings run(const config::PriceCheck& check, const AuditInput& input);
Findings run(const config::TargetCheck& check, const AuditInput& input);
Findings run(const config::PerplexityCheck& check, const AuditInput& input);
Findings run(const config::ReportedCheck& check, const AuditInput& input);
// audit_physics.cpp
Findings run(const config::RooflineCheck& check, const AuditInput& input);
Findings run(const config::StepTimeCheck& check, const AuditInput& input);
Findings run(const config::MemoryCheck& check, const AuditInput& input);
// audit_accuracy.cpp
Findings run(const config::GrimCheck& check, const AuditInput& input);
Findings run(const config::ChanceCheck& check, const AuditInput& input);
Findings run(const config::ProportionCheck& check, const AuditInput& input);

// A finding for a row (null = the whole paper) with the inputs of its formulas, each once.
Finding start_finding(const config::Claims& claims, const config::ClaimRow* row,
                      std::initializer_list<const Formula*> formulas);
// Completes it as not checkable when one of the formulas lacks a number; false when none does.
bool lacks_input(Finding& finding, const config::ClaimRow* row,
                 std::initializer_list<const Formula*> formulas);
// The rows a check is evaluated on: those of its table, or one null.
std::vector<const config::ClaimRow*> rows_of(const config::Claims& claims,
                                             const config::CheckHead& head);

}  // namespace repro::measure
