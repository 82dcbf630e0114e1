#include "cli/eval_view.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

std::string percent(const json& metric) {
  return fmt::format("{:.2f} ± {:.2f}", 100 * metric.at("value").get<double>(),
                     100 * metric.at("stderr").get<double>());
}

}  // namespace

report::Table answers_table(const json& tasks, const std::string& run, int64_t sequence) {
  using report::Align;
  report::Table table{.title = fmt::format("Downstream tasks, {}", run),
                      .columns = {{.heading = "task", .align = Align::left},
                                  {.heading = "items"},
                                  {.heading = "acc, %"},
                                  {.heading = "acc_norm, %"},
                                  {.heading = "acc_bytes, %"},
                                  {.heading = "chance, %"},
                                  {.heading = "constant, %"},
                                  {.heading = "doubts about acc", .align = Align::left}}};
  int64_t truncated = 0, beyond = 0, window = 0;
  for (const auto& [name, task] : tasks.items()) {
    const auto metric = [&](const char* key) {
      return report::TableCell(percent(task.at(key)), task.at(key).at("value").get<double>());
    };
    const auto level = [&](const char* key) {
      const auto value = task.at(key).get<double>();
      return report::TableCell(fmt::format("{:.2f}", 100 * value), value);
    };
    const auto doubts = task.at("acc").at("doubts").get<std::vector<std::string>>();
    const auto items = task.at("items").get<int64_t>();
    table.add({name,
               {with_commas(items), static_cast<double>(items)},
               metric("acc"),
               metric("acc_norm"),
               metric("acc_bytes"),
               level("chance"),
               level("constant"),
               doubts.empty() ? "none" : join(doubts, "; ")});
    truncated += task.at("truncated").get<int64_t>();
    beyond += task.at("beyond_training").get<int64_t>();
    window = task.at("window").get<int64_t>();
  }
  table.notes = {
      "± one standard error; acc: the choice of highest log-likelihood, acc_norm: by character, "
      "acc_bytes: by byte; constant: always the commonest right index",
      fmt::format("it reads at most {} tokens of an item: {} requests lost the beginning of their "
                  "context; {} are longer than the {} tokens it was trained on",
                  with_commas(window), with_commas(truncated), with_commas(beyond), sequence)};
  return table;
}

report::Table perplexity_table(const json& measures, const std::string& run) {
  using report::Align;
  report::Table table{.title = fmt::format("Perplexity, {}", run),
                      .columns = {{.heading = "split", .align = Align::left},
                                  {.heading = "tokens"},
                                  {.heading = "loss, nats"},
                                  {.heading = "a token"},
                                  {.heading = "a word"},
                                  {.heading = "a byte"},
                                  {.heading = "bits a byte"}}};
  int64_t window = 0, stride = 0;
  for (const auto& [split, measure] : measures.items()) {
    const auto number = [&](const char* key) { return measure.at(key).get<double>(); };
    const double nats = number("loss") * number("tokens");
    const auto cell = [](double value, const char* format) {
      return report::TableCell(fmt::format(fmt::runtime(format), value), value);
    };
    const auto over = [&](const char* key, const char* format) {
      return number(key) > 0 ? cell(std::exp(nats / number(key)), format) : report::TableCell("-");
    };
    table.add({split,
               {with_commas(measure.at("tokens").get<int64_t>()), number("tokens")},
               cell(number("loss"), "{:.4f}"),
               over("tokens", "{:.2f}"),
               over("words", "{:.1f}"),
               over("bytes", "{:.3f}"),
               cell(number("bits_per_byte"), "{:.3f}")});
    window = measure.at("window").get<int64_t>();
    stride = measure.at("stride").get<int64_t>();
  }
  table.notes = {
      fmt::format("windows of {} tokens, {} apart: each token once, with {} tokens before "
                  "it or more, but for the split's first {}",
                  window, stride, window - stride, window)};
  return table;
}

}  // namespace repro::cli
