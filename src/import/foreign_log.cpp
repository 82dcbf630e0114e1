#include "import/foreign_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "import/csv.hpp"

namespace repro::imports {
namespace {

using Line = std::string_view;

// The number after `key` and white space; commas between digits are thousands.
std::optional<double> number_after(Line line, std::string_view key) {
  const size_t at = line.find(key);
  if (at == Line::npos) return std::nullopt;
  std::string digits;
  for (const char c : trim(line.substr(at + key.size())).substr(0, 40)) {
    if (c == ',' && !digits.empty()) continue;
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 &&
        std::string_view("+-.").find(c) == Line::npos)
      break;
    digits += c;
  }
  double value = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || stop == digits.data()) return std::nullopt;
  return value;
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

class Reader {
 public:
  explicit Reader(const ForeignLog& log) : log_(log) {}

  // One record of any program; seconds are of all steps since the record before.
  void step(int64_t number, double loss, std::optional<double> lr, std::optional<double> norm,
            std::optional<double> seconds_a_step, std::optional<double> tokens) {
    if (!std::isfinite(loss)) {
      ++imported_.not_finite;
      return;
    }
    auto& steps = imported_.records.steps;
    while (!steps.empty() && steps.back().step >= number) {
      steps.pop_back();
      ++imported_.replaced;
    }
    run::StepRecord record;
    record.step = number;
    record.loss = record.lm_loss = loss;
    record.lr = lr.value_or(0);
    record.grad_norm = norm.value_or(0);
    record.tokens = tokens ? static_cast<int64_t>(*tokens) : number * log_.tokens_per_step;
    const int64_t before = steps.empty() ? 0 : steps.back().step;
    const double spent = steps.empty() ? 0 : steps.back().clocks.train;
    record.clocks.train = spent + seconds_a_step.value_or(0) * static_cast<double>(number - before);
    imported_.timed = imported_.timed || seconds_a_step.has_value();
    steps.push_back(record);
  }

  void evaluation(int64_t number, double loss) {
    if (!std::isfinite(loss)) return void(++imported_.not_finite);
    imported_.records.evals.push_back({.step = number, .split = "valid", .loss = loss});
  }

  void each_line(const std::string& text, const std::function<bool(Line)>& known) {
    Line rest = text;
    while (!rest.empty()) {
      const size_t end = rest.find('\n');
      const Line line = rest.substr(0, end);
      rest.remove_prefix(end == Line::npos ? rest.size() : end + 1);
      if (trim(line).empty()) continue;
      ++imported_.lines;
      if (!known(line)) ++imported_.unknown;
    }
  }

  // iteration 10/ 1000 | consumed samples: 2560 | elapsed time per iteration (ms): 1234.5 | ...
  bool megatron(Line line) {
    if (const auto at = number_after(line, "validation loss at iteration")) {
      const auto loss = number_after(line, "lm loss value:");
      if (loss) evaluation(static_cast<int64_t>(*at), *loss);
      return loss.has_value();
    }
    const auto number = number_after(line, " iteration ");
    const auto loss = number_after(line, "lm loss:");
    if (!number || !loss) return false;
    const auto samples = number_after(line, "consumed samples:");
    std::optional<double> tokens;
    if (samples && log_.sequence > 0) tokens = *samples * static_cast<double>(log_.sequence);
    step(static_cast<int64_t>(*number), *loss, number_after(line, "learning rate:"),
         number_after(line, "grad norm:"),
         scaled(number_after(line, "elapsed time per iteration (ms):"), 1e-3), tokens);
    return true;
  }

  // iter 100: loss 3.1234, time 135.32ms, mfu 12.34%   (iterations count from 0)
  // step 250: train loss 3.9961, val loss 4.0012
  bool nanogpt(Line line) {
    const Line text = trim(line);
    if (text.starts_with("step ")) {
      const auto number = number_after(text, "step ");
      const auto loss = number_after(text, "val loss");
      if (number && loss) evaluation(static_cast<int64_t>(*number), *loss);
      return number && loss;
    }
    if (!text.starts_with("iter ")) return false;
    const auto number = number_after(text, "iter ");
    const auto loss = number_after(text, ": loss");
    if (!number || !loss) return false;
    step(static_cast<int64_t>(*number) + 1, *loss, std::nullopt, std::nullopt,
         scaled(milliseconds(text), 1e-3), std::nullopt);
    return true;
  }

  // [titan] ... INFO - step: 10  loss: 7.2  grad_norm: 1.4  memory: ...  tps: 1,234  tflops: ...
  bool torchtitan(Line coloured) {
    const std::string line = without_colours(coloured);
    const auto number = number_after(line, "step:");
    const auto loss = number_after(line, " loss:");
    if (!number || !loss) return false;
    std::optional<double> seconds;
    const auto tps = number_after(line, "tps:");
    if (tps && *tps > 0 && log_.tokens_per_step > 0)
      seconds =
          static_cast<double>(log_.tokens_per_step) / (*tps * static_cast<double>(log_.devices));
    step(static_cast<int64_t>(*number), *loss, std::nullopt, number_after(line, "grad_norm:"),
         seconds, std::nullopt);
    return true;
  }

  // {'loss': 2.3456, 'grad_norm': 1.23, 'learning_rate': 4.9e-05, 'epoch': 0.01}, at the end
  // {'train_runtime': 123.4, ...}; progress bars may stand before it on the line.
  bool hf_text(Line line) {
    if (const auto runtime = hf_number(line, "train_runtime")) {
      runtime_ = *runtime;
      return true;
    }
    if (const auto loss = hf_number(line, "eval_loss")) {
      evaluation(hf_step_, *loss);
      return true;
    }
    const auto loss = hf_number(line, "loss");
    if (!loss) return false;
    hf_step_ += log_.logging_steps;
    step(hf_step_, *loss, hf_number(line, "learning_rate"), hf_number(line, "grad_norm"),
         std::nullopt, std::nullopt);
    return true;
  }

  // trainer_state.json keeps the same with step numbers.
  void hf_state(const nlohmann::json& state) {
    for (const nlohmann::json& entry : state.at("log_history")) {
      ++imported_.lines;
      const auto number = entry.value("step", int64_t{0});
      const auto field = [&](const char* key) {
        return entry.contains(key) && entry[key].is_number()
                   ? std::optional(entry[key].get<double>())
                   : std::nullopt;
      };
      if (field("loss"))
        step(number, *field("loss"), field("learning_rate"), field("grad_norm"), std::nullopt,
             std::nullopt);
      else if (field("eval_loss"))
        evaluation(number, *field("eval_loss"));
      else if (field("train_runtime"))
        runtime_ = *field("train_runtime");
      else
        ++imported_.unknown;
    }
  }

  void csv(const std::string& text, const std::string& file) {
    const imports::CsvTable table(text, file);
    const size_t steps = table.column("step");
    const size_t losses = table.column("loss");
    const auto seconds = table.optional_column("seconds");  // since the beginning
    for (const imports::CsvRow& row : table.rows()) {
      ++imported_.lines;
      const auto cell = [&](std::optional<size_t> column) {
        return column ? number_after("=" + row.cells[*column], "=") : std::nullopt;
      };
      const auto number = cell(steps);
      const auto loss = cell(losses);
      if (!number || !loss)
        throw Error("{}:{}: step = '{}', loss = '{}': expected two numbers", file, row.line,
                    row.cells[steps], row.cells[losses]);
      step(static_cast<int64_t>(*number), *loss, cell(table.optional_column("lr")),
           cell(table.optional_column("grad_norm")), std::nullopt,
           cell(table.optional_column("tokens")));
      auto& records = imported_.records.steps;
      if (const auto elapsed = cell(seconds); elapsed && !records.empty()) {
        records.back().clocks.train = *elapsed;
        imported_.timed = true;
      }
    }
  }

  ImportedLog finish() {
    auto& steps = imported_.records.steps;
    // Only the whole run's time is known: spread evenly over its steps.
    if (runtime_ > 0 && !imported_.timed && !steps.empty()) {
      const double each = runtime_ / static_cast<double>(steps.back().step);
      for (run::StepRecord& record : steps)
        record.clocks.train = each * static_cast<double>(record.step);
      imported_.timed = true;
    }
    return std::move(imported_);
  }

 private:
  static std::optional<double> scaled(std::optional<double> value, double factor) {
    return value ? std::optional(*value * factor) : std::nullopt;
  }
  static std::optional<double> milliseconds(Line text) {
    return text.find("ms") == Line::npos ? std::nullopt : number_after(text, "time ");
  }
  // Values are bare in older versions and quoted in newer ones.
  static std::optional<double> hf_number(Line line, std::string_view key) {
    const auto bare = number_after(line, fmt::format("'{}':", key));
    return bare ? bare : number_after(line, fmt::format("'{}': '", key));
  }

  const ForeignLog& log_;
  ImportedLog imported_;
  int64_t hf_step_ = 0;
  double runtime_ = 0;
};

bool is_trainer_state(const std::string& text) {
  return trim(text).starts_with('{') && text.find("\"log_history\"") != std::string::npos;
}

void read_trainer_state(Reader& reader, const std::string& text, const std::string& file) {
  try {
    reader.hf_state(nlohmann::json::parse(text));
  } catch (const nlohmann::json::parse_error& error) {
    const auto before =
        std::count(text.begin(), text.begin() + std::min(error.byte, text.size()), '\n');
    throw Error("{}:{}: not readable as JSON; the file is damaged or truncated", file, before + 1);
  } catch (const nlohmann::json::exception& error) {
    throw Error("{}: {}", file, error.what());
  }
}

}  // namespace

std::vector<std::string> foreign_formats() {
  return {"hf-trainer", "megatron", "nanogpt", "torchtitan", "csv"};
}

ImportedLog import_foreign_log(const std::filesystem::path& path, const ForeignLog& log) {
  const std::string text = read_file(path);
  Reader reader(log);
  if (log.format == "csv")
    reader.csv(text, path.string());
  else if (log.format == "hf-trainer" && is_trainer_state(text))
    read_trainer_state(reader, text, path.string());
  else if (log.format == "hf-trainer")
    reader.each_line(text, [&](Line line) { return reader.hf_text(line); });
  else if (log.format == "megatron")
    reader.each_line(text, [&](Line line) { return reader.megatron(line); });
  else if (log.format == "nanogpt")
    reader.each_line(text, [&](Line line) { return reader.nanogpt(line); });
  else if (log.format == "torchtitan")
    reader.each_line(text, [&](Line line) { return reader.torchtitan(line); });
  else
    throw Error(Exit::usage, "--format {}: expected one of {}", log.format,
                join(foreign_formats(), ", "));
  ImportedLog imported = reader.finish();
  if (imported.records.steps.empty())
    throw Error("{}:{}: no step of format '{}' in {} lines; another --format ({})?", path.string(),
                imported.lines, log.format, imported.lines, join(foreign_formats(), ", "));
  return imported;
}

}  // namespace repro::imports
