#pragma once
// Checks a paper's own numbers against each other, against arithmetic and against physics, without
// training anything. What is checked is declared in the claims file; this code knows no paper.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "claims/claims.hpp"
#include "config/profile.hpp"

namespace repro::claims {

// From best to worst. suspect: possible, but something else must be true that is not stated.
enum class Ruling { holds, not_checkable, suspect, contradicts, impossible };
std::string_view name(Ruling ruling);  // "contradicts itself", ...
bool is_contradiction(Ruling ruling);  // contradicts or impossible: what the gate counts

// One check on one row.
struct AuditFinding {
  std::string subject;  // "Qwen / C4"
  Ruling ruling = Ruling::not_checkable;
  std::vector<std::pair<std::string, std::string>> inputs;  // name, as printed or derived
  std::string arithmetic;                 // "4 * 0.35 * 2.09 = 2.926; printed 2.9260"
  std::string sentence;                   // plain words, no full stop
  std::string repair;                     // the least that would mend it; "" = not known
  std::map<std::string, double> numbers;  // what was derived, by name, for reports and tests
};

struct CheckResult {
  std::string id;
  std::string kind;
  std::string statement;
  std::string where;
  Ruling ruling = Ruling::holds;  // the worst of its findings
  std::string sentence;           // "6 of 6 hold", "3 of 6 exceed the peak"
  std::vector<AuditFinding> findings;
};

struct AuditReport {
  std::string claims;
  std::string title;
  std::string source;
  std::vector<CheckResult> checks;
  std::vector<ClaimFact> provenance;
  std::map<Ruling, int64_t> findings_by_ruling;
  bool has_contradictions() const;
};

// A hardware profile by name; throws Error for an unknown one.
using ProfileLookup = std::function<config::Profile(const std::string&)>;

AuditReport audit(const Claims& claims, const ProfileLookup& profiles);

// The pieces, for tests and for reports.

// Integers k with round(100 k / n, decimals) = percent (halves either way); empty = impossible.
struct FeasibleCounts {
  int64_t first = 0, last = -1;
  bool empty() const { return last < first; }
};
FeasibleCounts feasible_counts(double percent, int decimals, int64_t n);

}  // namespace repro::claims
