#include "findings/score_texts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "claims/audit.hpp"
#include "findings/numbers.hpp"

namespace repro::findings {
namespace {

constexpr const char* kGain = ".gain";

// "663 of 2,376 right (27.9 %), eval-...-1f3c".
std::string answers_line(const Answers& answers, measure::Normalised metric) {
  const measure::Accuracy& score = answers.score(metric);
  return fmt::format("{} of {} right ({}){}", with_commas(score.correct), with_commas(score.items),
                     percent(score.value),
                     answers.truncated > 0
                         ? fmt::format(", {} requests cut to {} tokens",
                                       with_commas(answers.truncated), answers.window)
                         : "");
}

std::string pair_line(const measure::Paired& pair, const std::string& baseline,
                      const std::string& arm) {
  return fmt::format("only {} right {}, only {} right {}, of {} items in {} clusters: p = {:.2g}",
                     baseline, with_commas(pair.only_a), arm, with_commas(pair.only_b),
                     with_commas(pair.items), with_commas(pair.clusters), pair.test.p);
}

}  // namespace

std::string baseline_score_name(const Study& study, const TaskQuestion& question) {
  return fmt::format("{}.{}.{}", question.task, measure::name(question.metric),
                     study.baseline().name);
}

std::string score_name(const Study& study, const TaskQuestion& question) {
  const plan::ArmPlan& arm = study.plan.cells.front().arms[question.arm];
  const std::string& reading = arm.readings[question.reading].name;
  return fmt::format("{}.{}.{}{}.{}", question.task, measure::name(question.metric), arm.name,
                     reading.empty() ? "" : "." + reading, question.cut);
}

std::string gain_name(const Study& study, const TaskQuestion& question) {
  return score_name(study, question) + kGain;
}

bool is_gain(const Finding& finding) { return finding.id.ends_with(kGain); }

std::optional<double> paper_score(const Study& study, const StudyRow& row, const std::string& task,
                                  const std::string& arm) {
  const claims::ViewScores& scores = study.view.scores;
  const std::string cell = row.model + "/" + row.corpus;
  const auto column = scores.columns.find(arm);
  if (column == scores.columns.end() ||
      std::find(scores.cells.begin(), scores.cells.end(), cell) == scores.cells.end())
    return std::nullopt;
  const auto value = study.sources.claims.value(scores.table, task, column->second);
  return value ? std::optional(*value / 100) : std::nullopt;
}

std::string printed_counts(const Study& study, const StudyRow& row, const std::string& task,
                           const std::string& arm) {
  const claims::ViewScores& scores = study.view.scores;
  if (!paper_score(study, row, task, arm)) return "";
  const auto items = split(scores.items, '.');
  const auto count = study.sources.claims.value(items.at(0), task, items.at(1));
  if (!count) return "";
  const claims::ClaimCell& cell =
      *study.sources.claims.cell(scores.table, task, scores.columns.at(arm));
  const auto n = static_cast<int64_t>(*count);
  const claims::FeasibleCounts counts = claims::feasible_counts(*cell.value, cell.decimals, n);
  if (counts.empty())
    return fmt::format("{}: no count of {} items prints so", cell.printed, with_commas(n));
  const std::string from = with_commas(counts.first), to = with_commas(counts.last);
  return fmt::format("{}: {} of {}", cell.printed, from == to ? from : from + " to " + to,
                     with_commas(n));
}

std::string task_title(const Study& study, const std::string& task) {
  const auto& titles = study.sources.claims.titles;
  if (const auto at = titles.find(task); at != titles.end()) return at->second;
  const std::string& own = study.experiment().task_entries.at(task).title;
  return own.empty() ? task : own;
}

std::string arm_title(const Study& study, const TaskQuestion& question) {
  const plan::ArmPlan& arm = study.plan.cells.front().arms[question.arm];
  return question.reading == 0 ? arm.title
                               : arm.title + ", " + arm.readings[question.reading].title;
}

std::string cut_remark(const CutStanding& standing, const plan::ArmPlan& arm) {
  if (standing.is_equal()) return "";
  const auto ending = [&](size_t at) {
    return fmt::format("{} of {} steps", arm.last().title, with_commas(arm.endings[at].steps));
  };
  if (standing.below && standing.above)
    return fmt::format("on the line between the {} and the {}, which have {} and {} of the {}",
                       ending(*standing.below), ending(*standing.above),
                       times(standing.share_below), times(standing.share_above), standing.cut);
  if (standing.above)
    return fmt::format("the shortest {} has {} of the {} already", ending(*standing.above),
                       times(standing.share_above), standing.cut);
  if (standing.cut == "loss")
    return fmt::format("the longest {} does not reach the loss", ending(*standing.below));
  return fmt::format("the longest {} has {} of the {}", ending(*standing.below),
                     times(standing.share_below), standing.cut);
}

std::vector<std::string> score_lines(const Study& study, const TaskGain& gain) {
  std::vector<std::string> lines;
  const TaskQuestion& question = gain.question;
  for (size_t s = 0; s < gain.seeds.size(); ++s) {
    const Seed& seed = *gain.seeds[s];
    const plan::ArmPlan& arm = seed.runs.cell().arms[question.arm];
    const CutStanding& standing = gain.standing(s);
    const std::string who = fmt::format("seed {}: ", seed.runs.cell().seed);
    for (const Answers* answers : gain.baseline_scores[s].answers)
      lines.push_back(who + study.baseline().name + ": " + answers_line(*answers, question.metric));
    for (const size_t at : standing.endings())
      lines.push_back(fmt::format("{}{}, {} of {} steps: {}", who, arm.name, arm.last().title,
                                  with_commas(arm.endings[at].steps),
                                  seed.runs[arm.endings[at].job].status.directory));
    for (const Answers* answers : gain.scores[s].answers)
      lines.push_back(who + arm.name + ": " + answers_line(*answers, question.metric));
    if (const std::string remark = cut_remark(standing, arm); !remark.empty())
      lines.push_back(who + remark);
    lines.push_back(who + pair_line(gain.pairs[s], study.baseline().name, arm.name));
  }
  for (const auto* score : {&gain.baseline, &gain.own})
    if (*score)
      for (const std::string& doubt : (*score)->doubts())
        lines.push_back(fmt::format(
            "{}: {}", score == &gain.own ? arm_title(study, question) : study.baseline().title,
            doubt));
  return lines;
}

}  // namespace repro::findings
