#include "check/manifest.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"

namespace repro::checks {
namespace {

using nlohmann::json;

// Leaves that differ: "optimizer.lr 0.0003 then, 0.0004 now".
void add_differences(const std::string& path, const json& then, const json& now,
                     std::vector<std::string>& found) {
  if (then == now) return;
  if (!then.is_object() || !now.is_object()) {
    found.push_back(fmt::format("{} {} then, {} now", path, then.is_null() ? "absent" : then.dump(),
                                now.is_null() ? "absent" : now.dump()));
    return;
  }
  json keys = then;
  keys.update(now);
  for (const auto& [key, unused] : keys.items())
    add_differences(path.empty() ? key : path + "." + key, then.value(key, json()),
                    now.value(key, json()), found);
}

std::string difference_text(const Golden& golden, const run::Job& job) {
  const auto spec = golden.specs.find(job.name);
  if (spec == golden.specs.end()) return "one of its values, or of what it reads, is another";
  std::vector<std::string> found;
  add_differences("", parse_json(spec->second), job.spec, found);
  constexpr size_t kMost = 3;
  if (found.empty()) return "what it reads is another, or the format of runs";
  if (found.size() > kMost) {
    const size_t more = found.size() - kMost;
    found.resize(kMost);
    found.push_back(fmt::format("and {} more", more));
  }
  return printable_line(join(found, ", "));
}

[[noreturn]] void refuse(const Golden& golden, const std::string& what) {
  throw Error(
      "golden '{}': the manifest is another one than it was recorded of: {}; take the change back, "
      "or renew the golden with `repro golden record --renew --name {} --cause \"...\" --why "
      "\"...\"`",
      golden.name, what, golden.name);
}

}  // namespace

void note_manifest(Golden& golden, const plan::Plan& plan) {
  const int64_t first = plan.cells.at(0).seed;
  for (const run::Job& job : plan.graph.jobs()) {
    golden.keys[job.name] = job.key;
    const bool seeded = job.spec.contains("seed") && job.spec["seed"] != first;
    if (!seeded) golden.specs[job.name] = job.spec.dump();
  }
}

void require_same_manifest(const Golden& golden, const plan::Plan& plan) {
  for (const run::Job& job : plan.graph.jobs()) {
    const auto key = golden.keys.find(job.name);
    if (key == golden.keys.end()) refuse(golden, fmt::format("it has no job {}", job.name));
    if (key->second != job.key)
      refuse(golden, fmt::format("{}: {}", job.name, difference_text(golden, job)));
  }
}

}  // namespace repro::checks
