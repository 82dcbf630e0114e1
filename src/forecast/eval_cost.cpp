#include "forecast/eval_cost.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "config/job_spec.hpp"
#include "config/task.hpp"
#include "measure/flops.hpp"
#include "run/run_directory.hpp"

namespace repro::forecast {
namespace {

using nlohmann::json;

// Of English text by a vocabulary of some thousands, until the corpus is prepared.
constexpr double kAssumedBytesPerToken = 3.5;

// What a done job left; an empty object of any other.
json result_of(const run::Job& job, const std::filesystem::path& runs, run::Verifier& verifier) {
  const run::RunDirectory directory(runs / job.directory);
  return directory.state() == run::State::done ? verifier.result(directory) : json::object();
}

struct Rows {
  double count = 0;
  double tokens = 0;  // of one
};

class EvalCounter {
 public:
  EvalCounter(const run::JobGraph& graph, const std::filesystem::path& runs,
              run::Verifier& verifier)
      : graph_(graph), runs_(runs), verifier_(verifier) {}

  std::optional<EvalCost> cost(const run::Job& job) {
    const auto spec = config::from_json<config::EvalSpec>(job.spec, job.name);
    const auto corpus = job.inputs.find("corpus");
    if (spec.device != "cpu" || corpus == job.inputs.end()) return std::nullopt;
    const json& prepared = result(corpus->second);
    EvalCost cost;
    const auto add = [&](const std::optional<Rows>& rows) {
      if (!rows || rows->count <= 0) return false;
      // Forward alone is a third of a training's step.
      const double flops = static_cast<double>(measure::flops_per_token(
                               measure::Convention::palm, spec.model,
                               std::max<int64_t>(1, static_cast<int64_t>(rows->tokens)))) /
                           3;
      cost.tokens += rows->count * rows->tokens;
      cost.flops += rows->count * rows->tokens * flops;
      return true;
    };
    for (const config::MeasureSpec& measure : spec.measures)
      if (!add(rows_of(measure, spec, prepared))) return std::nullopt;
    for (const std::string& task : spec.tasks)
      if (!add(rows_of(graph_[job.inputs.at("task-" + task)], spec, prepared))) return std::nullopt;
    return cost;
  }

 private:
  const json& result(size_t job) {
    const auto [at, is_new] = results_.try_emplace(job);
    if (is_new) at->second = result_of(graph_[job], runs_, verifier_);
    return at->second;
  }

  static std::optional<Rows> rows_of(const config::MeasureSpec& measure,
                                     const config::EvalSpec& spec, const json& prepared) {
    const auto window = static_cast<double>(measure.window > 0 ? measure.window : spec.sequence);
    const double stride = measure.stride > 0 ? static_cast<double>(measure.stride) : window;
    const json splits = prepared.value("splits", json::object());
    const json split = splits.value(measure.split, json::object());
    const double there = split.value("tokens", 0.0) / stride;
    if (measure.windows == 0 && there == 0) return std::nullopt;
    const auto asked = static_cast<double>(measure.windows);
    return Rows{there == 0 ? asked : asked == 0 ? there : std::min(asked, there), window};
  }

  // Of a task: its items, their texts in tokens of the corpus' own, as many as the window holds.
  std::optional<Rows> rows_of(const run::Job& job, const config::EvalSpec& spec,
                              const json& prepared) {
    const auto task = config::from_json<config::Task>(job.spec, job.name);
    auto size =
        config::from_json<config::TaskSize>(job.execution.value("size", json::object()), job.name);
    const json made = result_of(job, runs_, verifier_);
    auto parts = static_cast<double>(made.value("parts", json::object()).size());
    if (made.contains("bytes")) {
      size.items = made.value("items", int64_t{0});
      size.context_bytes = made.at("bytes").value("contexts", int64_t{0});
      size.choice_bytes = made.at("bytes").value("choices", int64_t{0});
    }
    if (task.is_made() && size.items == 0) size = most_of(task);
    if (size.items == 0) return std::nullopt;
    // As many as limit_of_part() divides by.
    if (parts == 0)
      parts = static_cast<double>(size.items) / static_cast<double>(task.limit_of_part(size.items));
    const auto all = static_cast<double>(size.items);
    const double asked =
        spec.limit > 0 ? std::min(all, static_cast<double>(spec.limit) * parts) : all;
    const double choices = choices_of(task), bytes = bytes_per_token(prepared);
    const double context = static_cast<double>(size.context_bytes) / all / bytes;
    const double choice = static_cast<double>(size.choice_bytes) / (all * choices) / bytes;
    return Rows{asked,
                item_tokens(task, static_cast<double>(spec.window), context, choices, choice)};
  }

  // Of one item, by its tokens. What its choices have in common, and the worked examples that
  // several items have, is read once; where the window cuts a context, choice by choice.
  static double item_tokens(const config::Task& task, double window, double context, double choices,
                            double choice) {
    if (choice < 1) return std::min(window, context + choice);  // a letter: all in one row
    if (context + choice > window) return choices * window;
    const bool shared = task.shots.draw != "sample";
    const double own = shared ? context / static_cast<double>(task.shots.count + 1) : context;
    return own + choices * choice;
  }

  // Of a task that is made: as much as it may be, in English words.
  static config::TaskSize most_of(const config::Task& task) {
    constexpr int64_t kBytesPerWord = 6;
    const config::TaskMaking& made = task.made;
    const auto choices = static_cast<int64_t>(choices_of(task));
    return {.items = made.items,
            .context_bytes = made.items * made.context_words * kBytesPerWord,
            .choice_bytes = made.items * choices * made.choice_words * kBytesPerWord};
  }

  static double choices_of(const config::Task& task) {
    constexpr double kUsual = 4;
    if (!task.choices.empty()) return static_cast<double>(task.choices.size());
    return task.is_made() && task.source.name == "other_word" ? 2 : kUsual;
  }

  static double bytes_per_token(const json& prepared) {
    const json splits = prepared.value("splits", json::object());
    const json train = splits.value("train", json::object());
    const double tokens = train.value("tokens", 0.0), bytes = train.value("bytes", 0.0);
    return tokens > 0 && bytes > 0 ? bytes / tokens : kAssumedBytesPerToken;
  }

  const run::JobGraph& graph_;
  const std::filesystem::path& runs_;
  run::Verifier& verifier_;
  std::map<size_t, json> results_;
};

}  // namespace

std::map<std::string, EvalCost> eval_costs(const run::JobGraph& graph,
                                           const std::filesystem::path& runs,
                                           run::Verifier& verifier) {
  EvalCounter counter(graph, runs, verifier);
  std::map<std::string, EvalCost> costs;
  for (const run::Job& job : graph.jobs())
    if (job.kind == "eval")
      if (const auto cost = counter.cost(job)) costs[job.key] = *cost;
  return costs;
}

}  // namespace repro::forecast
