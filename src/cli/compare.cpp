#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/difference_view.hpp"
#include "cli/printing.hpp"
#include "cli/program.hpp"
#include "cli/run_names.hpp"
#include "cli/target_options.hpp"
#include "cli/verbs.hpp"
#include "measure/steps_to_target.hpp"
#include "run/comparison.hpp"
#include "run/records.hpp"
#include "run/verifier.hpp"

namespace repro::cli {
namespace {

using measure::Reach;
using measure::StepsToTarget;
using nlohmann::json;

struct CompareChoice {
  std::vector<std::string> runs;
  TargetChoice target;
  int64_t window = 0;  // steps; 0 = by the shorter run
  bool gate = false;
};

// Losses at their steps, as they are compared: window means of a training, or evaluations.
struct Curve {
  std::vector<int64_t> steps;
  std::vector<double> losses;
};

struct Compared {
  run::RunDirectory directory;
  std::string name;
  std::string state;
  run::Records records;
  double final_loss = 0;  // nats; mean of the window
  std::optional<StepsToTarget> reach;
};

Compared read_side(const Context& context, const std::string& subject) {
  const run::RunDirectory directory = find_run(context, subject);
  Compared side{.directory = directory,
                .name = directory.path().filename().string(),
                .state = state_text(directory.state()),
                .records = {},
                .final_loss = 0,
                .reach = std::nullopt};
  if (std::filesystem::exists(directory.records_file()))
    side.records = run::Verifier(directory.path().parent_path()).records(directory);
  if (side.records.steps.empty())
    throw Error(Exit::nothing_measured,
                "{}: holds no step of a training; compare two trainings or imported logs",
                directory.path().string());
  return side;
}

int64_t last_step(const Compared& side) { return side.records.steps.back().step; }

// A tenth of the shorter run, at most 50 steps.
int64_t default_window(const Compared& a, const Compared& b) {
  return std::clamp<int64_t>(std::min(last_step(a), last_step(b)) / 10, 1, 50);
}

// Mean of the losses logged in the last `window` steps up to each one, from the first full window.
Curve training_curve(const run::Records& records, int64_t window) {
  Curve curve;
  size_t begin = 0;
  double sum = 0;
  for (size_t i = 0; i < records.steps.size(); ++i) {
    const int64_t step = records.steps[i].step;
    sum += records.steps[i].lm_loss;
    while (records.steps[begin].step <= step - window) sum -= records.steps[begin++].lm_loss;
    if (step < window && i + 1 < records.steps.size()) continue;
    curve.steps.push_back(step);
    curve.losses.push_back(sum / static_cast<double>(i + 1 - begin));
  }
  return curve;
}

Curve validation_curve(const run::Records& records) {
  Curve curve;
  for (const run::EvalRecord& eval : records.evals) {
    if (eval.split != "valid") continue;
    curve.steps.push_back(eval.step);
    curve.losses.push_back(eval.loss);
  }
  return curve;
}

void judge(Compared& side, const CompareChoice& choice, int64_t window) {
  const Curve training = training_curve(side.records, window);
  side.final_loss = training.losses.back();
  if (!choice.target.any()) return;
  const Curve curve = choice.target.validation ? validation_curve(side.records) : training;
  if (curve.steps.empty()) return;
  side.reach = measure::first_crossing(
      curve.steps, curve.losses,
      {choice.target.validation ? *choice.target.validation : *choice.target.training,
       choice.target.tolerance});
}

// What a quantity that grows with the steps is at a step: straight between two records.
template <typename Quantity>
double at_step(const run::Records& records, double step, const Quantity& quantity) {
  const auto& steps = records.steps;
  const auto after = std::find_if(steps.begin(), steps.end(), [&](const run::StepRecord& record) {
    return static_cast<double>(record.step) >= step;
  });
  if (after == steps.end()) return quantity(steps.back());
  const double from = after == steps.begin() ? 0 : static_cast<double>((after - 1)->step);
  const double low = after == steps.begin() ? 0 : quantity(*(after - 1));
  const double span = static_cast<double>(after->step) - from;
  return span > 0 ? low + (quantity(*after) - low) * (step - from) / span : quantity(*after);
}

double tokens_of(const run::StepRecord& record) { return static_cast<double>(record.tokens); }
double hours_of(const run::StepRecord& record) { return record.clocks.train / 3600; }

std::string training_time_text(double hours) {
  return hours < 1 ? human_seconds(hours * 3600) : fmt::format("{:.2f} h", hours);
}

// A quantity at the target with its reach, and as JSON; n/m where the run does not know it.
template <typename Quantity, typename Text>
std::pair<std::string, json> reached_at(const Compared& side, const Quantity& quantity,
                                        const Text& text) {
  if (!side.reach) return {"n/m: no evaluation", nullptr};
  if (!(quantity(side.records.steps.back()) > 0)) return {"n/m: not in the run", nullptr};
  const StepsToTarget& reach = *side.reach;
  const auto at = [&](double step) { return at_step(side.records, step, quantity); };
  const double by = at(static_cast<double>(reach.by));
  if (reach.reach == Reach::at_most) return {"<= " + text(by), {{"reach", "at_most"}, {"by", by}}};
  if (reach.reach == Reach::not_reached)
    return {">= " + text(by), {{"reach", "not_reached"}, {"after", by}}};
  const double after = at(static_cast<double>(reach.after)), estimate = at(reach.estimate);
  return {fmt::format("{} ({} to {}]", text(estimate), text(after), text(by)),
          {{"reach", "reached"}, {"after", after}, {"by", by}, {"estimate", estimate}}};
}

struct TargetRow {
  const char* name;
  const char* key;
  std::pair<std::string, json> a, b;
};

std::vector<TargetRow> target_rows(const Compared& a, const Compared& b) {
  const auto steps = [](const run::StepRecord& record) { return static_cast<double>(record.step); };
  const auto rows_of = [&](const char* name, const char* key, const auto& quantity,
                           const auto& text) {
    return TargetRow{name, key, reached_at(a, quantity, text), reached_at(b, quantity, text)};
  };
  return {rows_of("steps to target", "steps", steps, rounded_with_commas),
          rows_of("tokens to target", "tokens", tokens_of, human_count),
          rows_of("training time to target", "hours", hours_of, training_time_text)};
}

report::Table compare_table(const Compared& a, const Compared& b, int64_t window,
                            const CompareChoice& choice) {
  using report::Align;
  report::Table table{.title = fmt::format("{} against {}", a.name, b.name),
                      .columns = {{.heading = "quantity", .align = Align::left},
                                  {.heading = a.name, .key = "first"},
                                  {.heading = b.name, .key = "second"}}};
  const auto known = [](double value, const std::string& text) {
    return value > 0 ? text : std::string("n/m");
  };
  const auto row = [&](const std::string& name, const auto& text) {
    table.add({name, text(a), text(b)});
  };
  row("state", [](const Compared& side) { return side.state; });
  row("last step", [](const Compared& side) { return with_commas(last_step(side)); });
  row("tokens", [&](const Compared& side) {
    const double tokens = tokens_of(side.records.steps.back());
    return known(tokens, human_count(tokens));
  });
  row("training time", [&](const Compared& side) {
    const double hours = hours_of(side.records.steps.back());
    return known(hours, training_time_text(hours));
  });
  row(fmt::format("final loss, mean of {} steps", window),
      [](const Compared& side) { return fmt::format("{:.4f}", side.final_loss); });
  if (choice.target.any())
    for (const TargetRow& target : target_rows(a, b))
      table.add({target.name, target.a.first, target.b.first});
  return table;
}

json side_json(const Compared& side) {
  const run::StepRecord& last = side.records.steps.back();
  return {{"run", side.name},
          {"state", side.state},
          {"last_step", last.step},
          {"tokens", last.tokens > 0 ? json(last.tokens) : json(nullptr)},
          {"hours", hours_of(last) > 0 ? json(hours_of(last)) : json(nullptr)},
          {"final_loss", side.final_loss}};
}

json compare_json(const Compared& a, const Compared& b, int64_t window, const CompareChoice& choice,
                  const run::RunComparison& difference) {
  json answer = {{"runs", {side_json(a), side_json(b)}},
                 {"window_steps", window},
                 {"inputs", differences_json(difference.inputs)},
                 {"environment", differences_json(difference.environment)},
                 {"first_differing_step",
                  difference.records ? differences_json(*difference.records) : json(nullptr)}};
  if (!choice.target.any()) return answer;
  for (const TargetRow& row : target_rows(a, b)) {
    answer["runs"][0]["to_target"][row.key] = row.a.second;
    answer["runs"][1]["to_target"][row.key] = row.b.second;
  }
  return answer;
}

bool reaches(const Compared& side) { return side.reach && side.reach->reach != Reach::not_reached; }

Exit gated(const Compared& a, const Compared& b, const CompareChoice& choice,
           const run::RunComparison& difference) {
  if (!choice.gate) return Exit::ok;
  if (choice.target.any()) return reaches(a) && reaches(b) ? Exit::ok : Exit::not_reached;
  const bool equal = difference.inputs.empty() && !difference.records;
  return equal ? Exit::ok : Exit::regression;
}

Exit compare(const Context& context, const CompareChoice& choice) {
  if (choice.target.training && choice.target.validation)
    throw Error(Exit::usage, "compare: give --target or --target-valid, not both");
  Compared a = read_side(context, choice.runs[0]);
  Compared b = read_side(context, choice.runs[1]);
  const int64_t window = choice.window > 0 ? choice.window : default_window(a, b);
  if (window > std::min(last_step(a), last_step(b)))
    throw Error(Exit::usage, "--window {}: the shorter run has {} steps", window,
                std::min(last_step(a), last_step(b)));
  judge(a, choice, window);
  judge(b, choice, window);
  const run::RunComparison difference = run::compare_runs(a.directory, b.directory);
  if (context.json) {
    print(compare_json(a, b, window, choice, difference));
  } else {
    print(compare_table(a, b, window, choice));
    say("\n");
    constexpr size_t kShown = 12;
    print_differences("inputs", difference.inputs, kShown);
    print_differences("environment", difference.environment, kShown);
    print_differences("first differing step", as_list(difference.records), kShown);
  }
  return gated(a, b, choice, difference);
}

}  // namespace

void add_compare(Program& program) {
  CLI::App& verb = program.add_verb(
      "compare", "two trainings side by side, run here or imported",
      "  repro compare runs/train-a other/train-a\n"
      "  repro compare import-out runs/train-a --target 3.28\n"
      "Final losses and the way to the target are of means over the same number of steps. \"<= "
      "N\": "
      "the\n"
      "first point reaches it already; \">= N\": the last one does not. With --gate and a target, "
      "code 3 when\n"
      "one run does not reach it; with --gate alone, code 1 when inputs or records differ.");
  auto choice = std::make_shared<CompareChoice>();
  verb.add_option("runs", choice->runs, "two runs: directories, names or beginnings of names")
      ->required()
      ->expected(2);
  add_target_options(verb, choice->target);
  verb.add_option("--window", choice->window,
                  "steps that a loss is averaged over; default: a tenth of the shorter run, at "
                  "most 50")
      ->check(CLI::PositiveNumber);
  verb.add_flag("--gate", choice->gate, "end with a code: see the examples");
  program.on(verb, [&program, choice] { return compare(program.context(), *choice); });
}

}  // namespace repro::cli
