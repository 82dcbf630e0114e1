#include "report/curve_data.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.hpp"
#include "measure/stats.hpp"

namespace repro::report {
namespace {

using findings::Seed;
using findings::Study;
using findings::StudyRow;
using findings::Training;

constexpr size_t kMostPoints = 240;  // a curve: more cannot be seen

RunCurve run_curve(const Training& run, int64_t seed, int64_t window) {
  const auto& records = run.records.steps;
  const auto width = static_cast<size_t>(window);
  const size_t stride = std::max<size_t>(1, (records.size() + kMostPoints - 1) / kMostPoints);
  RunCurve curve{.seed = seed, .steps = {}, .blocks = {}, .trailing = {}, .hours = {}};
  double trailing = 0, block = 0;
  size_t in_block = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    trailing += records[i].lm_loss;
    if (i >= width) trailing -= records[i - width].lm_loss;
    block += records[i].lm_loss;
    ++in_block;
    if ((records.size() - 1 - i) % stride != 0) continue;
    curve.steps.push_back(static_cast<double>(records[i].step));
    curve.blocks.push_back(block / static_cast<double>(in_block));
    curve.trailing.push_back(i + 1 < width ? std::numeric_limits<double>::quiet_NaN()
                                           : trailing / static_cast<double>(width));
    curve.hours.push_back(records[i].clocks.wall() / 3600);
    block = 0;
    in_block = 0;
  }
  return curve;
}

// "F 80": short, because it stands beside a curve and in a legend.
std::string run_label(const plan::ArmPlan& arm, const plan::Ending& ending) {
  return arm.last().symbol + " " + with_commas(ending.steps);
}

bool is_drawn(const plan::Cell& cell, size_t arm, size_t ending) {
  return arm != cell.baseline || ending == cell.reference;
}

EndingCurve ending_curve(const Study& study, const StudyRow& row, size_t arm, size_t ending) {
  const plan::ArmPlan& first = row.seeds.front().runs.cell().arms[arm];
  EndingCurve curve{.arm = arm,
                    .steps = first.endings[ending].steps,
                    .label = run_label(first, first.endings[ending]),
                    .runs = {},
                    .final_loss = {}};
  std::vector<double> losses;
  for (const Seed& seed : row.seeds) {
    const plan::Ending& one = seed.runs.cell().arms[arm].endings[ending];
    const Training* run = seed.runs.training(one.job);
    if (run == nullptr || run->records.steps.empty()) continue;
    curve.runs.push_back(run_curve(*run, seed.runs.cell().seed, study.experiment().target.window));
    if (const auto loss = seed.runs.loss(one, study.experiment().target.metric))
      losses.push_back(*loss);
  }
  if (!losses.empty()) curve.final_loss = measure::mean(losses);
  return curve;
}

// The arm's work with its longest done ending, in one seed.
std::optional<ArmWork> arm_work(const Seed& seed, const plan::ArmPlan& arm) {
  std::optional<plan::Work> work;
  for (const plan::Ending& ending : arm.endings)
    if (auto one = seed.runs.work_to(arm, ending)) work = std::move(one);
  if (!work || !(work->steps() > 0)) return std::nullopt;
  const double steps = work->steps();
  ArmWork result;
  for (const plan::PhaseWork& phase : work->phases) {
    if (phase.overhead || phase.jobs.empty()) continue;
    const bool last = &phase == &work->phases.back();
    const auto add = [&](WorkLine& line, double amount) {
      (last ? line.each : line.before) += last ? amount / steps : amount;
    };
    add(result.flops, phase.sum(&plan::JobWork::flops));
    add(result.hours, phase.hours(plan::ClockKind::billed));
    add(result.devices[phase.jobs.front().profile], phase.device_hours());
  }
  return result;
}

WorkLine mean_line(const std::vector<WorkLine>& lines) {
  WorkLine mean;
  for (const WorkLine& line : lines) {
    mean.before += line.before / static_cast<double>(lines.size());
    mean.each += line.each / static_cast<double>(lines.size());
  }
  return mean;
}

std::optional<ArmWork> mean_work(const StudyRow& row, size_t arm) {
  std::vector<WorkLine> flops, hours;
  std::map<std::string, std::vector<WorkLine>> devices;
  for (const Seed& seed : row.seeds)
    if (const auto work = arm_work(seed, seed.runs.cell().arms[arm])) {
      flops.push_back(work->flops);
      hours.push_back(work->hours);
      for (const auto& [profile, line] : work->devices) devices[profile].push_back(line);
    }
  if (flops.empty()) return std::nullopt;
  ArmWork mean{mean_line(flops), mean_line(hours), {}};
  for (const auto& [profile, lines] : devices) mean.devices[profile] = mean_line(lines);
  return mean;
}

std::optional<ArmCrossing> crossing_of(const StudyRow& row, size_t arm) {
  ArmCrossing crossing{.arm = arm};
  double seeds = 0;
  for (const Seed& seed : row.seeds) {
    if (!seed.comparison || !seed.comparison->arms[arm]) continue;
    const findings::Standing& standing = *seed.comparison->arms[arm];
    if (standing.reach == measure::Reach::not_reached || !standing.to_target) continue;
    const double most = standing.most.value_or(standing.at);
    crossing.least = seeds == 0 ? standing.least : std::min(crossing.least, standing.least);
    crossing.most = seeds == 0 ? most : std::max(crossing.most, most);
    crossing.steps += standing.at;
    crossing.loss += seed.comparison->target.threshold();
    seeds += 1;
  }
  if (seeds == 0) return std::nullopt;
  crossing.steps /= seeds;
  crossing.loss /= seeds;
  return crossing;
}

size_t seeds_with_a_run(const std::vector<EndingCurve>& endings) {
  std::vector<int64_t> seeds;
  for (const EndingCurve& ending : endings)
    for (const RunCurve& run : ending.runs)
      if (std::find(seeds.begin(), seeds.end(), run.seed) == seeds.end()) seeds.push_back(run.seed);
  return seeds.size();
}

}  // namespace

CellCurves curves_of(const Study& study, const StudyRow& row) {
  CellCurves curves{.row = &row, .endings = {}, .arms = {}, .targets = {}, .crossings = {}};
  const plan::Cell& cell = row.seeds.front().runs.cell();
  const auto add_arm = [&](size_t arm) {
    for (size_t ending = 0; ending < cell.arms[arm].endings.size(); ++ending)
      if (is_drawn(cell, arm, ending)) {
        EndingCurve curve = ending_curve(study, row, arm, ending);
        if (!curve.runs.empty()) curves.endings.push_back(std::move(curve));
      }
  };
  add_arm(cell.baseline);
  for (size_t arm = 0; arm < cell.arms.size(); ++arm) {
    if (arm != cell.baseline) add_arm(arm);
    curves.arms.push_back(mean_work(row, arm));
  }
  curves.seeds_seen = seeds_with_a_run(curves.endings);
  if (study.experiment().protocol != plan::Protocol::target) return curves;
  for (const Seed& seed : row.seeds)
    if (seed.comparison) curves.targets.push_back(seed.comparison->target.threshold());
  for (size_t arm = 0; arm < cell.arms.size(); ++arm)
    if (arm != cell.baseline)
      if (const auto crossing = crossing_of(row, arm)) curves.crossings.push_back(*crossing);
  return curves;
}

size_t colour_of_arm(const plan::Cell& cell, size_t arm) {
  if (arm == cell.baseline) return 0;
  return arm + (arm < cell.baseline ? 1 : 0);
}

double curve_shade(const CellCurves& curves, const EndingCurve& ending) {
  double shorter = 0, others = 0;
  for (const EndingCurve& other : curves.endings) {
    if (other.arm != ending.arm || other.steps == ending.steps) continue;
    others += 1;
    if (other.steps < ending.steps) shorter += 1;
  }
  return others > 0 ? shorter / others : 1;
}

std::string end_loss_label(const Study& study) {
  return study.experiment().target.metric == "train_loss" ? "at its end"
                                                          : "at its end, on unseen text";
}

std::string earlier_phases(const plan::Cell& cell) {
  std::vector<std::string> titles;
  for (const plan::ArmPlan& arm : cell.arms)
    for (const plan::PhasePlan& phase : arm.phases)
      if (!phase.overhead && &phase != &arm.last() &&
          std::find(titles.begin(), titles.end(), phase.title) == titles.end())
        titles.push_back(phase.title);
  std::string text;
  for (const std::string& title : titles) text += (text.empty() ? "" : ", ") + title + "s";
  return text;
}

}  // namespace repro::report
