#include "import/log_lines.hpp"

#include "base/text.hpp"
#include "import/hf_trainer.hpp"

namespace repro::imports {
namespace {

using Line = std::string_view;

bool holds(Line line, Line part) { return line.find(part) != Line::npos; }

// "time 1000.00ms", "time 1.20s": the unit stands behind the number, and no other is guessed.
std::optional<double> seconds_with_unit(Line text) {
  const Line value = trim(text);
  const auto number = leading_number(value);
  const size_t end = value.find_first_not_of("+-.0123456789eE");
  if (!number || end == Line::npos) return std::nullopt;
  if (value.substr(end).starts_with("ms")) return *number * 1e-3;
  return value[end] == 's' ? number : std::nullopt;
}

// Without colours: ESC [ ... m.
std::string without_colours(Line line) {
  std::string plain;
  for (size_t at = 0; at < line.size(); ++at) {
    if (line[at] != '\x1b') {
      plain += line[at];
      continue;
    }
    while (at < line.size() && line[at] != 'm') ++at;
  }
  return plain;
}

// iteration 10/ 1000 | consumed samples: 2560 | elapsed time per iteration (ms): 1234.5 | ...
// DeepSpeed's fork prints "(s)" and "consumed tokens".
class MegatronReader final : public LineReader {
 public:
  LineKind read(Line line, size_t number, LogBuilder& log) override {
    if (holds(line, "validation loss at")) return evaluation(line, number, log);
    if (const auto length = argument(line, "seq_length")) {
      log.sequence(checked_count(*length, "seq_length", log.place(number)), number);
      return LineKind::foreign;
    }
    const bool looks = holds(line, " iteration ") && holds(line, "|");
    const auto iteration = number_after(line, " iteration ");
    if (!iteration) return looks ? LineKind::unread : LineKind::foreign;
    const auto loss = number_after(line, "lm loss:");
    // A line whose iterations were all skipped has no loss; one cut short has not even the end.
    const bool skipped = holds(line, "number of skipped iterations:") && !holds(line, "lm loss");
    if (!loss && !skipped) return looks ? LineKind::unread : LineKind::foreign;
    log.step({.step = checked_count(*iteration, "iteration", log.place(number)),
              .loss = loss,
              .lr = number_after(line, "learning rate:"),
              .grad_norm = number_after(line, "grad norm:"),
              .tokens = tokens(line, number, log),
              .step_seconds = step_seconds(line)},
             number);
    return LineKind::record;
  }

 private:
  // "  seq_length ...................................... 2048", of the arguments' list
  static std::optional<double> argument(Line line, Line name) {
    const Line text = trim(text_after(line, name));
    if (!text.starts_with("...")) return std::nullopt;
    return leading_number(text.substr(std::min(text.find_first_not_of('.'), text.size())));
  }

  static std::optional<double> step_seconds(Line line) {
    if (const auto ms = number_after(line, "elapsed time per iteration (ms):")) return *ms * 1e-3;
    return number_after(line, "elapsed time per iteration (s):");
  }

  static std::optional<int64_t> tokens(Line line, size_t number, const LogBuilder& log) {
    const Place place = log.place(number);
    if (const auto tokens = number_after(line, "consumed tokens:"))
      return checked_count(*tokens, "consumed tokens", place);
    const auto samples = number_after(line, "consumed samples:");
    if (!samples) return std::nullopt;
    const int64_t count = checked_count(*samples, "consumed samples", place);
    if (log.sequence() < 1) return std::nullopt;
    return checked_product(count, log.sequence(), "consumed samples x sequence", place);
  }

  // "validation loss at iteration 20 on test set | lm loss value: 7.4 | ...", and "... at the end
  // of training for val data | ...": of the last iteration.
  static LineKind evaluation(Line line, size_t number, LogBuilder& log) {
    const auto loss = number_after(line, "lm loss value:");
    if (!loss) return LineKind::unread;
    const auto at = number_after(line, "validation loss at iteration");
    const bool test = holds(line, "on test set") || holds(line, "for test data");
    log.evaluation(at ? checked_count(*at, "iteration", log.place(number)) : log.last_step(),
                   test ? "test" : "valid", *loss);
    return LineKind::record;
  }
};

// iter 100: loss 3.1234, time 135.32ms, mfu 12.34%   (iterations count from 0)
// step 250: train loss 3.9961, val loss 4.0012
class NanogptReader final : public LineReader {
 public:
  LineKind read(Line line, size_t number, LogBuilder& log) override {
    const Line text = trim(line);
    if (const auto tokens = number_after(text, "tokens per iteration will be:")) {
      log.tokens_per_step(checked_count(*tokens, "tokens per iteration", log.place(number)),
                          number);
      return LineKind::foreign;
    }
    if (holds(text, "val loss")) return evaluation(text, number, log);
    const auto iteration = number_after(text, "iter ");
    const auto loss = number_after(text, ": loss");
    if (!iteration || !loss)
      return text.starts_with("iter ") ? LineKind::unread : LineKind::foreign;
    const int64_t at = checked_count(*iteration, "iter", log.place(number));
    log.step({.step = at + 1,
              .loss = loss,
              .step_seconds = seconds_with_unit(text_after(text, "time ")),
              .evaluated = at == evaluated_at_},
             number);
    return LineKind::record;
  }

 private:
  LineKind evaluation(Line text, size_t number, LogBuilder& log) {
    const auto step = number_after(text, "step ");
    const auto loss = number_after(text, "val loss");
    if (!step || !loss) return text.starts_with("step ") ? LineKind::unread : LineKind::foreign;
    evaluated_at_ = checked_count(*step, "step", log.place(number));
    log.evaluation(evaluated_at_, "valid", *loss);
    return LineKind::record;
  }

  int64_t evaluated_at_ = -1;  // iteration; the time that it prints holds the evaluation
};

// [titan] ... INFO - step: 10  loss: 7.2  grad_norm: 1.4  memory: ...  tps: 1,234  tflops: ...
// [titan] ... INFO - validate step: 10  loss: 7.7  memory: ...  tps: 9,000
class TorchtitanReader final : public LineReader {
 public:
  LineKind read(Line coloured, size_t number, LogBuilder& log) override {
    const std::string line = without_colours(coloured);
    read_batch(line, number, log);
    const auto step = number_after(line, "step:");
    const bool looks = holds(line, "step:") && holds(line, "loss");
    const auto loss = number_after(line, " loss:");
    if (!step || !loss) return looks ? LineKind::unread : LineKind::foreign;
    const int64_t at = checked_count(*step, "step", log.place(number));
    if (holds(line, "validate step:")) {
      log.evaluation(at, "valid", *loss);
      return LineKind::record;
    }
    log.step({.step = at,
              .loss = loss,
              .grad_norm = number_after(line, "grad_norm:"),
              .step_seconds = step_seconds(line, log)},
             number);
    return LineKind::record;
  }

 private:
  // "Trainer is initialized with local batch size 8, global batch size 64, ..., sequence length
  // 8192, total steps 1000"
  static void read_batch(Line line, size_t number, LogBuilder& log) {
    const auto batch = number_after(line, "global batch size");
    const auto length = number_after(line, "sequence length");
    if (!batch || !length) return;
    const Place place = log.place(number);
    log.tokens_per_step(checked_product(checked_count(*batch, "global batch size", place),
                                        checked_count(*length, "sequence length", place),
                                        "global batch size x sequence length", place),
                        number);
  }

  static std::optional<double> step_seconds(Line line, LogBuilder& log) {
    const auto rate = number_after(line, "tps:");  // tokens a second of one device
    if (!rate || !(*rate > 0)) return std::nullopt;
    if (log.tokens_per_step() < 1) {
      log.untimed("give --tokens-per-step: the log has tokens a second");
      return std::nullopt;
    }
    return static_cast<double>(log.tokens_per_step()) /
           (*rate * static_cast<double>(log.devices()));
  }
};

}  // namespace

std::unique_ptr<LineReader> line_reader(std::string_view format) {
  if (format == "megatron") return std::make_unique<MegatronReader>();
  if (format == "nanogpt") return std::make_unique<NanogptReader>();
  if (format == "torchtitan") return std::make_unique<TorchtitanReader>();
  if (format == "hf-trainer") return hf_line_reader();
  return nullptr;
}

}  // namespace repro::imports
