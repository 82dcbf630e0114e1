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

std::string bar(double fraction, size_t cells) {
  static constexpr const char* kEighths[] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = static_cast<size_t>(
      std::floor(8 * static_cast<double>(cells) * std::clamp(fraction, 0.0, 1.0)));
  std::string text;
  for (size_t cell = 0; cell < cells; ++cell) {
    const size_t filled = std::min<size_t>(8, eighths > 8 * cell ? eighths - 8 * cell : 0);
    text += filled == 8 ? "█" : kEighths[filled];
  }
  return text;
}

std::string sparkline(std::span<const double> values, size_t cells) {
  static constexpr const char* kLevels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::vector<double> means;
  const size_t shown = std::min(values.size(), cells);
  for (size_t cell = 0; cell < shown; ++cell) {
    const size_t from = cell * values.size() / shown, until = (cell + 1) * values.size() / shown;
    double sum = 0;
    for (const double value : values.subspan(from, until - from)) sum += value;
    means.push_back(sum / static_cast<double>(until - from));
  }
  std::string text;
  if (means.empty()) return text;
  const auto [low, high] = std::minmax_element(means.begin(), means.end());
  for (const double mean : means) {
    const double part = *high > *low ? (mean - *low) / (*high - *low) : 0;
    text += kLevels[std::min<size_t>(7, static_cast<size_t>(8 * part))];
  }
  return text;
}

std::string live_job_line(const JobProgress& progress, size_t name_width) {
  constexpr size_t kBar = 10, kSpark = 10;
  std::string line = fmt::format("{:<{}}", progress.name, name_width);
  if (progress.phase.empty()) return line + "  starting";
  const bool trains = progress.phase == "train";
  if (!trains) line += "  " + progress.phase;
  if (trains && progress.total > 0) {
    const double fraction = progress.done / progress.total;
    line += "  " + bar(fraction, kBar) + percent(fraction);
  }
  if (progress.seconds_left)
    line += fmt::format("  {} left", human_seconds(*progress.seconds_left));
  if (progress.loss)
    line += fmt::format("  loss {:.4f} {}", *progress.loss, sparkline(progress.losses, kSpark));
  if (progress.total > 0)
    line += fmt::format("  {}/{} {}", human_count(progress.done), human_count(progress.total),
                        progress.unit);
  else if (progress.done > 0)
    line += fmt::format("  {} {}", human_count(progress.done), progress.unit);
  if (progress.tokens_per_second)
    line += fmt::format("  {} tok/s", with_commas(std::llround(*progress.tokens_per_second)));
  return line;
}

std::string live_total_line(const TotalProgress& progress) {
  constexpr size_t kBar = 20;
  std::string line = bar(progress.fraction, kBar) + percent(progress.fraction);
  if (!progress.stopping) line += fmt::format("  {} left", human_seconds(progress.seconds_left));
  line +=
      fmt::format("  {} of {} jobs  {} running", progress.done, progress.jobs, progress.running);
  if (progress.queued > 0) line += fmt::format("  {} queued", progress.queued);
  if (progress.failed > 0) line += fmt::format("  {} failed or blocked", progress.failed);
  return progress.stopping ? line + "  stopping: checkpoints are being written" : line;
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
