#include "report/curves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace repro::report {
namespace {

constexpr size_t kMostPoints = 240;  // a curve: more cannot be seen

enum class Axis { steps, time, dollars };

// Axis values in the unit that suits the longest training of the study.
struct AxisUnit {
  std::string label;
  double factor = 1;  // from steps, seconds or dollars
};

double longest_seconds(const Study& study) {
  double longest = 0;
  for (const StudyRow& row : study.rows)
    longest = std::max(longest, row.seeds.front().cell.full.clocks.wall());
  return longest;
}

AxisUnit unit_of(Axis axis, const Study& study) {
  const double seconds = longest_seconds(study);
  if (axis == Axis::steps) return {"steps of the run", 1};
  if (axis == Axis::dollars) {
    const double dollars = seconds / 3600 * study.prices.full.value_or(0);
    return dollars < 1 ? AxisUnit{"cents, submodels included", 100}
                       : AxisUnit{"dollars, submodels included", 1};
  }
  if (seconds < 300) return {"seconds, submodels included", 1};
  if (seconds < 18000) return {"minutes, submodels included", 1.0 / 60};
  return {"hours, submodels included", 1.0 / 3600};
}

double axis_value(Axis axis, const run::StepRecord& step, double price) {
  switch (axis) {
    case Axis::steps:
      return static_cast<double>(step.step);
    case Axis::time:
      return step.clocks.wall();
    case Axis::dollars:
      return step.clocks.wall() / 3600 * price;
  }
  return 0;
}

// Trailing means over `window` steps, thinned evenly; the last point is always kept.
std::vector<Point> loss_points(const Training& run, int64_t window, Axis axis, double price,
                               double offset, double factor) {
  const auto& steps = run.records.steps;
  const auto width = static_cast<size_t>(window);
  std::vector<Point> points;
  double sum = 0;
  const size_t stride = std::max<size_t>(1, steps.size() / kMostPoints);
  for (size_t i = 0; i < steps.size(); ++i) {
    sum += steps[i].lm_loss;
    if (i >= width) sum -= steps[i - width].lm_loss;
    const bool kept = (steps.size() - 1 - i) % stride == 0;
    if (i + 1 < width || !kept) continue;
    points.push_back(
        {factor * (offset + axis_value(axis, steps[i], price)), sum / static_cast<double>(width)});
  }
  return points;
}

// What the submodels have taken when the fine-tune starts, by the paper's accounting.
double submodel_offset(const StudyRow& row, Axis axis, const Study& study) {
  const CellOutcome& cell = row.seeds.front().cell;
  double longest = 0;
  for (const Training& run : cell.submodels) longest = std::max(longest, run.clocks.wall());
  if (axis == Axis::time) return longest;
  if (axis == Axis::steps) return 0;
  return longest / 3600 * study.prices.submodel.value_or(0) *
         static_cast<double>(cell.submodels.size());
}

// "F 80": short, because three columns of labels stand below a panel.
std::string run_label(const std::string& arm, const Training& run) {
  return arm + " " + with_commas(run.steps);
}

Panel loss_panel(const Study& study, const StudyRow& row, Axis axis) {
  const AxisUnit unit = unit_of(axis, study);
  const int64_t window = study.experiment().target.window;
  const CellOutcome& cell = row.seeds.front().cell;
  Panel panel{.title = row.corpus_text(), .x_label = unit.label};
  const auto add = [&](const std::string& label, Stroke stroke, const Training& run, double price,
                       double offset) {
    std::vector<Point> points = loss_points(run, window, axis, price, offset, unit.factor);
    if (!points.empty()) panel.curves.push_back({label, stroke, std::move(points)});
  };
  add(run_label("full", cell.full), Stroke::reference, cell.full, study.prices.full.value_or(0), 0);
  for (const Training& run : cell.finetunes)
    add(run_label("F", run), Stroke::ladder, run, study.prices.finetune.value_or(0),
        submodel_offset(row, axis, study));
  if (const auto& comparison = row.seeds.front().comparison)
    panel.target = comparison->target.threshold();
  if (const Status* obstacle = row.obstacle()) panel.empty = obstacle->text();
  return panel;
}

std::vector<Point> perplexity_points(const Training& run) {
  std::vector<Point> points;
  for (const run::EvalRecord& eval : run.records.evals)
    points.push_back({static_cast<double>(eval.step), std::exp(eval.loss)});
  return points;
}

Panel perplexity_panel(const Study& study, const StudyRow& row) {
  const CellOutcome& cell = row.seeds.front().cell;
  Panel panel{.title = row.corpus_text(), .x_label = unit_of(Axis::steps, study).label};
  const auto add = [&](const std::string& label, Stroke stroke, std::vector<Point> points) {
    if (!points.empty())
      panel.curves.push_back({label, stroke, std::move(points), /*mark_points=*/true});
  };
  add(run_label("full", cell.full), Stroke::reference, perplexity_points(cell.full));
  for (const Training& run : cell.finetunes)
    add(run_label("F", run), Stroke::ladder, perplexity_points(run));
  if (const Status* obstacle = row.obstacle()) panel.empty = obstacle->text();
  return panel;
}

bool has_curves(const Picture& picture) {
  return std::any_of(picture.panels.begin(), picture.panels.end(),
                     [](const Panel& panel) { return !panel.curves.empty(); });
}

template <typename MakePanel>
Picture picture_of(const Study& study, const std::string& model, std::string y_label,
                   const MakePanel& make_panel) {
  Picture picture{.y_label = std::move(y_label), .target_label = "target"};
  for (const StudyRow& row : study.rows)
    if (row.model == model) picture.panels.push_back(make_panel(row));
  return picture;
}

}  // namespace

std::vector<NamedPicture> pictures_of(const Study& study) {
  struct Kind {
    const char* name;
    const char* against;
    Axis axis;
  };
  constexpr Kind kKinds[] = {{"steps", "steps", Axis::steps},
                             {"time", "wall-clock time", Axis::time},
                             {"dollars", "dollars", Axis::dollars}};
  std::vector<NamedPicture> pictures;
  for (const std::string& model : study.experiment().models) {
    const std::string& title = study.experiment().model_entries.at(model).title;
    for (const Kind& kind : kKinds)
      pictures.push_back(
          {fmt::format("loss-{}-{}", kind.name, model),
           fmt::format("{}: training loss against {}; mean over {} steps; F n: a fine-tune of "
                       "n steps",
                       title, kind.against, study.experiment().target.window),
           picture_of(study, model, "training loss (nats a token)",
                      [&](const StudyRow& row) { return loss_panel(study, row, kind.axis); })});
    pictures.push_back(
        {"ppl-steps-" + model,
         title + ": held-out perplexity against steps; F n: a fine-tune of n steps",
         picture_of(study, model, "perplexity, valid split",
                    [&](const StudyRow& row) { return perplexity_panel(study, row); })});
  }
  std::erase_if(pictures, [](const NamedPicture& one) { return !has_curves(one.picture); });
  return pictures;
}

}  // namespace repro::report
