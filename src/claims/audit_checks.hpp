#pragma once
// One function for each kind of check: its findings, row by row. Internal to the audit.

#include <functional>
#include <initializer_list>
#include <vector>

#include "claims/audit.hpp"
#include "claims/audit_formula.hpp"

namespace repro::claims {

using AuditFindings = std::vector<AuditFinding>;

struct AuditInput {
  const Claims& claims;
  const ProfileLookup& profiles;
};

// audit_equation.cpp
AuditFindings run(const EquationCheck& check, const AuditInput& input);
AuditFindings run(const ConstantCheck& check, const AuditInput& input);
// audit_width.cpp
AuditFindings run(const RowWidthCheck& check, const AuditInput& input);
// audit_arithmetic.cpp
AuditFindings run(const RatioCheck& check, const AuditInput& input);
AuditFindings run(const PriceCheck& check, const AuditInput& input);
AuditFindings run(const TargetCheck& check, const AuditInput& input);
AuditFindings run(const PerplexityCheck& check, const AuditInput& input);
AuditFindings run(const ReportedCheck& check, const AuditInput& input);
// audit_physics.cpp
AuditFindings run(const RooflineCheck& check, const AuditInput& input);
AuditFindings run(const StepTimeCheck& check, const AuditInput& input);
AuditFindings run(const MemoryCheck& check, const AuditInput& input);
// audit_mfu.cpp
AuditFindings run(const MfuCheck& check, const AuditInput& input);
// audit_accuracy.cpp
AuditFindings run(const GrimCheck& check, const AuditInput& input);
AuditFindings run(const ChanceCheck& check, const AuditInput& input);
AuditFindings run(const ProportionCheck& check, const AuditInput& input);

// A finding for a row (null = the whole paper) with the inputs of its formulas, each once.
AuditFinding start_finding(const Claims& claims, const ClaimRow* row,
                           std::initializer_list<const Formula*> formulas);
// Completes it as not checkable when one of the formulas lacks a number; false when none does.
bool lacks_input(AuditFinding& finding, const ClaimRow* row,
                 std::initializer_list<const Formula*> formulas);
// The rows a check is evaluated on: those of its table, or one null.
std::vector<const ClaimRow*> rows_of(const Claims& claims, const CheckHead& head);
// A finding for each of them, which `judge` completes where every formula has a number.
AuditFindings judge_rows(const AuditInput& input, const CheckHead& head,
                         std::initializer_list<const Formula*> formulas,
                         const std::function<void(AuditFinding&, const ClaimRow*)>& judge);

}  // namespace repro::claims
