#include "findings/task_gains.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "measure/stats.hpp"

namespace repro::findings {
namespace {

using measure::Effect;
using measure::EffectData;
using measure::Interval;
using measure::Normalised;
using plan::Ending;

constexpr double kOpenEnd = std::numeric_limits<double>::infinity();
constexpr std::array kComparedMetrics = {Normalised::none, Normalised::by_characters};

const Answers* answers_of(const CellRuns& runs, const Ending& ending, const TaskQuestion& question,
                          size_t reading) {
  for (const plan::TaskEval& one : ending.answers)
    if (one.task == question.task && one.reading == reading) {
      const auto& answers = runs[one.job].answers;
      return answers ? &*answers : nullptr;
    }
  return nullptr;
}

// Empty while an ending that it rests on has not answered.
std::optional<SeedScore> seed_score(const Seed& seed, size_t arm, size_t reading,
                                    const CutStanding& standing, const TaskQuestion& question) {
  SeedScore score;
  for (const size_t at : standing.endings()) {
    const Ending& ending = seed.runs.cell().arms[arm].endings[at];
    const Answers* answers = answers_of(seed.runs, ending, question, reading);
    if (answers == nullptr) return std::nullopt;
    score.answers.push_back(answers);
  }
  const double part = standing.part();
  const auto& first = score.answers.front()->right_by(question.metric);
  score.right = first;
  if (score.answers.size() == 2) {
    const auto& second = score.answers.back()->right_by(question.metric);
    if (!same_items(*score.answers.front(), *score.answers.back()))
      throw Error("task '{}': two endings of one arm answered other items; run it again",
                  question.task);
    for (size_t i = 0; i < first.size(); ++i)
      score.right[i] = (1 - part) * first[i] + part * second[i];
    if (part > 0.5) std::swap(score.answers.front(), score.answers.back());
  }
  score.value = measure::mean(score.right);
  for (const Answers* answers : score.answers)
    score.rungs =
        std::max(score.rungs, std::abs(answers->score(question.metric).value - score.value));
  if (score.answers.size() == 1) score.rungs = 0;
  // More training is taken not to lower a score: beyond the ladder it is a bound.
  if (!standing.above) score.bound = 1;
  if (!standing.below) score.bound = -1;
  return score;
}

Interval shown_score(double value, int bound) {
  return {bound < 0 ? -kOpenEnd : value, bound > 0 ? kOpenEnd : value};
}

// Of values by seed, from item to item as `items` says; seeds and items both are samples.
EffectData effect_data(const std::vector<Interval>& seeds,
                       const std::vector<std::vector<double>>& items,
                       const std::vector<SeedScore>& scores, const Answers& answers) {
  EffectData data;
  data.seeds = seeds;
  data.open.items = measure::normal_quantile(0.975) * measure::item_error(items, answers.parts);
  for (const SeedScore& score : scores)
    data.open.rungs += score.rungs / static_cast<double>(scores.size());
  return data;
}

RowScore row_score(const std::vector<SeedScore>& scores, Normalised metric) {
  RowScore row;
  std::vector<Interval> seeds;
  std::vector<std::vector<double>> items;
  const auto count = static_cast<double>(scores.size());
  row.bound = scores.front().bound;
  row.ignorance = scores.front().answers.front()->ignorance;
  for (const SeedScore& score : scores) {
    const measure::Accuracy& own = score.answers.front()->score(metric);
    row.values.push_back(score.value);
    if (score.bound != row.bound) row.bound = 0;
    row.pooled.items += own.items;
    row.pooled.correct += own.correct;
    row.pooled.value += score.value / count;
    row.pooled.standard_error += own.standard_error / count;
    row.pooled.predictions.resize(std::max(row.pooled.predictions.size(), own.predictions.size()));
    for (size_t i = 0; i < own.predictions.size(); ++i)
      row.pooled.predictions[i] += own.predictions[i];
    seeds.push_back(shown_score(score.value, score.bound));
    items.push_back(score.right);
  }
  EffectData data = effect_data(seeds, items, scores, *scores.front().answers.front());
  data.possible = Interval{0, 1};
  row.effect = measure::estimate_effect(data);
  return row;
}

EffectData gain_data(const TaskGain& gain) {
  std::vector<Interval> seeds;
  std::vector<std::vector<double>> items;
  for (size_t s = 0; s < gain.seeds.size(); ++s) {
    const SeedScore &own = gain.scores[s], &baseline = gain.baseline_scores[s];
    seeds.push_back(shown_score(own.value - baseline.value, own.bound));
    auto& differences = items.emplace_back(own.right);
    for (size_t i = 0; i < differences.size(); ++i) differences[i] -= baseline.right[i];
  }
  EffectData data = effect_data(seeds, items, gain.scores, *gain.scores.front().answers.front());
  data.possible = Interval{-1, 1};
  return data;
}

size_t cut_index(const Study& study, const std::string& cut) {
  const auto& cuts = study.experiment().evaluate.cuts;
  return static_cast<size_t>(std::find(cuts.begin(), cuts.end(), cut) - cuts.begin());
}

void add_seed(const Study& study, const Seed& seed, TaskGain& gain) {
  const TaskQuestion& question = gain.question;
  const size_t cut = cut_index(study, question.cut), baseline = seed.runs.cell().baseline;
  const auto& at = seed.cuts[question.arm][cut];
  const auto& baseline_at = seed.cuts[baseline][cut];
  if (!at || !baseline_at) return;
  auto own = seed_score(seed, question.arm, question.reading, *at, question);
  auto other = seed_score(seed, baseline, 0, *baseline_at, question);
  if (!own || !other) return;
  if (!same_items(*own->answers.front(), *other->answers.front()))
    throw Error("task '{}': {} and {} answered other items; run it again", question.task,
                study.baseline().name, seed.runs.cell().arms[question.arm].name);
  gain.pairs.push_back(
      measure::compare_paired(other->right, own->right, own->answers.front()->parts));
  gain.seeds.push_back(&seed);
  gain.scores.push_back(std::move(*own));
  gain.baseline_scores.push_back(std::move(*other));
}

std::vector<TaskQuestion> questions_of(const Study& study) {
  const plan::Experiment& experiment = study.experiment();
  const plan::Cell& cell = study.plan.cells.front();
  std::vector<TaskQuestion> all;
  for (const std::string& task : experiment.evaluate.tasks)
    for (const Normalised metric : kComparedMetrics) {
      const auto& known = experiment.task_entries.at(task).metrics;
      if (std::find(known.begin(), known.end(), measure::name(metric)) == known.end()) continue;
      for (size_t arm = 0; arm < cell.arms.size(); ++arm)
        for (size_t reading = 0; reading < cell.arms[arm].readings.size(); ++reading)
          for (const std::string& cut : experiment.evaluate.cuts)
            if (arm != cell.baseline) all.push_back({task, metric, arm, reading, cut});
    }
  return all;
}

// Seeds' noise of one question, over the rows that repeat it.
std::optional<measure::Noise> gain_noise(const std::vector<std::vector<TaskGain>>& rows,
                                         size_t question) {
  std::vector<std::vector<double>> estimates;
  for (const std::vector<TaskGain>& row : rows) {
    const TaskGain& gain = row[question];
    auto& of_row = estimates.emplace_back();
    for (size_t s = 0; s < gain.seeds.size(); ++s)
      if (gain.scores[s].bound == 0)
        of_row.push_back(gain.scores[s].value - gain.baseline_scores[s].value);
  }
  return measure::pooled_noise(estimates);
}

}  // namespace

const CutStanding& TaskGain::standing(size_t seed) const {
  for (const auto& one : seeds.at(seed)->cuts.at(question.arm))
    if (one && one->cut == question.cut) return *one;
  check(false, "a seed that answered stands at the cut");
  return *seeds.at(seed)->cuts.at(question.arm).front();
}

int64_t TaskGain::items_to_see(double points) const {
  constexpr double kHundredth = 0.01;
  double differing = 0;
  for (const measure::Paired& pair : pairs)
    differing += pair.differing() / static_cast<double>(pairs.size());
  if (pairs.empty()) return 0;
  if (measure::is_one_answer(own->pooled) && measure::is_one_answer(baseline->pooled)) return 0;
  const double difference = kHundredth * points;
  return measure::items_to_see(difference, std::clamp(differing, difference, 1.0));
}

std::vector<std::vector<TaskGain>> task_gains(const Study& study) {
  std::vector<std::vector<TaskGain>> rows;
  if (study.plan.cells.empty()) return rows;
  const std::vector<TaskQuestion> questions = questions_of(study);
  for (const StudyRow& row : study.rows) {
    auto& gains = rows.emplace_back();
    for (const TaskQuestion& question : questions) {
      TaskGain gain{.question = question};
      for (const Seed& seed : row.seeds) add_seed(study, seed, gain);
      if (!gain.seeds.empty()) {
        gain.baseline = row_score(gain.baseline_scores, question.metric);
        gain.own = row_score(gain.scores, question.metric);
      }
      gains.push_back(std::move(gain));
    }
  }
  for (size_t question = 0; question < questions.size(); ++question) {
    const auto noise = gain_noise(rows, question);
    for (std::vector<TaskGain>& gains : rows) {
      if (gains[question].seeds.empty()) continue;
      EffectData data = gain_data(gains[question]);
      data.noise = noise;
      gains[question].gain = measure::estimate_effect(data);
    }
  }
  return rows;
}

}  // namespace repro::findings
