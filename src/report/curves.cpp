#include "report/curves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>
#include <utility>

#include "base/text.hpp"

namespace repro::report {
namespace {

using findings::Seed;
using findings::Study;
using findings::StudyRow;
using findings::Training;

constexpr size_t kMostPoints = 240;  // a curve: more cannot be seen

enum class Axis { steps, time, dollars };

// Axis values in the unit that suits the longest training of the study.
struct AxisUnit {
  std::string label;
  double factor = 1;  // from steps, seconds or dollars
};

// The arm's work before its last phase begins, in the seed's first done ending.
std::optional<plan::Work> before_last_phase(const Seed& seed, const plan::ArmPlan& arm) {
  const auto work = seed.runs.work_at(arm, static_cast<double>(arm.endings.back().steps));
  return work ? std::optional(plan::without_last_phase(*work)) : std::nullopt;
}

const Training* reference_of(const Seed& seed) {
  const plan::Cell& cell = seed.runs.cell();
  return seed.runs.training(cell.arms[cell.baseline].endings[cell.reference].job);
}

double longest_seconds(const Study& study) {
  double longest = 0;
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds)
      if (const Training* run = reference_of(seed)) longest = std::max(longest, run->clocks.wall());
  return longest;
}

// "... included": what the time and dollars of the other arms begin with.
std::string included(const Study& study) {
  for (const plan::ArmPlan& arm : study.plan.cells.front().arms)
    for (const plan::PhasePlan& phase : arm.phases)
      if (!phase.overhead && &phase != &arm.last()) return ", " + phase.title + "s included";
  return "";
}

AxisUnit unit_of(Axis axis, const Study& study) {
  const double seconds = longest_seconds(study);
  const std::string more = included(study);
  if (axis == Axis::steps) return {"steps of the run", 1};
  if (axis == Axis::dollars) {
    const double price = study.prices.of(study.baseline().last().profile).value_or(0);
    return seconds / 3600 * price < 1 ? AxisUnit{"cents" + more, 100}
                                      : AxisUnit{"dollars" + more, 1};
  }
  if (seconds < 300) return {"seconds" + more, 1};
  if (seconds < 18000) return {"minutes" + more, 1.0 / 60};
  return {"hours" + more, 1.0 / 3600};
}

double axis_value(Axis axis, const run::StepRecord& step, double dollars_a_step) {
  switch (axis) {
    case Axis::steps:
      return static_cast<double>(step.step);
    case Axis::time:
      return step.clocks.wall();
    case Axis::dollars:
      return static_cast<double>(step.step) * dollars_a_step;
  }
  return 0;
}

// What an arm has taken when its last phase starts.
double offset_of(const Seed& seed, const plan::ArmPlan& arm, Axis axis, const Study& study) {
  if (axis == Axis::steps || arm.phases.size() == 1) return 0;
  const auto work = before_last_phase(seed, arm);
  if (!work) return 0;
  if (axis == Axis::time) return work->hours(plan::ClockKind::billed) * 3600;
  return measure::bill(work->to_bill(plan::ClockKind::steady, /*overheads=*/false),
                       [&](const std::string& device) { return study.prices.of(device); }, {})
      .dollars;
}

// Trailing means over `window` steps, thinned evenly; the last point is always kept.
std::vector<Point> loss_points(const Training& run, int64_t window, Axis axis,
                               double dollars_a_step, double offset, double factor) {
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
    points.push_back({factor * (offset + axis_value(axis, steps[i], dollars_a_step)),
                      sum / static_cast<double>(width)});
  }
  return points;
}

// "F 80": short, because three columns of labels stand below a panel.
std::string run_label(const plan::ArmPlan& arm, const plan::Ending& ending) {
  return arm.last().symbol + " " + with_commas(ending.steps);
}

Stroke stroke_of(const plan::Cell& cell, const plan::ArmPlan& arm) {
  return &arm == &cell.arms[cell.baseline] ? Stroke::reference : Stroke::ladder;
}

// The endings that are drawn: of the baseline the reference alone.
std::vector<size_t> drawn(const plan::Cell& cell, const plan::ArmPlan& arm) {
  if (&arm == &cell.arms[cell.baseline]) return {cell.reference};
  std::vector<size_t> all(arm.endings.size());
  std::iota(all.begin(), all.end(), size_t{0});
  return all;
}

using PointsOf =
    std::function<std::vector<Point>(const Seed&, const plan::ArmPlan&, const plan::Ending&)>;

// The runs of all seeds: those that differ in the seed alone in one colour, under one name. The
// title says how many of the seeds have run where some have not.
void add_curves(const StudyRow& row, bool mark_points, const PointsOf& points_of, Panel& panel) {
  std::set<const Seed*> seen;
  const plan::Cell& first = row.seeds.front().runs.cell();
  for (size_t index = 0; index < first.arms.size(); ++index)
    for (const size_t at : drawn(first, first.arms[index])) {
      std::string label = run_label(first.arms[index], first.arms[index].endings[at]);
      for (const Seed& seed : row.seeds) {
        const plan::ArmPlan& arm = seed.runs.cell().arms[index];
        auto points = points_of(seed, arm, arm.endings[at]);
        if (points.empty()) continue;
        panel.curves.push_back({std::exchange(label, ""), stroke_of(seed.runs.cell(), arm),
                                std::move(points), mark_points});
        seen.insert(&seed);
      }
    }
  if (!seen.empty() && seen.size() < row.seeds.size())
    panel.title += fmt::format(", {} of {} seeds", seen.size(), row.seeds.size());
}

Panel loss_panel(const Study& study, const StudyRow& row, Axis axis) {
  const AxisUnit unit = unit_of(axis, study);
  Panel panel{.title = row.corpus_text(), .x_label = unit.label};
  const auto points_of = [&](const Seed& seed, const plan::ArmPlan& arm,
                             const plan::Ending& ending) {
    const Training* run = seed.runs.training(ending.job);
    if (run == nullptr) return std::vector<Point>{};
    const double dollars_an_hour =
        study.prices.of(arm.last().profile).value_or(0) * study.timing.relative(arm.last().profile);
    const double dollars_a_step =
        study.timing.step_seconds(ending.job).value_or(0) / 3600 * dollars_an_hour;
    return loss_points(*run, study.experiment().target.window, axis, dollars_a_step,
                       offset_of(seed, arm, axis, study), unit.factor);
  };
  add_curves(row, /*mark_points=*/false, points_of, panel);
  if (study.experiment().protocol == plan::Protocol::target)
    for (const Seed& seed : row.seeds)
      if (seed.comparison) panel.targets.push_back(seed.comparison->target.threshold());
  if (const findings::Status* obstacle = row.obstacle()) panel.empty = obstacle->text();
  return panel;
}

// Held-out losses on the way, and of the finished model.
std::vector<Point> perplexity_points(const Seed& seed, const plan::Ending& ending) {
  std::vector<Point> points;
  const Training* run = seed.runs.training(ending.job);
  if (run == nullptr) return points;
  for (const run::EvalRecord& eval : run->records.evals)
    points.push_back({static_cast<double>(eval.step), std::exp(eval.loss)});
  const findings::Measured* last = seed.runs.measured(ending, "unseen");
  const auto steps = static_cast<double>(ending.steps);
  if (last != nullptr && (points.empty() || points.back().x < steps))
    points.push_back({steps, std::exp(last->loss)});
  return points;
}

Panel perplexity_panel(const Study& study, const StudyRow& row) {
  Panel panel{.title = row.corpus_text(), .x_label = unit_of(Axis::steps, study).label};
  add_curves(
      row, /*mark_points=*/true,
      [](const Seed& seed, const plan::ArmPlan&, const plan::Ending& ending) {
        return perplexity_points(seed, ending);
      },
      panel);
  if (const findings::Status* obstacle = row.obstacle()) panel.empty = obstacle->text();
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

// "; 1 seed", "; 3 seeds, a curve each".
std::string seeds_of(const Study& study) {
  const size_t seeds = study.experiment().seeds.size();
  return seeds == 1 ? "; 1 seed" : fmt::format("; {} seeds, a curve each", seeds);
}

// "; F n: a run of n steps", for each last phase that is not called after its arm.
std::string legend_of(const Study& study) {
  std::string text;
  for (const plan::ArmPlan& arm : study.plan.cells.front().arms)
    if (arm.last().title != arm.last().symbol)
      text += fmt::format("; {} n: a {} of n steps", arm.last().symbol, arm.last().title);
  return text;
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
  const std::string legend = seeds_of(study) + legend_of(study);
  for (const std::string& model : study.experiment().models) {
    const std::string& title = study.experiment().model_entries.at(model).title;
    for (const Kind& kind : kKinds)
      pictures.push_back(
          {fmt::format("loss-{}-{}", kind.name, model),
           fmt::format("{}: training loss against {}; mean over {} steps{}", title, kind.against,
                       study.experiment().target.window, legend),
           picture_of(study, model, "training loss (nats a token)",
                      [&](const StudyRow& row) { return loss_panel(study, row, kind.axis); })});
    pictures.push_back(
        {"ppl-steps-" + model, title + ": held-out perplexity against steps" + legend,
         picture_of(study, model, "perplexity, valid split",
                    [&](const StudyRow& row) { return perplexity_panel(study, row); })});
  }
  std::erase_if(pictures, [](const NamedPicture& one) { return !has_curves(one.picture); });
  return pictures;
}

}  // namespace repro::report
