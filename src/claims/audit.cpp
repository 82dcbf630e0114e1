#include "claims/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "claims/audit_checks.hpp"

namespace repro::claims {
namespace {

constexpr std::array kRulings = {Ruling::holds, Ruling::suspect, Ruling::contradicts,
                                 Ruling::impossible, Ruling::not_checkable};

// What cannot be checked does not decide, unless nothing else is there.
Ruling worst(const AuditFindings& findings) {
  Ruling result = Ruling::not_checkable;
  for (const AuditFinding& finding : findings) {
    if (finding.ruling == Ruling::not_checkable) continue;
    result = result == Ruling::not_checkable ? finding.ruling : std::max(result, finding.ruling);
  }
  return result;
}

std::string plural(Ruling ruling) {
  if (ruling == Ruling::holds) return "hold";
  if (ruling == Ruling::contradicts) return "contradict the paper's own numbers";
  return std::string(name(ruling));
}

// "4 hold, 2 contradict the paper's own numbers".
std::string summary(const AuditFindings& findings) {
  std::vector<std::string> parts;
  for (const Ruling ruling : kRulings) {
    const auto count = std::count_if(findings.begin(), findings.end(),
                                     [&](const AuditFinding& f) { return f.ruling == ruling; });
    if (count == 1) parts.push_back(fmt::format("1 {}", name(ruling)));
    if (count > 1) parts.push_back(fmt::format("{} {}", count, plural(ruling)));
  }
  return join(parts, ", ");
}

CheckResult run_check(const ClaimCheck& check, const AuditInput& input) {
  const CheckHead& head = head_of(check);
  CheckResult result;
  result.id = head.id;
  result.kind = kind_of(check);
  result.statement = head.statement;
  result.where = head.where;
  try {
    result.findings = std::visit([&](const auto& one) { return run(one, input); }, check);
  } catch (const Error& error) {
    throw Error(error.exit(), "{}: check '{}': {}", head.source.text(), head.id, error.what());
  }
  result.ruling = worst(result.findings);
  result.sentence = summary(result.findings);
  return result;
}

}  // namespace

std::string_view name(Ruling ruling) {
  switch (ruling) {
    case Ruling::holds:
      return "holds";
    case Ruling::not_checkable:
      return "not checkable";
    case Ruling::suspect:
      return "suspect";
    case Ruling::contradicts:
      return "contradicts itself";
    case Ruling::impossible:
      return "impossible";
  }
  check(false, "an unnamed ruling");
  return {};
}

bool is_contradiction(Ruling ruling) {
  return ruling == Ruling::contradicts || ruling == Ruling::impossible;
}

bool AuditReport::has_contradictions() const {
  return std::any_of(checks.begin(), checks.end(),
                     [](const CheckResult& one) { return is_contradiction(one.ruling); });
}

AuditReport audit(const Claims& claims, const ProfileLookup& profiles) {
  AuditReport report;
  report.claims = claims.name;
  report.title = claims.title;
  report.source = claims.source;
  report.provenance = claims.facts;
  const AuditInput input{claims, profiles};
  for (const ClaimCheck& check : claims.checks) {
    report.checks.push_back(run_check(check, input));
    for (const AuditFinding& finding : report.checks.back().findings)
      ++report.findings_by_ruling[finding.ruling];
  }
  return report;
}

AuditFinding start_finding(const Claims& claims, const ClaimRow* row,
                           std::initializer_list<const Formula*> formulas) {
  AuditFinding finding;
  finding.subject = row == nullptr ? "the paper" : claims.title_of(*row);
  for (const Formula* formula : formulas)
    for (auto& input : formula->inputs(row))
      if (std::find(finding.inputs.begin(), finding.inputs.end(), input) == finding.inputs.end())
        finding.inputs.push_back(std::move(input));
  return finding;
}

bool lacks_input(AuditFinding& finding, const ClaimRow* row,
                 std::initializer_list<const Formula*> formulas) {
  for (const Formula* formula : formulas) {
    if (formula->at(row)) continue;
    finding.ruling = Ruling::not_checkable;
    finding.sentence = fmt::format("the paper gives no usable {}", formula->missing(row));
    return true;
  }
  return false;
}

std::vector<const ClaimRow*> rows_of(const Claims& claims, const CheckHead& head) {
  if (head.table.empty()) return {nullptr};
  std::vector<const ClaimRow*> rows;
  for (const ClaimRow& row : claims.table(head.table)->rows) rows.push_back(&row);
  return rows;
}

AuditFindings judge_rows(const AuditInput& input, const CheckHead& head,
                         std::initializer_list<const Formula*> formulas,
                         const std::function<void(AuditFinding&, const ClaimRow*)>& judge) {
  AuditFindings findings;
  for (const ClaimRow* row : rows_of(input.claims, head)) {
    findings.push_back(start_finding(input.claims, row, formulas));
    if (!lacks_input(findings.back(), row, formulas)) judge(findings.back(), row);
  }
  return findings;
}

}  // namespace repro::claims
