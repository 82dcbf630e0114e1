// The trainer's text has epochs where other programs have steps: a line is one logging interval,
// and epochs tell whether the run went back, began amid the training or logged its first step.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "import/hf_text.hpp"
#include "import/hf_trainer.hpp"

namespace repro::imports {
namespace {

using Line = std::string_view;

// What the epochs say of the steps between two lines.
struct Cadence {
  int64_t steps = 0;                                       // between two lines
  double epochs = 0;                                       // likewise; 0 = unknown
  double resolution = 0;                                   // of the printed epochs
  bool counts() const { return epochs > 3 * resolution; }  // a gap shows how many lines it is
  bool tells_repeats() const { return epochs > 1.2 * resolution; }  // equal epochs are one step
};

class HfReader final : public LineReader {
 public:
  LineKind read(Line line, size_t number, LogBuilder& log) override {
    if (const auto end = process_end(line)) {
      ends_.push_back(*end);
      return LineKind::record;
    }
    precision_.learn(line);
    if (const auto loss = split_loss(line)) {
      evals_.push_back({*loss, hf_epoch(line), lines_.size()});
      return LineKind::record;
    }
    const auto train = train_line(line, log.place(number));
    if (!train) return hf_value(line, "loss").empty() ? LineKind::foreign : LineKind::unread;
    lines_.push_back(*train);
    lines_.back().process = ends_.size();
    return LineKind::record;
  }

  void finish(LogBuilder& log) override {
    if (lines_.empty()) return;
    const bool stated = std::all_of(lines_.begin(), lines_.end(),
                                    [](const TrainLine& line) { return line.step.has_value(); });
    if (stated)
      for (TrainLine& line : lines_)
        line.logged.step = checked_count(*line.step, "step", log.place(line.number));
    else
      number_lines(log);
    mark_restarts();
    time_processes(log);
    size_t next_eval = 0;
    for (size_t i = 0; i <= lines_.size(); ++i) {
      for (; next_eval < evals_.size() && evals_[next_eval].after == i; ++next_eval)
        log.evaluation(step_of(evals_[next_eval]), evals_[next_eval].loss.split,
                       evals_[next_eval].loss.loss);
      if (i < lines_.size()) log.step(lines_[i].logged, lines_[i].number);
    }
  }

 private:
  // Steps an epoch, from the end that states both; 0 = unknown.
  double steps_per_epoch() const {
    for (auto end = ends_.rbegin(); end != ends_.rend(); ++end)
      if (end->total_steps && end->epoch && *end->epoch > 0) return *end->total_steps / *end->epoch;
    return 0;
  }

  Cadence cadence(const LogBuilder& log, int64_t given) const {
    Cadence cadence{.steps = given, .epochs = 0, .resolution = precision_.resolution()};
    std::vector<double> gaps;
    // The first line may be the first step's, nearer to the next than the others.
    for (size_t i = lines_.size() > 2 ? 2 : 1; i < lines_.size(); ++i)
      if (lines_[i].epoch && lines_[i - 1].epoch && *lines_[i].epoch > *lines_[i - 1].epoch)
        gaps.push_back(*lines_[i].epoch - *lines_[i - 1].epoch);
    if (!gaps.empty()) {
      std::nth_element(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2),
                       gaps.end());
      cadence.epochs = gaps[gaps.size() / 2];
    } else {
      cadence.epochs = lines_[0].epoch.value_or(0);
    }
    if (given > 0) return cadence;
    const double steps = cadence.counts() ? cadence.epochs * steps_per_epoch()
                                          : total_steps() / static_cast<double>(lines_.size());
    if (!(steps > 0.5))
      throw Error(Exit::bad_log,
                  "{}: the line has no step number; give --logging-steps, the steps between two "
                  "lines, or import the run's trainer_state.json",
                  log.place(lines_[0].number).text());
    cadence.steps = std::max<int64_t>(1, std::llround(steps));
    return cadence;
  }

  double total_steps() const { return ends_.empty() ? 0 : ends_.back().total_steps.value_or(0); }

  // Lines of `epochs`, at least one.
  static int64_t intervals(const Cadence& cadence, double epochs) {
    if (!cadence.counts()) return 1;
    return std::max<int64_t>(1, std::llround(epochs / cadence.epochs));
  }

  void number_lines(LogBuilder& log) {
    cadence_ = cadence(log, log.logging_steps());
    lines_[0].logged.step = first_step(log);
    for (size_t i = 1; i < lines_.size(); ++i) lines_[i].logged.step = next_step(i, log);
    const double end = total_steps();
    const int64_t last = lines_.back().logged.step;
    const double slack = static_cast<double>(cadence_.steps) + 1 + 0.001 * end;
    if (end > 0 && static_cast<double>(last) > end + slack)
      throw Error(Exit::bad_log,
                  "{}: at {} steps a line this is step {}, the log says that {:.0f} were trained; "
                  "give the --logging-steps of the run",
                  log.place(lines_.back().number).text(), cadence_.steps, last, end);
  }

  int64_t first_step(const LogBuilder& log) const {
    const auto epoch = lines_[0].epoch;
    if (!epoch || !cadence_.counts()) {
      // One line more than intervals: the first step was logged as well.
      const auto lines = static_cast<double>(lines_.size());
      const double intervals = std::floor(total_steps() / static_cast<double>(cadence_.steps));
      const bool near_zero = epoch.value_or(0) < 0.5 * cadence_.epochs;
      return intervals > 0 && lines == intervals + 1 && near_zero && !goes_back() ? 1
                                                                                  : cadence_.steps;
    }
    const double intervals = *epoch / cadence_.epochs;
    if (intervals < 0.5) return 1;
    const double span = lines_.back().epoch.value_or(0) - *epoch;
    if (intervals > 1.5 && intervals * cadence_.resolution > 0.4 * span)
      throw Error(Exit::bad_log,
                  "{}: the log begins at epoch {}, too coarse to tell the step; import the run's "
                  "trainer_state.json",
                  log.place(lines_[0].number).text(), *epoch);
    return std::max<int64_t>(1, std::llround(intervals)) * cadence_.steps;
  }

  bool goes_back() const {
    for (size_t i = 1; i < lines_.size(); ++i)
      if (is_back(i)) return true;
    return false;
  }

  bool is_back(size_t i) const {
    if (!lines_[i].epoch || !lines_[i - 1].epoch) return false;
    const double ahead = *lines_[i].epoch - *lines_[i - 1].epoch;
    return ahead < -1e-12 || (ahead < 1e-12 && cadence_.tells_repeats());
  }

  // Behind the first step's line the count goes on from 0.
  int64_t following(size_t before, double epochs) const {
    const int64_t step = lines_[before].logged.step;
    const int64_t base = step < cadence_.steps ? 0 : step;
    return base + intervals(cadence_, epochs) * cadence_.steps;
  }

  int64_t next_step(size_t i, const LogBuilder& log) const {
    const auto epoch = lines_[i].epoch;
    if (!is_back(i))
      return following(i - 1, epoch && lines_[i - 1].epoch ? *epoch - *lines_[i - 1].epoch : 0);
    std::optional<size_t> same, before;
    for (size_t j = 0; j < i; ++j) {
      if (!lines_[j].epoch) continue;
      const double ahead = *epoch - *lines_[j].epoch;
      if (std::fabs(ahead) < 1e-12) {
        if (same && lines_[*same].logged.step != lines_[j].logged.step)
          throw Error(Exit::bad_log,
                      "{}: the run goes back to epoch {}, too coarse to tell the step; import its "
                      "trainer_state.json",
                      log.place(lines_[i].number).text(), *epoch);
        same = j;
      } else if (ahead > 0) {
        before = j;
      }
    }
    if (same) return lines_[*same].logged.step;
    if (before) return following(*before, *epoch - *lines_[*before].epoch);
    return cadence_.counts() && *epoch < 0.5 * cadence_.epochs
               ? 1
               : intervals(cadence_, *epoch) * cadence_.steps;
  }

  void mark_restarts() {
    size_t process = 0;
    for (size_t i = 1; i < lines_.size(); ++i) {
      const bool ended = lines_[i].process != lines_[i - 1].process;
      const bool back = lines_[i].logged.step <= lines_[i - 1].logged.step;
      lines_[i].logged.restarted = ended || back;
      process += lines_[i].logged.restarted ? 1 : 0;
    }
  }

  // A process that ended says its time, which is of the steps since it began.
  void time_processes(LogBuilder& log) {
    size_t begin = 0;
    std::vector<int64_t> kept;  // steps that count so far
    for (size_t i = 0; i < lines_.size(); ++i) {
      const bool last = i + 1 == lines_.size() || lines_[i + 1].logged.restarted;
      if (!last) continue;
      while (!kept.empty() && kept.back() >= lines_[begin].logged.step) kept.pop_back();
      const int64_t from = kept.empty() ? begins_at() : kept.back();
      const bool ended = lines_[i].process < ends_.size() &&
                         (i + 1 == lines_.size() || lines_[i + 1].process != lines_[i].process);
      for (size_t j = begin; j <= i; ++j) {
        kept.push_back(lines_[j].logged.step);
        if (ended)
          lines_[j].logged.elapsed =
              time_at(lines_[j].logged.step, from, lines_[i], ends_[lines_[i].process]);
      }
      if (!ended)
        log.untimed(i + 1 == lines_.size()
                        ? "the log has no train_runtime of its last process"
                        : fmt::format("the process that ended at line {} says no train_runtime",
                                      lines_[i].number));
      begin = i + 1;
    }
  }

  // A log that begins amid the run: its first process began one line before its first.
  int64_t begins_at() const {
    const int64_t first = lines_[0].logged.step;
    return first > cadence_.steps && cadence_.steps > 0 ? first - cadence_.steps : 0;
  }

  std::optional<double> time_at(int64_t step, int64_t from, const TrainLine& last,
                                const ProcessEnd& end) const {
    auto steps = static_cast<double>(last.logged.step - from);
    if (end.epoch && cadence_.counts() && last.epoch)
      steps += std::max(0.0, *end.epoch - *last.epoch) / cadence_.epochs *
               static_cast<double>(cadence_.steps);
    else if (end.total_steps &&
             std::fabs(*end.total_steps - static_cast<double>(last.logged.step)) <=
                 static_cast<double>(cadence_.steps) + 0.001 * *end.total_steps)
      steps = *end.total_steps - static_cast<double>(from);
    if (!(steps > 0)) return std::nullopt;
    return end.runtime * static_cast<double>(step - from) / steps;
  }

  int64_t step_of(const EvalLine& eval) const {
    if (eval.after == 0) return 0;
    const TrainLine& last = lines_[eval.after - 1];
    if (!eval.epoch || !last.epoch || !cadence_.counts()) return last.logged.step;
    const double further = std::max(0.0, *eval.epoch - *last.epoch) / cadence_.epochs;
    return last.logged.step + std::llround(further * static_cast<double>(cadence_.steps));
  }

  std::vector<TrainLine> lines_;
  std::vector<EvalLine> evals_;
  std::vector<ProcessEnd> ends_;
  Cadence cadence_;
  EpochPrecision precision_;
};

}  // namespace

std::unique_ptr<LineReader> hf_line_reader() { return std::make_unique<HfReader>(); }

}  // namespace repro::imports
