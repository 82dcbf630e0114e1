#include "cli/check_history.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "cli/check_gate.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

constexpr uintmax_t kMostBytes = 16 << 20;

int64_t whole(const json& line, const char* key) {
  const auto at = line.find(key);
  return at != line.end() && at->is_number_integer() ? at->get<int64_t>() : 0;
}

}  // namespace

CheckHistory::CheckHistory(const std::filesystem::path& folder) : path_(folder / "history.jsonl") {}

std::string CheckHistory::summary(const checks::Golden& golden) const {
  int64_t checks = 0, cleared = 0, red = 0;
  std::error_code unknown;
  const bool there = std::filesystem::exists(path_) &&
                     std::filesystem::file_size(path_, unknown) <= kMostBytes && !unknown;
  for (const std::string& text : split(there ? read_file(path_) : "", '\n')) {
    const json line = parse_json(text);
    if (!line.is_object() || line.value("golden", json()) != golden.checksum) continue;
    ++checks;
    cleared += whole(line, "cleared") > 0;
    red += whole(line, "red") > 0;
  }
  return fmt::format(
      "history: {} earlier check{} with this golden here, {} suspect and cleared, {} red", checks,
      checks == 1 ? "" : "s", cleared, red);
}

void CheckHistory::add(const checks::Golden& golden, const std::string& program,
                       const Checked& checked) const {
  make_directories(path_.parent_path());
  LineWriter(path_).write(json({{"golden", golden.checksum},
                                {"name", golden.name},
                                {"program", program},
                                {"rows", checked.rows.size()},
                                {"cleared", checked.cleared},
                                {"red", checks::count(checked.rows, checks::Verdict::regression)},
                                {"exit", static_cast<int>(checked.exit)}})
                              .dump());
}

}  // namespace repro::cli
