#include "report/pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "findings/numbers.hpp"
#include "measure/scale_out.hpp"

namespace repro::report {
namespace {

using findings::Seed;
using findings::Study;
using findings::StudyRow;

// One phase of an arm: how long, and what an hour of all its devices costs.
struct Stretch {
  std::string title;
  double hours = 0;
  double dollars = 0;
};

double dollars_of_phase(const Study& study, const plan::PhaseWork& phase) {
  const plan::Work alone{{phase}};
  return measure::bill(alone.to_bill(plan::ClockKind::steady, /*overheads=*/false),
                       [&](const std::string& device) { return study.prices.of(device); }, {})
      .dollars;
}

// Of an arm where it stands, mean over the seeds; empty where a run is missing.
std::vector<Stretch> stretches_of(const Study& study, const StudyRow& row, size_t arm) {
  std::vector<Stretch> mean;
  const auto seeds = row.compared();
  const auto count = static_cast<double>(seeds.size());
  for (const Seed* seed : seeds) {
    const auto work =
        seed->runs.work_at(seed->runs.cell().arms[arm], seed->comparison->arms[arm]->at);
    if (!work) return {};
    size_t at = 0;
    for (const plan::PhaseWork& phase : work->phases) {
      if (phase.overhead) continue;
      if (at == mean.size()) mean.push_back({phase.title});
      mean[at].hours += phase.hours() / count;
      mean[at].dollars += dollars_of_phase(study, phase) / count;
      ++at;
    }
  }
  std::erase_if(mean, [](const Stretch& one) { return !(one.hours > 0); });
  return mean;
}

struct TimeUnit {
  const char* label;
  double factor;  // from hours
};

TimeUnit unit_for(double hours) {
  if (hours > 5) return {"hours", 1};
  return hours * 60 > 5 ? TimeUnit{"minutes", 60} : TimeUnit{"seconds", 3600};
}

double total_dollars(const std::vector<Stretch>& stretches) {
  double dollars = 0;
  for (const Stretch& one : stretches) dollars += one.dollars;
  return dollars;
}

double total_hours(const std::vector<Stretch>& stretches) {
  double hours = 0;
  for (const Stretch& one : stretches) hours += one.hours;
  return hours;
}

// Rectangles one behind the other.
void add_stretches(const std::vector<Stretch>& stretches, const TimeUnit& unit, bool outline,
                   const std::string& arm, Panel& panel) {
  double from = 0;
  for (const Stretch& one : stretches) {
    const double to = from + unit.factor * one.hours, rate = one.dollars / one.hours;
    panel.curves.push_back({.label = arm + one.title,
                            .colour = outline ? 0 : panel.curves.size() + 1,
                            .points = {{from, 0}, {from, rate}, {to, rate}, {to, 0}},
                            .draw = outline ? Draw::line : Draw::area});
    from = to;
  }
}

Panel profile_panel(const Study& study, const StudyRow& row) {
  const plan::Cell& cell = study.plan.cells.front();
  const size_t method = cell.baseline == 0 ? 1 : 0;
  const auto own = stretches_of(study, row, method);
  const auto baseline = stretches_of(study, row, cell.baseline);
  const TimeUnit unit = unit_for(std::max(total_hours(own), total_hours(baseline)));
  Panel panel{.title = row.corpus_text(), .x_label = unit.label};
  panel.whole_range = true;
  if (const findings::Status* obstacle = row.obstacle()) panel.empty = obstacle->text();
  if (own.empty() || baseline.empty()) return panel;
  panel.title += fmt::format(": USD {} against {}", findings::significant(total_dollars(own)),
                             findings::significant(total_dollars(baseline)));
  add_stretches(own, unit, /*outline=*/false, "", panel);
  add_stretches(baseline, unit, /*outline=*/true, study.baseline().title + ": ", panel);
  return panel;
}

Panel plane_panel(const StudyRow& row, size_t arm) {
  Panel panel{.title = row.corpus_text(), .x_label = "first principal component"};
  panel.whole_range = panel.below_zero = true;
  const Seed& seed = row.seeds.front();
  for (const plan::PhasePlan& phase : seed.runs.cell().arms[arm].phases)
    for (const size_t job : phase.jobs) {
      const auto& clustering = seed.runs[job].clustering;
      if (!clustering) continue;
      if (clustering->plane.empty()) panel.empty = "recorded no plane; cluster again";
      for (size_t k = 0; k < clustering->plane.size(); ++k) {
        Curve curve{.label = fmt::format("cluster {}", k), .colour = k + 1, .draw = Draw::dots};
        for (const auto& [x, y] : clustering->plane[k]) curve.points.push_back({x, y});
        if (!curve.points.empty()) panel.curves.push_back(std::move(curve));
      }
    }
  if (const findings::Status* obstacle = row.obstacle()) panel.empty = obstacle->text();
  return panel;
}

// One line: its dots, and where there are two or more what the model makes of the smallest two.
void add_scaling(const std::string& title, const std::vector<Point>& points, Panel& panel,
                 std::vector<std::string>& checks) {
  const size_t colour = panel.curves.size() / 2 + 1;  // dots and a line each
  panel.curves.push_back({.label = title, .colour = colour, .points = points, .draw = Draw::marks});
  if (points.size() < 2) return;
  const measure::ScaleOut model =
      measure::scale_out_through(points[0].x, points[0].y, points[1].x, points[1].y);
  Curve line{.colour = colour};
  constexpr int kPoints = 40;
  for (int i = 0; i <= kPoints; ++i) {
    const double devices =
        points.front().x + (2 * points.back().x - points.front().x) * i / kPoints;
    line.points.push_back({devices, model.rate(devices)});
  }
  panel.curves.push_back(std::move(line));
  if (points.size() > 2)
    checks.push_back(fmt::format("{} {} and {} %", title,
                                 findings::fixed(model.rate(points.back().x), 0),
                                 findings::fixed(points.back().y, 0)));
}

std::vector<NamedPicture> by_model(const Study& study, const std::string& name,
                                   const std::string& caption, const std::string& y_label,
                                   const std::function<Panel(const StudyRow&)>& make_panel) {
  std::vector<NamedPicture> pictures;
  for (const std::string& model : study.experiment().models) {
    Picture picture{.y_label = y_label, .target_label = ""};
    bool drawn = false;
    for (const StudyRow& row : study.rows)
      if (row.model == model) {
        picture.panels.push_back(make_panel(row));
        drawn |= !picture.panels.back().curves.empty();
      }
    const std::string& title = study.experiment().model_entries.at(model).title;
    if (drawn) pictures.push_back({name + "-" + model, title + ": " + caption, std::move(picture)});
  }
  return pictures;
}

}  // namespace

std::vector<NamedPicture> cost_profiles(const Study& study) {
  return by_model(study, "profile",
                  "dollars an hour against hours, phase by phase; an area is a cost; the baseline "
                  "as an outline",
                  "USD an hour", [&](const StudyRow& row) { return profile_panel(study, row); });
}

std::vector<NamedPicture> cluster_planes(const Study& study) {
  std::vector<NamedPicture> pictures;
  const plan::Cell& cell = study.plan.cells.front();
  for (size_t arm = 0; arm < cell.arms.size(); ++arm)
    for (NamedPicture& one : by_model(
             study, "plane-" + cell.arms[arm].name,
             cell.arms[arm].title +
                 ", document vectors on their first two principal components, a colour a cluster",
             "second principal component",
             [&](const StudyRow& row) { return plane_panel(row, arm); }))
      pictures.push_back(std::move(one));
  return pictures;
}

std::vector<NamedPicture> scaling_picture(const Study& study) {
  const claims::ViewScaling& scaling = study.view.scaling;
  const claims::Claims& claims = study.sources.claims;
  const double peak = *claims.constant(scaling.peak)->cell.value;
  std::map<std::string, std::vector<Point>> lines;  // share of the peak by devices
  for (const claims::ClaimRow& row : claims.table(scaling.table)->rows) {
    const auto devices = claims.value(scaling.table, row.id, scaling.devices);
    const auto rate = claims.value(scaling.table, row.id, scaling.rate);
    const auto title = claims.titles.find(row.keys.front());
    if (devices && rate)
      lines[title == claims.titles.end() ? row.keys.front() : title->second].push_back(
          {*devices, 100 * *rate / peak});
  }
  Panel panel{.title = claims.table(scaling.table)->title, .x_label = "devices"};
  panel.whole_range = true;
  std::vector<std::string> checks;
  for (auto& [title, points] : lines) {
    std::sort(points.begin(), points.end(),
              [](const Point& a, const Point& b) { return a.x < b.x; });
    add_scaling(title, points, panel, checks);
  }
  std::string caption =
      "utilisation of a device against devices at a fixed global batch; dots: published; lines: "
      "projected by seconds = shared / devices + fixed through the two smallest";
  if (!checks.empty())
    caption += "; at the largest, projected and published: " + join(checks, ", ");
  return {{"scaling", caption,
           Picture{.y_label = "% of the peak", .target_label = "", .panels = {panel}}}};
}

std::vector<NamedPicture> view_pictures(const Study& study) {
  using Make = std::vector<NamedPicture> (*)(const Study&);
  static const std::map<std::string, Make> kPictures = {{"curves", pictures_of},
                                                        {"profile", cost_profiles},
                                                        {"plane", cluster_planes},
                                                        {"scaling", scaling_picture}};
  std::vector<NamedPicture> all;
  for (const std::string& name : study.view.pictures) {
    const auto known = kPictures.find(name);
    check(known != kPictures.end(), "a loaded view names pictures that there are");
    for (NamedPicture& one : known->second(study)) all.push_back(std::move(one));
  }
  return all;
}

}  // namespace repro::report
