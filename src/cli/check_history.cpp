#include "cli/check_history.hpp"

#include <fmt/format.h>

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "cli/check_gate.hpp"
#include "run/environment.hpp"

namespace repro::cli {
namespace {

constexpr size_t kRevisionDigits = 12;

}  // namespace

fs::path history_file(const fs::path& runs) { return runs / "check/history.jsonl"; }

std::string history_summary(const fs::path& file, const checks::Golden& golden) {
  int64_t checks = 0, cleared = 0, red = 0;
  for (const checks::HistoryEntry& entry : checks::read_history(file).entries) {
    if (entry.golden != golden.checksum) continue;
    ++checks;
    cleared += entry.cleared > 0;
    red += entry.red > 0;
  }
  return fmt::format(
      "history: {} earlier check{} with this golden here, {} suspect and cleared, {} red", checks,
      checks == 1 ? "" : "s", cleared, red);
}

void add_to_history(const fs::path& file, const fs::path& root, const checks::Golden& golden,
                    const std::string& program, const Checked& checked,
                    const checks::Observations& now) {
  make_directories(file.parent_path());
  LineWriter(file).write(
      checks::to_line({.golden = golden.checksum,
                       .name = golden.name,
                       .manifest = checks::manifest_id(golden),
                       .program = program,
                       .machine = now.machine,
                       .revision = revision_of(root),
                       .at = run::utc_now(),
                       .numbers = checks::numbers_of_rows(checked.rows, now),
                       .rows = static_cast<int64_t>(checked.rows.size()),
                       .cleared = checked.cleared,
                       .red = checks::count(checked.rows, checks::Verdict::regression),
                       .exit = static_cast<int64_t>(checked.exit)}));
}

std::string revision_of(const fs::path& folder) {
  if (!find_program("git")) return "";
  const auto ask = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"git", "-C", folder.string()});
    const Completed answer = run_to_end({.words = words});
    return answer.status.clean() ? std::string(trim(answer.output)) : std::string();
  };
  const std::string revision = ask({"rev-parse", "--verify", "HEAD"});
  if (revision.size() < kRevisionDigits) return "";
  const bool changed = !ask({"status", "--porcelain", "--untracked-files=no"}).empty();
  return revision.substr(0, kRevisionDigits) + (changed ? "+" : "");
}

}  // namespace repro::cli
