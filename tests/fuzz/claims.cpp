// A paper's claims, to the audit of its numbers.
#include "claims/audit.hpp"
#include "target.hpp"

namespace repro::fuzz {
namespace {

// Whatever device a check names.
config::Profile any_profile(const std::string& name) {
  config::Profile profile;
  profile.name = name;
  profile.memory_bytes = int64_t{24} << 30;
  profile.peaks = {{.dtype = "bf16", .accumulate = "fp32", .flops = 1e14, .source = "made up"}};
  return profile;
}

}  // namespace

void read(std::string_view bytes) {
  const MemoryFile file(bytes);
  attempt([&] {
    const claims::Claims claims = claims::load_claims(file.path(), "x.toml");
    const claims::AuditReport report = claims::audit(claims, any_profile);
    require(report.checks.size() == claims.checks.size(), "every check has its result");
    int64_t counted = 0, found = 0;
    for (const auto& [ruling, count] : report.findings_by_ruling) counted += count;
    for (const claims::CheckResult& check : report.checks)
      found += static_cast<int64_t>(check.findings.size());
    require(counted == found, "every finding has its ruling");
  });
}

}  // namespace repro::fuzz
