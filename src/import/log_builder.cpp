#include "import/log_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace repro::imports {
namespace {

bool is_loss(const std::optional<double>& loss) {
  // Cross-entropy is not negative: -1 is what programs print where a process has no loss.
  return loss && std::isfinite(*loss) && *loss >= 0;
}

// Half-precision trainers print a loss of exactly 0 when the gradient is lost.
std::optional<double> loss_of(const LoggedStep& logged) {
  const bool lost = logged.loss == 0.0 && logged.grad_norm && std::isnan(*logged.grad_norm);
  return lost ? logged.grad_norm : logged.loss;
}

double finite_or_zero(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? *value : 0;
}

std::optional<double> usable_time(const std::optional<double>& seconds) {
  return seconds && std::isfinite(*seconds) && *seconds >= 0 ? seconds : std::nullopt;
}

}  // namespace

void LogBuilder::step(const LoggedStep& logged, size_t line) {
  go_back_to(logged.step);
  Point point{.logged = logged, .line = line, .clock = std::nullopt, .has_loss = false};
  point.logged.loss = loss_of(logged);
  point.logged.step_seconds = usable_time(logged.step_seconds);
  point.logged.elapsed = usable_time(logged.elapsed);
  point.has_loss = is_loss(point.logged.loss);
  time_by_process(point);
  points_.push_back(point);
}

void LogBuilder::go_back_to(int64_t step) {
  while (!points_.empty() && points_.back().logged.step >= step) {
    points_.pop_back();
    ++replaced_;
  }
  // What an abandoned stretch was evaluated to is not the run's.
  std::erase_if(evals_, [&](const run::EvalRecord& eval) { return eval.step > step; });
}

void LogBuilder::time_by_process(Point& point) {
  const bool first = points_.empty();
  const auto begin_anew = [&] { offset_ = first ? 0.0 : points_.back().clock; };
  if (point.logged.restarted) begin_anew();
  if (!point.logged.elapsed) return;
  if (!point.logged.restarted && *point.logged.elapsed < last_elapsed_) begin_anew();
  last_elapsed_ = *point.logged.elapsed;
  if (offset_) point.clock = *offset_ + *point.logged.elapsed;
}

void LogBuilder::evaluation(int64_t step, const std::string& split, double loss) {
  if (!std::isfinite(loss)) {
    ++not_finite_;
    return;
  }
  if (loss < 0) return;  // the sentinel of a process without the loss
  std::erase_if(evals_, [&](const run::EvalRecord& eval) {
    return eval.split == split && eval.step >= step;
  });
  evals_.push_back({.step = step, .split = split, .loss = loss});
}

void LogBuilder::tokens_per_step(int64_t tokens, size_t line) {
  if (log_.tokens_per_step > 0 && log_.tokens_per_step != tokens)
    throw Error(Exit::bad_log,
                "{}: the log says {} tokens a step, --tokens-per-step {}; leave the option out",
                place(line).text(), tokens, log_.tokens_per_step);
  stated_tokens_ = tokens;
}

void LogBuilder::sequence(int64_t tokens, size_t line) {
  if (log_.sequence > 0 && log_.sequence != tokens)
    throw Error(Exit::bad_log,
                "{}: the log says {} tokens a sequence, --sequence {}; leave the option out",
                place(line).text(), tokens, log_.sequence);
  stated_sequence_ = tokens;
}

int64_t LogBuilder::last_step_before(int64_t step) const {
  const auto found = std::find_if(points_.rbegin(), points_.rend(),
                                  [&](const Point& point) { return point.logged.step < step; });
  return found == points_.rend() ? 0 : found->logged.step;
}

int64_t LogBuilder::losses() const {
  return std::count_if(points_.begin(), points_.end(),
                       [](const Point& point) { return point.has_loss; });
}

// A log of a resumed run, or without its head: the first line is further from 0 than from the next.
bool LogBuilder::starts_later() const {
  if (points_.size() < 2) return false;
  const int64_t first = points_[0].logged.step;
  int64_t cadence = points_[1].logged.step - first;
  for (size_t i = 2; i < points_.size(); ++i)
    cadence = std::max(cadence, points_[i].logged.step - points_[i - 1].logged.step);
  return first > cadence + 1;
}

// An iteration that evaluates took longer than the others of its interval: its time counts once,
// and the others took what an iteration without one says.
void LogBuilder::time_by_step() {
  std::optional<double> plain;
  for (size_t i = points_.size(); i-- > 0;)
    if (points_[i].logged.step_seconds && !points_[i].logged.evaluated && (i > 0 || !plain))
      plain = points_[i].logged.step_seconds;
  const bool later = starts_later();
  double clock = 0;
  int64_t timed_to = 0;
  for (Point& point : points_) {
    const LoggedStep& logged = point.logged;
    if (!logged.step_seconds) continue;
    const bool unseen = later && &point == &points_.front();
    const auto steps = static_cast<double>(unseen ? 0 : logged.step - timed_to);
    if (logged.evaluated && steps > 1 && !plain) {
      untimed_ = "every time in the log holds an evaluation";
      return;
    }
    if (logged.evaluated && steps >= 1)
      clock += *logged.step_seconds + (steps - 1) * plain.value_or(0);
    else
      clock += *logged.step_seconds * steps;
    if (!logged.evaluated && &point != &points_.front()) plain = logged.step_seconds;
    timed_to = logged.step;
    point.clock = clock;
  }
}

// Between two lines with a clock, steps take the same time.
void LogBuilder::interpolate_clocks() {
  for (size_t i = 0; i < points_.size(); ++i) {
    if (points_[i].clock) continue;
    const auto next = std::find_if(points_.begin() + static_cast<std::ptrdiff_t>(i), points_.end(),
                                   [](const Point& point) { return point.clock.has_value(); });
    if (next == points_.end()) return;
    const double before = i == 0 ? 0 : *points_[i - 1].clock;
    const int64_t from = i == 0 ? 0 : points_[i - 1].logged.step;
    const double part = static_cast<double>(points_[i].logged.step - from) /
                        static_cast<double>(next->logged.step - from);
    points_[i].clock = before + part * (*next->clock - before);
  }
}

int64_t LogBuilder::tokens_of(const Point& point) const {
  if (point.logged.tokens) return *point.logged.tokens;
  return checked_product(point.logged.step, tokens_per_step(), "tokens", place(point.line));
}

void LogBuilder::fill(ImportedLog& imported) const {
  for (const Point& point : points_) {
    const LoggedStep& logged = point.logged;
    if (!point.has_loss) {
      ++(logged.loss && !std::isfinite(*logged.loss) ? imported.not_finite : imported.without_loss);
      continue;
    }
    run::StepRecord record;
    record.step = logged.step;
    record.loss = record.lm_loss = *logged.loss;
    record.lr = finite_or_zero(logged.lr);
    record.grad_norm = finite_or_zero(logged.grad_norm);
    record.tokens = tokens_of(point);
    record.clocks.train = point.clock.value_or(0);
    if (!std::isfinite(record.clocks.train))
      throw Error(Exit::bad_log, "{}: a time beyond every number; mend the line",
                  place(point.line).text());
    imported.records.steps.push_back(record);
    imported.timed = point.clock.has_value();
  }
}

ImportedLog LogBuilder::finish() {
  const bool by_step = std::any_of(points_.begin(), points_.end(), [](const Point& point) {
    return point.logged.step_seconds.has_value();
  });
  if (by_step) time_by_step();
  interpolate_clocks();
  ImportedLog imported;
  imported.replaced = replaced_;
  imported.not_finite = not_finite_;
  imported.last_step = last_step();
  if (!points_.empty()) {
    const auto& loss = points_.back().logged.loss;
    imported.ended_not_finite = loss && !std::isfinite(*loss);
  }
  fill(imported);
  if (starts_later()) {
    const Point& first = points_.front();
    if (by_step) imported.covers_from = first.logged.step;
    imported.tokens_before = tokens_of(first);
    imported.seconds_before = first.clock.value_or(0);
  }
  imported.records.evals = evals_;
  if (!imported.timed) {
    const bool any = std::any_of(points_.begin(), points_.end(),
                                 [](const Point& point) { return point.clock.has_value(); });
    imported.untimed = !untimed_.empty() ? untimed_
                       : any             ? "the log has no time at its last step"
                                         : "the log has no times";
  }
  return imported;
}

}  // namespace repro::imports
