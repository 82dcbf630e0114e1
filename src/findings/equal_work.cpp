#include "findings/equal_work.hpp"

#include <algorithm>
#include <cmath>

namespace repro::findings {
namespace {

using plan::Ending;
using plan::JobWork;

constexpr double kSameWork = 1e-6;  // sums of seconds in another order

std::optional<double> amount(const std::string& measure, const plan::Work& work,
                             const Prices& prices) {
  if (measure == "samples") return work.sum(&JobWork::tokens);
  if (measure == "FLOPs") return work.sum(&JobWork::flops);
  if (measure == "device-hours") return work.device_hours();
  return dollars_of(work, prices);
}

// An ending that is done: what it takes and how well it ends.
struct Point {
  const Ending* ending = nullptr;
  double work = 0;
  double loss = 0;
};

struct EqualQuestion {
  const Study& study;
  const StudyRow& row;
  std::string measure;
  size_t arm = 0;
  double rate = 1, baseline_rate = 1;

  const std::string& metric() const { return study.experiment().target.metric; }

  std::vector<Point> points(const Seed& seed, size_t index, double at) const {
    const plan::ArmPlan& planned = seed.runs.cell().arms[index];
    std::vector<Point> points;
    for (const Ending& ending : planned.endings_at(at)) {
      const auto loss = seed.runs.loss(ending, metric());
      const auto work = loss ? seed.runs.work_to(planned, ending) : std::nullopt;
      const auto spent = work ? amount(measure, *work, study.prices) : std::nullopt;
      if (spent && *spent > 0) points.push_back({&ending, *spent, *loss});
    }
    return points;
  }
};

// The baseline at this much work: its loss, with the ending above; empty outside its endings.
std::optional<Point> point_at(const std::vector<Point>& ladder, double work) {
  for (size_t i = 0; i < ladder.size(); ++i) {
    if (std::abs(ladder[i].work - work) <= kSameWork * work)
      return Point{ladder[i].ending, work, ladder[i].loss};
    if (i == 0 || ladder[i - 1].work > work || ladder[i].work < work) continue;
    const double part =
        std::log(work / ladder[i - 1].work) / std::log(ladder[i].work / ladder[i - 1].work);
    return Point{ladder[i].ending, work,
                 ladder[i - 1].loss + part * (ladder[i].loss - ladder[i - 1].loss)};
  }
  return std::nullopt;
}

// Of a ladder that does not span this much work, the end that is nearer; empty where it does.
std::optional<Point> nearest(const std::vector<Point>& ladder, double work) {
  if (ladder.empty() || point_at(ladder, work)) return std::nullopt;
  return work > ladder.back().work ? ladder.back() : ladder.front();
}

using FindPoint = std::optional<Point> (*)(const std::vector<Point>& ladder, double work);

// One seed's arm at an ending of so many steps against the baseline at equal work.
struct Pair {
  Point arm, baseline;
  double whole = 0;  // work of the baseline's reference run
  double error = 0;  // standard error of the difference, of finite text
};

std::optional<Pair> pair_at(const EqualQuestion& question, const Seed& seed, int64_t steps,
                            FindPoint find) {
  const plan::Cell& cell = seed.runs.cell();
  const auto baseline = question.points(seed, cell.baseline, question.baseline_rate);
  const Ending& reference =
      cell.arms[cell.baseline].endings_at(question.baseline_rate).at(cell.reference);
  const auto whole = std::find_if(baseline.begin(), baseline.end(),
                                  [&](const Point& point) { return point.ending == &reference; });
  if (whole == baseline.end()) return std::nullopt;
  for (const Point& point : question.points(seed, question.arm, question.rate)) {
    if (point.ending->steps != steps) continue;
    const auto there = find(baseline, point.work);
    if (!there) return std::nullopt;
    return Pair{point, *there, whole->work,
                seed.runs.difference_error(*point.ending, *there->ending)};
  }
  return std::nullopt;
}

std::optional<EqualWork> compare_at(const EqualQuestion& question, int64_t steps, FindPoint find) {
  EqualWork result{.measure = question.measure,
                   .arm = question.arm,
                   .rate = question.rate,
                   .baseline_rate = question.baseline_rate,
                   .steps = steps,
                   .difference = {}};
  measure::EffectData data;
  const auto seeds = question.row.compared();
  const auto count = static_cast<double>(seeds.size());
  for (const Seed* seed : seeds) {
    const auto pair = pair_at(question, *seed, steps, find);
    if (!pair) return std::nullopt;
    const double difference = pair->arm.loss - pair->baseline.loss;
    data.seeds.push_back({difference, difference});
    data.open.target += measure::normal_quantile(0.975) * pair->error / count;
    result.loss += pair->arm.loss / count;
    result.baseline_loss += pair->baseline.loss / count;
    result.spent += pair->arm.work / pair->whole / count;
    result.baseline_spent += pair->baseline.work / pair->whole / count;
  }
  if (data.seeds.empty()) return std::nullopt;
  result.difference = measure::estimate_effect(data);
  return result;
}

// At the longest ending that all seeds have run and that the baseline's endings span; else at the
// longest that they span in no seed.
std::optional<EqualWork> compare_longest(const EqualQuestion& question) {
  const auto& endings =
      question.row.seeds.front().runs.cell().arms[question.arm].endings_at(question.rate);
  for (const FindPoint find : {point_at, nearest})
    for (auto ending = endings.rbegin(); ending != endings.rend(); ++ending)
      if (auto found = compare_at(question, ending->steps, find)) return found;
  return std::nullopt;
}

}  // namespace

const std::vector<std::string>& equal_measures() {
  static const std::vector<std::string> kMeasures = {"samples", "FLOPs", "device-hours", "dollars"};
  return kMeasures;
}

bool EqualWork::equal() const { return std::abs(spent - baseline_spent) <= kSameWork * spent; }

bool EqualWork::decides() const {
  return difference.centre < 0 ? spent <= baseline_spent * (1 + kSameWork)
                               : baseline_spent <= spent * (1 + kSameWork);
}

int EqualWork::better() const {
  if (!difference.has_noise() || !decides()) return 0;
  if (difference.interval.high < 0) return -1;
  return difference.interval.low > 0 ? 1 : 0;
}

std::vector<EqualWork> equal_work_of(const Study& study, const StudyRow& row) {
  std::vector<EqualWork> all;
  if (row.compared().empty()) return all;
  const plan::Cell& cell = row.seeds.front().runs.cell();
  const auto best = [&](size_t arm) { return row.rates[arm] ? row.rates[arm]->best : 1; };
  for (size_t arm = 0; arm < cell.arms.size(); ++arm) {
    if (arm == cell.baseline) continue;
    for (const std::string& measure : equal_measures()) {
      EqualQuestion question{study, row, measure, arm};
      if (auto found = compare_longest(question)) all.push_back(std::move(*found));
      question.rate = best(arm);
      question.baseline_rate = best(cell.baseline);
      if (question.rate == 1 && question.baseline_rate == 1) continue;
      if (auto found = compare_longest(question)) all.push_back(std::move(*found));
    }
  }
  return all;
}

}  // namespace repro::findings
