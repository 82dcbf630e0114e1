#include "cli/progress_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "base/unicode.hpp"

namespace repro::cli {
namespace {

std::string percent(double fraction) {
  return fmt::format("{:3.0f} %", std::floor(100 * std::clamp(fraction, 0.0, 1.0)));
}

std::string amount(const JobProgress& progress) {
  if (progress.total <= 0) return fmt::format("{} {}", human_count(progress.done), progress.unit);
  return fmt::format("{}/{} {}  {}", human_count(progress.done), human_count(progress.total),
                     progress.unit, percent(progress.done / progress.total));
}

}  // namespace

std::string job_line(const JobProgress& progress, size_t name_width) {
  std::string line = fmt::format("{:<{}}", progress.name, name_width);
  if (progress.phase.empty()) return line + "  starting";
  if (progress.phase != "train") line += "  " + progress.phase;
  line += "  " + amount(progress);
  if (progress.loss) line += fmt::format("  loss {:.4f}", *progress.loss);
  if (progress.tokens_per_second)
    line += fmt::format("  {} tok/s", with_commas(std::llround(*progress.tokens_per_second)));
  if (progress.seconds_left)
    line += fmt::format("  {} left", human_seconds(*progress.seconds_left));
  return line;
}

std::string total_line(const TotalProgress& progress) {
  std::string line = fmt::format("{} of {} jobs  {}  {} running", progress.done, progress.jobs,
                                 percent(progress.fraction), progress.running);
  if (progress.queued > 0) line += fmt::format("  {} queued", progress.queued);
  if (progress.failed > 0) line += fmt::format("  {} failed or blocked", progress.failed);
  if (progress.stopping) return line + "  stopping: checkpoints are being written";
  return line + fmt::format("  {} left", human_seconds(progress.seconds_left));
}

std::string fit_width(const std::string& line, size_t width) {
  if (display_width(line) <= width) return line;
  std::string kept = line;
  while (!kept.empty() && display_width(kept) + 1 > width) {
    kept.pop_back();
    // Not in the middle of a UTF-8 character.
    while (!kept.empty() && (static_cast<unsigned char>(kept.back()) & 0xC0) == 0x80)
      kept.pop_back();
    if (!kept.empty() && static_cast<unsigned char>(kept.back()) >= 0xC0) kept.pop_back();
  }
  return kept + "…";
}

}  // namespace repro::cli
