#include "claims/audit.hpp"

#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "cli/audit_view.hpp"
#include "cli/printing.hpp"
#include "cli/program.hpp"
#include "cli/verbs.hpp"

namespace repro::cli {
namespace {

struct AuditChoice {
  std::string claims;
  bool no_gate = false;
  bool all = false;
  bool summary = false;
  bool provenance = false;
  fs::path output;
};

void write_files(const claims::AuditReport& audit, const fs::path& folder) {
  make_directories(folder);
  const report::Page page = audit_page(audit);
  write_file_atomically(folder / "audit.md", report::to_markdown(page));
  write_file_atomically(folder / "audit.html", report::to_html(page));
  write_file_atomically(folder / "audit.tex", report::to_latex(page));
  write_file_atomically(folder / "audit.csv", report::to_csv(audit_findings(audit, true)));
  write_file_atomically(folder / "audit.json", report::json_text(audit_json(audit), 2) + "\n");
}

void show(const Context& context, const claims::AuditReport& audit, const AuditChoice& choice) {
  if (context.json) return print(audit_json(audit));
  say("{}\n\n", audit_headline(audit));  // first: the tables are long
  print(audit_summary(audit));
  if (const report::Table findings = audit_findings(audit, choice.all);
      !choice.summary && !findings.rows.empty()) {
    say("\n");
    print(findings);
  }
  if (!choice.provenance) return;
  say("\n");
  print(audit_provenance(audit));
}

// Each profile is read once, however many checks ask for it.
class Profiles {
 public:
  explicit Profiles(fs::path root) : root_(std::move(root)) {}
  config::Profile operator()(const std::string& name) {
    const auto known = known_.find(name);
    if (known != known_.end()) return known->second;
    return known_.emplace(name, config::find_profile(root_, name)).first->second;
  }

 private:
  fs::path root_;
  std::map<std::string, config::Profile> known_;
};

Exit gate(bool contradictions, const AuditChoice& choice) {
  return contradictions && !choice.no_gate ? Exit::regression : Exit::ok;
}

Exit audit_one(const Context& context, const AuditChoice& choice) {
  const fs::path root = context.root();
  const claims::Claims claims = claims::find_claims(root, choice.claims);
  if (claims.checks.empty())
    warn("repro: warning: claims '{}' declare no [[check]]: nothing is checked\n", claims.name);
  Profiles profiles(root);
  const claims::AuditReport audit =
      claims::audit(claims, [&](const std::string& name) { return profiles(name); });
  if (!choice.output.empty()) write_files(audit, choice.output);
  show(context, audit, choice);
  return gate(audit.has_contradictions(), choice);
}

// All claims that are known, one line each.
Exit audit_all(const Context& context, const AuditChoice& choice) {
  const fs::path root = context.root();
  Profiles profiles(root);
  std::vector<claims::AuditReport> audits;
  bool contradictions = false;
  for (const std::string& name : claims::claims_names(root)) {
    audits.push_back(claims::audit(claims::find_claims(root, name),
                                   [&](const std::string& profile) { return profiles(profile); }));
    contradictions = contradictions || audits.back().has_contradictions();
  }
  if (context.json)
    print(gallery_json(audits));
  else
    for (const std::string& line : gallery_lines(std::move(audits), terminal_width()))
      say("{}\n", line);
  return gate(contradictions, choice);
}

Exit run_audit(const Context& context, const AuditChoice& choice) {
  if (!choice.claims.empty()) return audit_one(context, choice);
  if (!choice.all)
    throw Error(Exit::usage,
                "audit: which claims? A name of experiments/claims/, a .toml file, or --all");
  if (!choice.output.empty() || choice.provenance)
    throw Error(Exit::usage, "audit: --output and --provenance are of one audit; name its claims");
  return audit_all(context, choice);
}

}  // namespace

void add_audit(Program& program) {
  CLI::App& verb = program.add_verb(
      "audit", "check a paper's own numbers; no GPU, no training",
      "  repro audit moe-disco\n"
      "  repro audit moe-disco --summary\n"
      "  repro audit moe-disco --all --provenance\n"
      "  repro audit --all                        every claims file, one line each\n"
      "  repro audit my_claims.toml --no-gate --output reports/audit\n"
      "Exit code 1 when a number contradicts another or is impossible, 0 with --no-gate.");
  auto choice = std::make_shared<AuditChoice>();
  // No `required`: --all alone asks for all of them.
  verb.add_option("claims", choice->claims, "a name of experiments/claims/, or a .toml file");
  verb.add_flag("--no-gate", choice->no_gate, "exit 0 whatever is found");
  verb.add_flag("--all", choice->all,
                "show the findings that hold or cannot be checked as well; without claims: audit "
                "all of them");
  verb.add_flag("--summary", choice->summary, "the checks alone, without their findings");
  verb.add_flag("--provenance", choice->provenance,
                "list what the paper gives, what is assumed and what is unknown");
  verb.add_option("--output", choice->output,
                  "also write Markdown, HTML, LaTeX, CSV and JSON into this folder");
  program.on(verb, [&program, choice] { return run_audit(program.context(), *choice); });
}

}  // namespace repro::cli
