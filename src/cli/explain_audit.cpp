#include "cli/explain_audit.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "claims/audit.hpp"
#include "claims/claims.hpp"
#include "cli/audit_view.hpp"
#include "cli/printing.hpp"
#include "config/profile.hpp"

namespace repro::cli {
namespace {

using claims::AuditFinding;
using claims::CheckResult;

// "full_cost = price_high * full_hours"; "" for kinds whose rule is in the program.
std::string formula_of(const claims::ClaimCheck& check) {
  if (const auto* equation = std::get_if<claims::EquationCheck>(&check))
    return equation->left + " " + equation->relation + " " + equation->right;
  if (const auto* constant = std::get_if<claims::ConstantCheck>(&check)) return constant->value;
  return "";
}

void show_line(const char* name, const std::string& text) {
  if (!text.empty()) say("  {:<11} {}\n", name, printable_line(text));
}

void show_finding(const AuditFinding& finding) {
  say("{}: {}\n", printable_line(finding.subject), claims::name(finding.ruling));
  show_line("in words", finding.sentence);
  show_line("arithmetic", finding.arithmetic);
  show_line("mended by", finding.repair);
  for (const auto& [name, value] : finding.inputs) show_line("from", name + " = " + value);
}

void show_check(const CheckResult& check, const std::string& formula) {
  say("{}: {}\n", printable_line(check.id), printable_line(check.statement));
  show_line("kind", check.kind);
  show_line("formula", formula);
  show_line("where", check.where);
  show_line("findings", check.sentence);
  for (const AuditFinding& finding : check.findings) show_finding(finding);
}

}  // namespace

Exit explain_audit(const Context& context, const std::string& subject) {
  const std::vector<std::string> parts = split(subject, ':');
  if (parts.size() != 3)
    throw Error(Exit::usage, "explain: '{}': write audit:PAPER:CHECK", printable_line(subject));
  const std::filesystem::path root = context.root();
  const claims::Claims claims = claims::find_claims(root, parts[1]);
  const claims::AuditReport audit = claims::audit(
      claims, [&](const std::string& name) { return config::find_profile(root, name); });
  const auto at = std::find_if(audit.checks.begin(), audit.checks.end(),
                               [&](const CheckResult& one) { return one.id == parts[2]; });
  if (at == audit.checks.end()) {
    std::vector<std::string> ids;
    for (const CheckResult& one : audit.checks) ids.push_back(one.id);
    throw Error("claims '{}' have no check '{}'{}; there are: {}", claims.name,
                printable_line(parts[2]), did_you_mean(parts[2], ids), join(ids, ", "));
  }
  const auto index = static_cast<size_t>(at - audit.checks.begin());
  if (context.json)
    print(audit_json(audit).at("checks").at(index));
  else
    show_check(*at, formula_of(claims.checks.at(index)));
  return Exit::ok;
}

}  // namespace repro::cli
