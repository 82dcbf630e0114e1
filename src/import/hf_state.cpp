#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "import/hf_trainer.hpp"

namespace repro::imports {
namespace {

using nlohmann::json;

// Python writes NaN, Infinity and -Infinity, which JSON does not have: as strings, which
// leading_number() reads.
std::string with_quoted_constants(const std::string& text) {
  std::string out;
  bool in_string = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const std::string_view rest = std::string_view(text).substr(at);
    if (in_string && text[at] == '\\' && at + 1 < text.size()) {
      out += text[at++];
    } else if (text[at] == '"') {
      in_string = !in_string;
    } else if (!in_string) {
      bool found = false;
      for (const std::string_view constant : {"-Infinity", "Infinity", "NaN"})
        if (!found && rest.starts_with(constant)) {
          out += fmt::format("\"{}\"", constant);
          at += constant.size() - 1;
          found = true;
        }
      if (found) continue;
    }
    out += text[at];
  }
  return out;
}

json parse_state(const std::string& text, const LogBuilder& log) {
  const std::string quoted = with_quoted_constants(text);
  size_t stop = 0;
  json state = parse_json(quoted, &stop);
  if (!state.is_discarded()) return state;
  const auto end = quoted.begin() + static_cast<std::ptrdiff_t>(stop);
  throw Error(Exit::bad_log, "{}: not readable as JSON; the file is damaged or truncated",
              log.place(static_cast<size_t>(std::count(quoted.begin(), end, '\n')) + 1).text());
}

std::optional<double> state_number(const json& entry, const std::string& key) {
  const auto at = entry.find(key);
  if (at == entry.end()) return std::nullopt;
  if (at->is_number()) return at->get<double>();
  return at->is_string() ? whole_number_text(at->get<std::string>()) : std::nullopt;
}

class StateReader {
 public:
  explicit StateReader(LogBuilder& log) : log_(log) {}

  // False for an entry that is no record of a training.
  bool read(const json& entry, size_t number) {
    const auto step = entry.is_object() ? state_number(entry, "step") : std::nullopt;
    if (!step) return false;
    const int64_t at = checked_count(*step, "step", {place(number), number});
    const bool any = read_loss(entry, at, number) | read_evaluations(entry, at);
    if (const auto runtime = state_number(entry, "train_runtime")) {
      end_process(at, *runtime);
      return true;
    }
    return any;
  }

  void finish() {
    if (!open_.empty()) log_.untimed("the state has no train_runtime of its last process");
    flush();
  }

 private:
  std::string place(size_t number) const {
    return fmt::format("{}: entry", log_.place(number).file);
  }

  bool read_loss(const json& entry, int64_t step, size_t number) {
    const auto loss = state_number(entry, "loss");
    if (!loss) return false;
    LoggedStep logged{.step = step,
                      .loss = loss,
                      .lr = state_number(entry, "learning_rate"),
                      .grad_norm = state_number(entry, "grad_norm"),
                      .restarted = ended_ || (!open_.empty() && step <= open_.back().first.step)};
    ended_ = false;
    for (const char* key : {"num_input_tokens_seen", "num_tokens"})
      if (const auto tokens = state_number(entry, key); tokens && *tokens > 0)
        logged.tokens = checked_count(*tokens, key, {place(number), number});
    if (logged.restarted) flush();
    open_.emplace_back(logged, number);
    return true;
  }

  // In the file's order behind the steps before it.
  bool read_evaluations(const json& entry, int64_t step) {
    bool any = false;
    for (const auto& [key, unused] : entry.items()) {
      const bool test = key == "test_loss";
      if (!test && !(key.starts_with("eval_") && key.ends_with("_loss")) && key != "eval_loss")
        continue;
      const auto loss = state_number(entry, key);
      if (!loss) continue;
      const std::string split = test                 ? "test"
                                : key == "eval_loss" ? "valid"
                                                     : key.substr(5, key.size() - 10);
      evals_.push_back({open_.size(), {step, split, *loss}});
      any = true;
    }
    return any;
  }

  // Its time is of the steps since it began.
  void end_process(int64_t step, double runtime) {
    const int64_t from =
        open_.empty() ? log_.last_step() : log_.last_step_before(open_.front().first.step);
    const int64_t last = open_.empty() ? step : std::max(step, open_.back().first.step);
    if (runtime >= 0 && last > from)
      for (auto& [logged, unused] : open_)
        logged.elapsed =
            runtime * static_cast<double>(logged.step - from) / static_cast<double>(last - from);
    flush();
    ended_ = true;
  }

  void flush() {
    size_t next = 0;
    for (size_t i = 0; i <= open_.size(); ++i) {
      for (; next < evals_.size() && evals_[next].after == i; ++next)
        log_.evaluation(evals_[next].eval.step, evals_[next].eval.split, evals_[next].eval.loss);
      if (i < open_.size()) log_.step(open_[i].first, open_[i].second);
    }
    open_.clear();
    evals_.clear();
  }

  struct Evaluation {
    size_t after = 0;  // steps of the process before it
    struct {
      int64_t step = 0;
      std::string split;
      double loss = 0;
    } eval;
  };

  LogBuilder& log_;
  std::vector<std::pair<LoggedStep, size_t>> open_;  // of the process that has not ended
  std::vector<Evaluation> evals_;
  bool ended_ = false;
};

}  // namespace

bool is_trainer_state(const std::string& text) {
  return trim(text).starts_with('{') && text.find("\"log_history\"") != std::string::npos;
}

StateEntries read_trainer_state(const std::string& text, LogBuilder& log) {
  const json state = parse_state(text, log);
  const auto history = state.find("log_history");
  if (history == state.end() || !history->is_array())
    throw Error(Exit::bad_log, "{}: log_history is no list; the file is damaged",
                log.place(1).text());
  StateReader reader(log);
  StateEntries entries;
  for (const json& entry : *history) {
    ++entries.all;
    if (!reader.read(entry, static_cast<size_t>(entries.all))) ++entries.unknown;
  }
  reader.finish();
  return entries;
}

}  // namespace repro::imports
