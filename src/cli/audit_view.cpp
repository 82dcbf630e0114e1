#include "cli/audit_view.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace repro::cli {
namespace {

using claims::AuditFinding;
using claims::AuditReport;
using claims::CheckResult;
using claims::Ruling;
using report::Align;

std::string text_of(Ruling ruling) { return std::string(claims::name(ruling)); }

int64_t count(const AuditReport& audit, Ruling ruling) {
  const auto found = audit.findings_by_ruling.find(ruling);
  return found == audit.findings_by_ruling.end() ? 0 : found->second;
}

nlohmann::json json_of(const AuditFinding& finding) {
  nlohmann::json inputs = nlohmann::json::object();
  for (const auto& [name, printed] : finding.inputs) inputs[name] = printed;
  return {{"subject", finding.subject},
          {"ruling", text_of(finding.ruling)},
          {"inputs", inputs},
          {"arithmetic", finding.arithmetic},
          {"sentence", finding.sentence},
          {"numbers", finding.numbers}};
}

}  // namespace

std::string audit_headline(const AuditReport& audit) {
  return fmt::format(
      "findings: {} hold, {} suspect, {} contradict the paper's own numbers, {} impossible, {} not "
      "checkable",
      count(audit, Ruling::holds), count(audit, Ruling::suspect), count(audit, Ruling::contradicts),
      count(audit, Ruling::impossible), count(audit, Ruling::not_checkable));
}

report::Table audit_summary(const AuditReport& audit) {
  report::Table table{.title = audit.title,
                      .columns = {{.heading = "check", .align = Align::left},
                                  {.heading = "the paper says", .align = Align::left},
                                  {.heading = "verdict", .align = Align::left},
                                  {.heading = "findings", .align = Align::left}}};
  for (const CheckResult& check : audit.checks)
    table.add({check.id, check.statement, text_of(check.ruling), check.sentence});
  return table;
}

report::Table audit_findings(const AuditReport& audit, bool all) {
  report::Table table{.title = all ? "Findings" : "Findings against the paper",
                      .columns = {{.heading = "check", .align = Align::left},
                                  {.heading = "of", .align = Align::left},
                                  {.heading = "verdict", .align = Align::left},
                                  {.heading = "in words", .align = Align::left},
                                  {.heading = "arithmetic", .align = Align::left}}};
  for (const CheckResult& check : audit.checks) {
    bool first = true;
    for (const AuditFinding& finding : check.findings) {
      const bool against = finding.ruling == Ruling::suspect || is_contradiction(finding.ruling);
      if (!all && !against) continue;
      table.add({first ? report::TableCell(check.id) : report::TableCell::repeated(check.id),
                 finding.subject, text_of(finding.ruling), finding.sentence,
                 finding.arithmetic.empty() ? report::TableCell::repeated("none")
                                            : report::TableCell(finding.arithmetic)},
                first && !table.rows.empty());
      first = false;
    }
  }
  return table;
}

report::Table audit_provenance(const AuditReport& audit) {
  report::Table table{.title = "What the paper gives, what is assumed, what is unknown",
                      .columns = {{.heading = "fact", .align = Align::left},
                                  {.heading = "from", .align = Align::left},
                                  {.heading = "value", .align = Align::left},
                                  {.heading = "it changes", .align = Align::left}}};
  for (const claims::ClaimFact& fact : audit.provenance)
    table.add({fact.name, fact.origin, fact.value.empty() ? "?" : fact.value, fact.matters});
  return table;
}

report::Page audit_page(const AuditReport& audit) {
  return {.title = fmt::format("Audit of {}", audit.title),
          .blocks = {report::Paragraph{.text = audit_headline(audit) + ".", .lead = true},
                     report::Paragraph{.text = fmt::format("Source: {}.", audit.source)},
                     audit_summary(audit), audit_findings(audit, true), audit_provenance(audit)}};
}

nlohmann::json audit_json(const AuditReport& audit) {
  nlohmann::json checks = nlohmann::json::array();
  for (const CheckResult& check : audit.checks) {
    nlohmann::json findings = nlohmann::json::array();
    for (const AuditFinding& finding : check.findings) findings.push_back(json_of(finding));
    checks.push_back({{"id", check.id},
                      {"kind", check.kind},
                      {"statement", check.statement},
                      {"where", check.where},
                      {"verdict", text_of(check.ruling)},
                      {"summary", check.sentence},
                      {"findings", findings}});
  }
  nlohmann::json facts = nlohmann::json::array();
  for (const claims::ClaimFact& fact : audit.provenance)
    facts.push_back({{"fact", fact.name},
                     {"origin", fact.origin},
                     {"value", fact.value},
                     {"matters", fact.matters}});
  return {{"claims", audit.claims}, {"title", audit.title},
          {"source", audit.source}, {"contradictions", audit.has_contradictions()},
          {"checks", checks},       {"provenance", facts}};
}

}  // namespace repro::cli
