#pragma once
// What the lines of a log say, put together: which steps count after a restart, and how long they
// took. A step logged again replaces the earlier one and those behind it, as a resumed run does; a
// process clock that goes back begins anew behind the last step that counts.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "import/foreign_log.hpp"
#include "import/log_text.hpp"

namespace repro::imports {

// One line of a training. Its time stands there in one of two ways, or not at all.
struct LoggedStep {
  int64_t step = 0;
  std::optional<double> loss = std::nullopt;  // as logged: may be NaN, or a sentinel
  std::optional<double> lr = std::nullopt;
  std::optional<double> grad_norm = std::nullopt;
  std::optional<int64_t> tokens = std::nullopt;       // seen so far
  std::optional<double> step_seconds = std::nullopt;  // of each step since the one before
  std::optional<double> elapsed = std::nullopt;       // seconds since the process began
  bool evaluated = false;  // step_seconds holds an evaluation or a checkpoint as well
  bool restarted = false;  // the first step that a new process logged
};

class LogBuilder {
 public:
  LogBuilder(std::string file, const ForeignLog& log) : file_(std::move(file)), log_(log) {}

  void step(const LoggedStep& logged, size_t line);
  // `loss` may be NaN, which is counted. A second one of the same step and split replaces it.
  void evaluation(int64_t step, const std::string& split, double loss);
  // What the log itself says, once for all its steps. Error when an option says otherwise.
  void tokens_per_step(int64_t tokens, size_t line);
  void sequence(int64_t tokens, size_t line);
  // Why there is no time, where the reader knows better than "the log has none".
  void untimed(std::string reason) { untimed_ = std::move(reason); }

  int64_t tokens_per_step() const {
    return stated_tokens_ > 0 ? stated_tokens_ : log_.tokens_per_step;
  }
  int64_t sequence() const { return stated_sequence_ > 0 ? stated_sequence_ : log_.sequence; }
  int64_t logging_steps() const { return log_.logging_steps; }  // 0 = not given
  int64_t devices() const { return log_.devices; }
  int64_t last_step() const { return points_.empty() ? 0 : points_.back().logged.step; }
  int64_t last_step_before(int64_t step) const;  // of those that count; 0 = there is none
  Place place(size_t line) const { return {file_, line}; }
  int64_t losses() const;  // steps with one that counts
  int64_t steps() const { return static_cast<int64_t>(points_.size()) + replaced_; }

  ImportedLog finish();

 private:
  struct Point {
    LoggedStep logged;
    size_t line = 0;
    std::optional<double> clock;  // seconds since the training began
    bool has_loss = false;
  };
  void go_back_to(int64_t step);
  void time_by_process(Point& point);
  void time_by_step();
  bool starts_later() const;
  void interpolate_clocks();
  int64_t tokens_of(const Point& point) const;
  void fill(ImportedLog& imported) const;

  std::string file_;
  const ForeignLog& log_;
  std::vector<Point> points_;
  std::vector<run::EvalRecord> evals_;
  int64_t replaced_ = 0, not_finite_ = 0;
  int64_t stated_tokens_ = 0, stated_sequence_ = 0;
  std::string untimed_;
  double last_elapsed_ = 0;             // of the process, on the last line that said it
  std::optional<double> offset_ = 0.0;  // clock when the process began; empty = unknown
};

}  // namespace repro::imports
