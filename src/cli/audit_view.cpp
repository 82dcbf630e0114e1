#include "cli/audit_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "base/unicode.hpp"

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
          {"repair", finding.repair},
          {"numbers", finding.numbers}};
}

// Worst first; those of one verdict in the claims' order.
std::vector<const CheckResult*> by_verdict(const AuditReport& audit) {
  std::vector<const CheckResult*> checks;
  for (const CheckResult& check : audit.checks) checks.push_back(&check);
  std::stable_sort(checks.begin(), checks.end(), [](const CheckResult* a, const CheckResult* b) {
    return a->ruling > b->ruling;
  });
  return checks;
}

// On one line of so many columns.
std::string shortened(const std::string& text, size_t width) {
  const std::string line = printable_line(text);
  if (display_width(line) <= width) return line;
  std::string kept;
  for (size_t at = 0; at < line.size();) {
    const size_t from = at;
    next_code_point(line, at);
    if (display_width(kept) + display_width(line.substr(from, at - from)) + 3 > width) break;
    kept += line.substr(from, at - from);
  }
  return kept + "...";
}

std::string words_of(const AuditFinding& finding) {
  return finding.repair.empty() ? finding.sentence : finding.sentence + "; " + finding.repair;
}

// On a line that may end early: a known factor says more than the two numbers that it lies between.
std::string words_of_a_line(const AuditFinding& finding) {
  const bool slip = finding.numbers.count("slip") != 0;
  return slip ? fmt::format("{}; {}", finding.repair, finding.sentence) : words_of(finding);
}

// Of findings alike, the one whose device would outdo its peak by most is the worst.
double excess(const AuditFinding& finding) {
  const auto at = finding.numbers.find("mfu_percent_least");
  return at == finding.numbers.end() ? 0 : at->second;
}

// Of a whole audit, the finding that says most: the worst of the worst check's.
std::string worst_words(const AuditReport& audit) {
  if (audit.checks.empty()) return "no checks";
  const CheckResult& worst = *by_verdict(audit).front();
  if (worst.ruling == Ruling::holds) return "every number that can be checked closes";
  const AuditFinding* found = nullptr;
  for (const AuditFinding& one : worst.findings)
    if (one.ruling == worst.ruling && (found == nullptr || excess(one) > excess(*found)))
      found = &one;
  if (found == nullptr) return worst.sentence;
  const std::string words = words_of_a_line(*found);
  return found->subject == "the paper" ? words : fmt::format("{}: {}", found->subject, words);
}

Ruling ruling_of(const AuditReport& audit) {
  return audit.checks.empty() ? Ruling::not_checkable : by_verdict(audit).front()->ruling;
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
  for (const CheckResult* check : by_verdict(audit))
    table.add({check->id, check->statement, text_of(check->ruling), check->sentence});
  return table;
}

report::Table audit_findings(const AuditReport& audit, bool all) {
  report::Table table{.title = all ? "Findings" : "Findings against the paper",
                      .columns = {{.heading = "check", .align = Align::left},
                                  {.heading = "of", .align = Align::left},
                                  {.heading = "verdict", .align = Align::left},
                                  {.heading = "in words", .align = Align::left},
                                  {.heading = "arithmetic", .align = Align::left}}};
  for (const CheckResult* check : by_verdict(audit)) {
    bool first = true;
    for (const AuditFinding& finding : check->findings) {
      const bool against = finding.ruling == Ruling::suspect || is_contradiction(finding.ruling);
      if (!all && !against) continue;
      table.add({first ? report::TableCell(check->id) : report::TableCell::repeated(check->id),
                 finding.subject, text_of(finding.ruling), words_of(finding),
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

std::vector<std::string> gallery_lines(std::vector<AuditReport> audits, size_t width) {
  std::stable_sort(audits.begin(), audits.end(), [](const AuditReport& a, const AuditReport& b) {
    return ruling_of(a) > ruling_of(b);
  });
  size_t names = 0;
  for (const AuditReport& audit : audits) names = std::max(names, audit.claims.size());
  std::vector<std::string> lines;
  for (const AuditReport& audit : audits) {
    int64_t all = 0;
    for (const auto& [ruling, findings] : audit.findings_by_ruling) all += findings;
    lines.push_back(shortened(
        fmt::format("{:<18} {:<{}} {:>4} of {:<4} {}", text_of(ruling_of(audit)), audit.claims,
                    names, count(audit, ruling_of(audit)), all, worst_words(audit)),
        width));
  }
  return lines;
}

nlohmann::json gallery_json(const std::vector<AuditReport>& audits) {
  nlohmann::json all = nlohmann::json::array();
  for (const AuditReport& audit : audits) {
    nlohmann::json findings = nlohmann::json::object();
    for (const auto& [ruling, number] : audit.findings_by_ruling)
      findings[text_of(ruling)] = number;
    all.push_back({{"claims", audit.claims},
                   {"title", audit.title},
                   {"verdict", text_of(ruling_of(audit))},
                   {"contradictions", audit.has_contradictions()},
                   {"findings", findings},
                   {"worst", worst_words(audit)}});
  }
  return all;
}

}  // namespace repro::cli
