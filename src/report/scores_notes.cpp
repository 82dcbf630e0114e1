// The sentences below a view of scores.

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "findings/score_texts.hpp"
#include "report/details.hpp"
#include "report/scores.hpp"

namespace repro::report {
namespace {

using findings::RowScore;
using findings::StudyRow;
using findings::TaskGain;
using findings::TaskQuestion;

// Each score of a row once: the baseline's, which is the same at every cut, then the arms'.
template <typename Visit>
void for_each_score(const Study& study, const Visit& visit) {
  const auto gains = findings::task_gains(study);
  for (size_t row = 0; row < gains.size(); ++row) {
    const TaskQuestion* last = nullptr;
    for (const TaskGain& gain : gains[row]) {
      const TaskQuestion& question = gain.question;
      const bool same =
          last != nullptr && last->task == question.task && last->metric == question.metric;
      const std::string what =
          findings::task_title(study, question.task) + ", " + measure::name(question.metric);
      if (!same && gain.baseline)
        visit(study.rows[row], what + ": " + study.baseline().title, *gain.baseline);
      if (gain.own)
        visit(study.rows[row],
              fmt::format("{}: {}, equal {}", what, findings::arm_title(study, question),
                          question.cut),
              *gain.own);
      last = &question;
    }
  }
}

std::string blind_sentence(const Study& study) {
  int64_t all = 0, blind = 0;
  for_each_score(study, [&](const StudyRow&, const std::string&, const RowScore& score) {
    ++all;
    blind += score.is_blind();
  });
  return all == 0 ? "no task is answered yet"
                  : fmt::format(
                        "{} of the {} scores here are within two standard errors of guessing, by "
                        "chance or always the same answer, or nearly all one answer: such a score "
                        "bears out nothing",
                        blind, all);
}

// Of the paper's percentages those that are no share of the task's items.
std::string counts_sentence(const Study& study) {
  int64_t printed = 0;
  std::vector<std::string> impossible;
  for (const StudyRow& row : study.rows)
    for (const std::string& task : study.experiment().evaluate.tasks)
      for (const auto& [arm, column] : study.view.scores.columns) {
        const std::string counts = findings::printed_counts(study, row, task, arm);
        printed += !counts.empty();
        if (counts.find("no count") != std::string::npos)
          impossible.push_back(findings::task_title(study, task) + " " + counts);
      }
  if (printed == 0) return "";
  return fmt::format("of the paper's {} percentages {} are no share of the items of that task{}",
                     printed, impossible.size(),
                     impossible.empty() ? "" : " (" + join(impossible, "; ") + ")");
}

// By the first metric, the widest of the cuts and cells.
std::string items_sentence(const Study& study) {
  std::vector<std::string> parts;
  const auto gains = findings::task_gains(study);
  for (const std::string& task : study.experiment().evaluate.tasks) {
    int64_t most = 0, items = 0;
    for (const auto& row : gains)
      for (const TaskGain& gain : row)
        if (gain.question.task == task && !gain.seeds.empty()) {
          most = std::max(most, gain.items_to_see());
          items = gain.pairs.front().items;
        }
    if (most > 0)
      parts.push_back(fmt::format("{} {} (has {})", findings::task_title(study, task),
                                  with_commas(most), with_commas(items)));
  }
  if (parts.empty()) return "";
  return "items that tell a gain of one point from none, at 95 % in four cases of five: " +
         join(parts, ", ");
}

}  // namespace

std::vector<std::string> cuts_note(const Study& study) {
  const plan::ArmPlan& baseline = study.baseline();
  const plan::Cell& cell = study.plan.cells.front();
  const std::string last = cell.arms[other_arms(cell).front()].last().title;
  return {fmt::format(
      "equal loss: the shortest {} that reaches the target; equal steps: a {} of as many steps as "
      "the {} arm's; equal dollars: the whole arm as dear as {}; the paper names none of them",
      last, last, baseline.name, baseline.title)};
}

std::vector<std::string> scores_note(const Study& study) {
  std::vector<std::string> notes = {
      "acc: the choice of highest log-likelihood, acc_norm: by character; gain: on the same items, "
      "± 95 % over seeds and items",
      blind_sentence(study)};
  for (std::string sentence : {counts_sentence(study), items_sentence(study)})
    if (!sentence.empty()) notes.push_back(std::move(sentence));
  if (const int64_t limit = study.experiment().evaluate.limit; limit > 0)
    notes.push_back(
        fmt::format("of each task the first items, about {}, of each part alike: no "
                    "fair sample of the task",
                    with_commas(limit)));
  return notes;
}

std::vector<std::string> score_doubts(const Study& study) {
  std::vector<std::string> lines;
  for_each_score(study, [&](const StudyRow& row, const std::string& what, const RowScore& score) {
    if (score.is_blind())
      lines.push_back(row.text() + ": " + what + ": " + join(score.doubts(), "; "));
  });
  return lines;
}

}  // namespace repro::report
