#pragma once
// What a gate found, as people and build servers read it.

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/check_gate.hpp"
#include "report/table.hpp"

namespace repro::cli {

// "ok: 41 ok, 6 not comparable": readable in a list of checks.
std::string status_line(const Checked& checked);

// metric, golden, now, tolerance, lane, verdict; the reason as a note of the row.
report::Table check_table(const std::vector<checks::Row>& rows, const std::string& title);

nlohmann::json check_json(const Checked& checked);

// The status line, warnings, rows that are not ok, the rest folded, the command to repeat it; only
// the status line where nothing is to be said. At most `most` bytes, cut from the bottom.
std::string check_markdown(const Checked& checked, size_t most = 1000 * 1000);

struct OutputChoice {
  std::filesystem::path junit, markdown;  // "" = not written
  bool all = false;                       // every row on the terminal
};
// To the terminal or as JSON, to the files, and to $GITHUB_STEP_SUMMARY where it is set.
void show_checked(const Context& context, const Checked& checked, const OutputChoice& output);

}  // namespace repro::cli
