#pragma once
// What progress looks like as text. Pure: values in, lines out.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace repro::cli {

struct JobProgress {
  std::string name = {};
  std::string phase = {};  // "train", "evaluating", "saving", "tokenize"; "" = nothing recorded yet
  std::string unit = {};   // "steps", "documents"
  double done = 0;
  double total = 0;  // 0 = unknown
  std::optional<double> loss = {};
  std::optional<double> tokens_per_second = {};
  std::optional<double> seconds_left = {};
  std::vector<double> losses = {};  // as they were seen, the oldest first
};

struct TotalProgress {
  size_t done = 0;  // jobs
  size_t jobs = 0;
  size_t running = 0;
  size_t queued = 0;        // and do not run yet
  size_t failed = 0;        // and blocked
  double fraction = 0;      // of the predicted seconds
  double seconds_left = 0;  // predicted
  bool stopping = false;
};

// "train-qwen_moe-c4-full-s0   212/640 steps  33 %  loss 5.2134  2,431 tok/s  2 min 40 s left"
std::string job_line(const JobProgress& progress, size_t name_width);
// "14 of 66 jobs  21 %  2 running  9 queued  18 min 20 s left"
std::string total_line(const TotalProgress& progress);

// The same for a terminal, what matters most first, because a narrow one cuts the end:
// "train-a  ███▌       33 %  2 min 40 s left  loss 5.2134 █▅▃▂▁  212/640 steps  2,431 tok/s"
std::string live_job_line(const JobProgress& progress, size_t name_width);
std::string live_total_line(const TotalProgress& progress);

// `cells` columns, eighths of one told apart; empty at 0 and full at 1 alone.
std::string bar(double fraction, size_t cells);
// At most `cells` columns: means of equally many values each, from the lowest to the highest sign.
std::string sparkline(std::span<const double> values, size_t cells);

// At most `width` columns; what is cut off ends in "…".
std::string fit_width(const std::string& line, size_t width);

}  // namespace repro::cli
