#include "cli/golden_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "base/unicode.hpp"
#include "check/drift.hpp"
#include "check/noise.hpp"
#include "cli/check_gate.hpp"
#include "cli/printing.hpp"

namespace repro::cli {
namespace {

using checks::Golden;
using checks::TrainingGolden;
using nlohmann::json;

// Of the step in the middle.
std::string tolerance_text(const TrainingGolden& training, const char* series) {
  const auto at = training.tolerance.find(series);
  if (at == training.tolerance.end() || at->second.values.empty()) return "none";
  return fmt::format("± {:.2g}", at->second.values[at->second.values.size() / 2]);
}

std::string margin_text(const TrainingGolden& training) {
  std::vector<std::string> texts;
  for (const auto& [number, margin] : training.margin)
    texts.push_back(fmt::format("{} {:.2g}", number, margin));
  return join(texts, ", ");
}

int64_t steps_of_training(const TrainingGolden& training) {
  if (training.seeds.empty()) return 0;
  const auto& series = training.seeds.begin()->second.series;
  const auto loss = series.find("loss");
  return loss == series.end() || loss->second.steps.empty() ? 0 : loss->second.steps.back();
}

report::Table golden_table(const Golden& golden) {
  using report::Align;
  report::Table table{.title = fmt::format("golden {}: {}", golden.name, golden.why),
                      .columns = {{.heading = "training", .align = Align::left},
                                  {.heading = "seeds"},
                                  {.heading = "steps"},
                                  {.heading = "loss, mid-way"},
                                  {.heading = "norm, mid-way"},
                                  {.heading = "a move counts beyond", .align = Align::left}}};
  for (const auto& [name, training] : golden.trainings) {
    const auto seeds = static_cast<double>(training.seeds.size());
    const int64_t steps = steps_of_training(training);
    table.add({name,
               {fmt::format("{}", training.seeds.size()), seeds},
               {steps > 0 ? with_commas(steps) : "-", static_cast<double>(steps)},
               tolerance_text(training, "loss"),
               tolerance_text(training, "grad_norm"),
               margin_text(training)});
  }
  for (const std::string& note : reliability_notes(golden)) table.notes.push_back(note);
  return table;
}

json drift_json(const checks::Drift& drift) {
  return {{"training", drift.training},
          {"quantity", drift.quantity},
          {"then", drift.then},
          {"now", drift.now},
          {"margins", std::isfinite(drift.margins) ? json(drift.margins) : json(nullptr)},
          {"where", drift.where}};
}

report::Curve curve_of(const TrainingGolden& training, const char* label, size_t colour) {
  report::Curve curve{.label = label, .colour = colour};
  const checks::Series mean = checks::mean_of(checks::series_of(training.seeds, "loss"));
  for (size_t i = 0; i < mean.steps.size(); ++i)
    curve.points.push_back({static_cast<double>(mean.steps[i]), mean.values[i]});
  return curve;
}

}  // namespace

void show_golden(const Context& context, const Golden& golden, const fs::path& path) {
  if (context.json)
    return print({{"name", golden.name},
                  {"path", path.string()},
                  {"why", golden.why},
                  {"recorded", golden.recorded},
                  {"seeds", golden.seeds()},
                  {"gate_seeds", golden.gate_seeds()},
                  {"platform", golden.platform},
                  {"checksum", golden.checksum},
                  {"renewal", golden.renewal ? json(golden.renewal->drift) : json(nullptr)},
                  {"found", golden.reliability.found},
                  {"trainings", report::to_json(golden_table(golden))}});
  print(golden_table(golden));
  if (golden.renewal) {
    say("\nit takes the place of {}: {}\n", golden.renewal->previous.substr(0, 12),
        golden.renewal->cause);
    for (const std::string& line : golden.renewal->drift) say("  {}\n", line);
    for (const std::string& line : golden.renewal->environment) say("  {}\n", line);
  }
  say("written to {}\n", path.string());
}

void show_drift(const Context& context, const Golden& then, const Golden& now) {
  constexpr size_t kShown = 12;
  const std::vector<checks::Drift> drifts = checks::drift_between(then, now);
  const std::vector<std::string> missing = checks::missing_text(then, now);
  const std::vector<std::string> environment = checks::environment_between(then, now);
  if (context.json) {
    json list = json::array();
    for (const checks::Drift& drift : drifts) list.push_back(drift_json(drift));
    return print({{"drift", list}, {"missing", missing}, {"environment", environment}});
  }
  const auto moved = std::count_if(drifts.begin(), drifts.end(),
                                   [](const checks::Drift& drift) { return drift.margins > 0; });
  const auto beyond = std::count_if(drifts.begin(), drifts.end(),
                                    [](const checks::Drift& drift) { return drift.margins > 1; });
  say("{} of {} quantities move, {} of them by more than their tolerance\n", moved, drifts.size(),
      beyond);
  for (const std::string& line : missing) say("  {}\n", printable_line(line));
  for (size_t i = 0; i < std::min<size_t>(kShown, static_cast<size_t>(moved)); ++i)
    say("  {}\n", printable_line(checks::text_of(drifts[i])));
  say("environment: {}\n", environment.empty() ? "equal" : "");
  for (const std::string& line : environment) say("  {}\n", printable_line(line));
}

report::Picture drift_picture(const Golden& then, const Golden& now) {
  constexpr size_t kPanels = 6;
  report::Picture picture{.y_label = "loss, mean over seeds", .target_label = "", .panels = {}};
  std::vector<std::string> names;
  for (const checks::Drift& drift : checks::drift_between(then, now))
    if (std::find(names.begin(), names.end(), drift.training) == names.end() &&
        names.size() < kPanels)
      names.push_back(drift.training);
  for (const std::string& name : names) {
    report::Panel panel{.title = name, .x_label = "step"};
    panel.curves = {curve_of(then.trainings.at(name), "golden", 0),
                    curve_of(now.trainings.at(name), "now", 1)};
    if (!panel.curves[0].points.empty() && !panel.curves[1].points.empty())
      picture.panels.push_back(std::move(panel));
  }
  return picture;
}

}  // namespace repro::cli
