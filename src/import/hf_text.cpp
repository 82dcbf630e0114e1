#include "import/hf_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace repro::imports {
namespace {

using Line = std::string_view;

std::optional<double> hf_number(Line line, std::string_view key) {
  return leading_number(hf_value(line, key));
}

}  // namespace

// 'key': 1.5 or "key": '1.5': newer versions quote the values.
Line hf_value(Line line, std::string_view key) {
  for (const char quote : {'\'', '"'}) {
    const Line found = trim(text_after(line, fmt::format("{0}{1}{0}:", quote, key)));
    if (!found.empty()) return found.substr(found[0] == '\'' || found[0] == '"' ? 1 : 0);
  }
  return {};
}

std::optional<SplitLoss> split_loss(Line line) {
  for (const auto& [prefix, split] : {std::pair{"eval_", "valid"}, std::pair{"test_", "test"}}) {
    if (const auto loss = hf_number(line, fmt::format("{}loss", prefix)))
      return SplitLoss{split, *loss};
    const Line rest = text_after(line, fmt::format("'{}", prefix));
    const size_t end = rest.find("_loss'");
    if (end == Line::npos || rest.find('\'') < end) continue;
    const std::string name(rest.substr(0, end));
    if (const auto loss = hf_number(line, fmt::format("{}{}_loss", prefix, name)))
      return SplitLoss{excerpt(name), *loss};
  }
  return std::nullopt;
}

std::optional<TrainLine> train_line(Line line, const Place& place) {
  const auto loss = hf_number(line, "loss");
  if (!loss) return std::nullopt;
  TrainLine read{.logged = {.loss = loss,
                            .lr = hf_number(line, "learning_rate"),
                            .grad_norm = hf_number(line, "grad_norm")},
                 .epoch = hf_epoch(line),
                 .step = hf_number(line, "step"),
                 .number = place.line,
                 .process = 0};
  for (const char* key : {"num_tokens", "num_input_tokens_seen"})
    if (const auto tokens = hf_number(line, key); tokens && *tokens > 0)
      read.logged.tokens = checked_count(*tokens, key, place);
  return read;
}

std::optional<ProcessEnd> process_end(Line line) {
  const auto runtime = hf_number(line, "train_runtime");
  if (!runtime) return std::nullopt;
  ProcessEnd end{.runtime = *runtime, .total_steps = std::nullopt, .epoch = hf_epoch(line)};
  const auto rate = hf_number(line, "train_steps_per_second");
  if (rate && *rate > 0 && *runtime > 0) end.total_steps = std::round(*rate * *runtime);
  return end;
}

std::optional<double> hf_epoch(Line line) { return hf_number(line, "epoch"); }

void EpochPrecision::learn(Line line) {
  const auto epoch = hf_epoch(line);
  const Line text = hf_value(line, "epoch");
  const Line digits = text.substr(0, text.find_first_not_of("0123456789."));
  const size_t point = digits.find('.');
  if (!epoch || point == Line::npos) return;
  largest_ = std::max(largest_, *epoch);
  decimals_ = std::max(decimals_, static_cast<int>(digits.size() - point - 1));
  const size_t first = digits.find_first_not_of("0.");
  if (first == Line::npos) return;
  const size_t significant = digits.size() - first - (first < point ? 1 : 0);
  significant_ = std::max(significant_, static_cast<int>(significant));
}

double EpochPrecision::resolution() const {
  if (decimals_ <= 2 || largest_ <= 0) return 0.01;
  const double before = std::floor(std::log10(largest_)) + 1;
  return std::pow(10.0, before - significant_);
}

}  // namespace repro::imports
