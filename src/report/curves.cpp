#include "report/curves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.hpp"
#include "report/curve_axes.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::Study;
using findings::StudyRow;

// "F: a PHASE, the longer the darker", with its arm where several have one.
std::string legend_label(const plan::Cell& cell, size_t arm) {
  const plan::ArmPlan& one = cell.arms[arm];
  std::string label = one.last().symbol;
  if (one.last().title != one.last().symbol) label += ": a " + one.last().title;
  if (cell.arms.size() > 2 && one.title != label) label += " of " + one.title;
  const bool ladder = arm != cell.baseline && one.endings.size() > 1;
  return ladder ? label + ", the longer the darker" : label;
}

void add_runs(const Study& study, const CellCurves& curves, const CurveAxis& axis, Panel& panel) {
  const plan::Cell& cell = curves.row->seeds.front().runs.cell();
  for (const EndingCurve& ending : curves.endings) {
    bool labelled = false;
    for (const RunCurve& run : ending.runs) {
      Curve curve{.label = legend_label(cell, ending.arm),
                  .colour = colour_of_arm(cell, ending.arm),
                  .shade = curve_shade(curves, ending)};
      for (size_t i = 0; i < run.steps.size(); ++i) {
        const auto x = axis.at(curves, ending.arm, run, i, study.prices);
        if (x && std::isfinite(run.trailing[i])) curve.points.push_back({*x, run.trailing[i]});
      }
      if (curve.points.empty()) continue;
      if (!labelled) curve.end_label = with_commas(ending.steps);
      labelled = true;
      panel.curves.push_back(std::move(curve));
    }
  }
}

// What each horizon's loss is at its end, in the metric that the target is in.
void add_ends(const Study& study, const CellCurves& curves, const CurveAxis& axis, Panel& panel) {
  const plan::Cell& cell = curves.row->seeds.front().runs.cell();
  for (size_t arm = 0; arm < cell.arms.size(); ++arm) {
    Curve ends{
        .label = end_loss_label(study), .colour = colour_of_arm(cell, arm), .draw = Draw::joined};
    for (const EndingCurve& ending : curves.endings)
      if (ending.arm == arm && ending.final_loss)
        if (const auto x =
                axis.of_steps(curves, arm, static_cast<double>(ending.steps), study.prices))
          ends.points.push_back({*x, *ending.final_loss});
    if (!ends.points.empty()) panel.curves.push_back(std::move(ends));
  }
}

void add_crossings(const Study& study, const CellCurves& curves, const CurveAxis& axis,
                   Panel& panel) {
  for (const ArmCrossing& one : curves.crossings) {
    const auto at = [&](double steps) {
      return axis.of_steps(curves, one.arm, steps, study.prices);
    };
    const auto x = at(one.steps), low = at(one.least), high = at(one.most);
    if (x && low && high) panel.crossings.push_back({*x, one.loss, *low, *high});
  }
}

Panel loss_panel(const Study& study, const CellCurves& curves, const CurveAxis& axis) {
  const StudyRow& row = *curves.row;
  Panel panel{.title = row.text(), .x_label = axis.label};
  if (curves.seeds_seen > 0 && curves.seeds_seen < row.seeds.size())
    panel.title += fmt::format(", {} of {} seeds", curves.seeds_seen, row.seeds.size());
  add_runs(study, curves, axis, panel);
  if (const findings::Status* obstacle = row.obstacle()) panel.empty = obstacle->text();
  if (panel.curves.empty()) return panel;
  add_ends(study, curves, axis, panel);
  panel.targets = curves.targets;
  add_crossings(study, curves, axis, panel);
  return panel;
}

// "losses are means over the last 50 steps, a line a seed; ..., 3 seeds".
std::string note_of(const Study& study) {
  return fmt::format(
      "losses are means over the last {} steps{}; {}", study.experiment().target.window,
      study.experiment().seeds.size() == 1 ? "" : ", a line a seed", scope_text(study));
}

std::string stand_in_mark(const Study& study) {
  return study.stand_in() ? ", STAND-IN " + (study.experiment().scale.stand_in
                                                 ? "scale " + study.experiment().scale.name
                                                 : std::string("corpora"))
                          : "";
}

// A row of panels a model, where every model has the same corpora.
size_t panel_columns(const Study& study) {
  std::set<std::string> models, corpora;
  for (const StudyRow& row : study.rows) {
    models.insert(row.model);
    corpora.insert(row.corpus);
  }
  if (models.size() * corpora.size() == study.rows.size()) return corpora.size();
  return std::min<size_t>(study.rows.size(), 3);
}

Picture picture_of(const Study& study, const std::string& what, std::string y_label) {
  return {.title = study.view.title + ": " + what + stand_in_mark(study),
          .y_label = std::move(y_label),
          .target_label = "target",
          .crossing_label = "target met, and between which ends",
          .note = note_of(study),
          .panels = {},
          .columns = panel_columns(study)};
}

bool has_curves(const Picture& picture) {
  return std::any_of(picture.panels.begin(), picture.panels.end(),
                     [](const Panel& panel) { return !panel.curves.empty(); });
}

// Held-out losses on the way, and of the finished model.
std::vector<Point> perplexity_points(const findings::Seed& seed, const plan::Ending& ending) {
  std::vector<Point> points;
  const findings::Training* run = seed.runs.training(ending.job);
  if (run == nullptr) return points;
  for (const run::EvalRecord& eval : run->records.evals)
    points.push_back({static_cast<double>(eval.step), std::exp(eval.loss)});
  const findings::Measured* last = seed.runs.measured(ending, "unseen");
  const auto steps = static_cast<double>(ending.steps);
  if (last != nullptr && (points.empty() || points.back().x < steps))
    points.push_back({steps, std::exp(last->loss)});
  return points;
}

Panel perplexity_panel(const CellCurves& curves) {
  constexpr size_t kFewest = 3;  // two points are no curve
  Panel panel{.title = curves.row->text(), .x_label = "steps of the run"};
  for (const EndingCurve& ending : curves.endings)
    for (const findings::Seed& seed : curves.row->seeds) {
      const plan::Cell& cell = seed.runs.cell();
      for (const plan::Ending& one : cell.arms[ending.arm].endings) {
        if (one.steps != ending.steps) continue;
        Curve curve{.label = legend_label(cell, ending.arm),
                    .colour = colour_of_arm(cell, ending.arm),
                    .shade = curve_shade(curves, ending),
                    .points = perplexity_points(seed, one)};
        if (curve.points.size() >= kFewest) panel.curves.push_back(std::move(curve));
      }
    }
  if (const findings::Status* obstacle = curves.row->obstacle()) panel.empty = obstacle->text();
  return panel;
}

}  // namespace

std::vector<NamedPicture> pictures_of(const Study& study) {
  std::vector<CellCurves> cells;
  for (const StudyRow& row : study.rows) cells.push_back(curves_of(study, row));
  std::vector<NamedPicture> pictures;
  for (const CurveAxis& axis : curve_axes(study, cells)) {
    const std::string what = "training loss against " + axis.against;
    Picture picture = picture_of(study, what, "training loss (nats a token)");
    for (const CellCurves& curves : cells)
      picture.panels.push_back(loss_panel(study, curves, axis));
    pictures.push_back({"loss-" + axis.name, picture.title + "; " + picture.note, picture});
  }
  Picture perplexity =
      picture_of(study, "held-out perplexity against steps", "perplexity, valid split");
  for (const CellCurves& curves : cells) perplexity.panels.push_back(perplexity_panel(curves));
  pictures.push_back({"ppl-steps", perplexity.title, perplexity});
  std::erase_if(pictures, [](const NamedPicture& one) { return !has_curves(one.picture); });
  return pictures;
}

}  // namespace repro::report
