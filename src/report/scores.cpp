#include "report/scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/text.hpp"
#include "findings/findings.hpp"
#include "findings/judging.hpp"
#include "findings/numbers.hpp"
#include "findings/score_texts.hpp"
#include "report/details.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::fixed;
using findings::RowScore;
using findings::StudyRow;
using findings::TaskGain;
using findings::TaskQuestion;

// "0.3 ± 1.5", ">= 0.3 ± 1.5" of a bound (towards its open side nothing is known), in points; an
// interval that is longer on one side by its ends: "0.3 (-1.2 to 2.8)".
std::string points_text(const Finding& found) {
  constexpr double kAlike = 1.1;
  if (!found.here || !found.range) return found.here_text;
  const double below = 100 * (*found.here - found.range->low);
  const double above = 100 * (found.range->high - *found.here);
  const double finite = std::isinf(below) ? above : below;
  if (std::isinf(finite) || finite < 0) return found.here_text;
  if (std::isinf(below) || std::isinf(above) ||
      std::max(below, above) <= kAlike * std::min(below, above))
    return fmt::format("{} ± {}", found.here_text, fixed(finite, 1));
  return fmt::format("{} ({} to {})", found.here_text, fixed(100 * found.range->low, 1),
                     fixed(100 * found.range->high, 1));
}

class ScoresView {
 public:
  ScoresView(const Study& study, const std::vector<Finding>& found)
      : study_(study),
        found_(found),
        several_rows_(study.rows.size() > 1),
        several_arms_(arms_compared() > 1) {}

  Table make() {
    add_columns();
    const auto gains = findings::task_gains(study_);
    for (size_t row = 0; row < study_.rows.size(); ++row) {
      last_ = nullptr;
      for (const TaskGain& gain : gains[row]) add_line(study_.rows[row], gain);
    }
    if (!several_rows_ && !study_.rows.empty())
      table_.notes.push_back("models of " + study_.rows.front().text());
    table_.notes.push_back(verdicts_sentence(gains));
    for (std::string& sentence : speed_note(study_)) table_.notes.push_back(std::move(sentence));
    for (std::string& sentence : profile_doubts(study_)) table_.notes.push_back(sentence);
    for (const std::string& name : study_.view.notes)
      for (std::string& sentence : note(name, study_, found_))
        table_.notes.push_back(std::move(sentence));
    return std::move(table_);
  }

 private:
  // Arms and readings besides the baseline.
  size_t arms_compared() const {
    size_t count = 0;
    const plan::Cell& cell = study_.plan.cells.front();
    for (const size_t arm : other_arms(cell)) count += cell.arms[arm].readings.size();
    return count;
  }

  void add_columns() {
    const std::string baseline = study_.baseline().name;
    const plan::Cell& cell = study_.plan.cells.front();
    const std::string arm =
        several_arms_ ? std::string("arm") : cell.arms[other_arms(cell).front()].name;
    if (several_rows_) table_.columns.push_back({.heading = "cell", .align = Align::left});
    table_.columns.push_back({.heading = "task", .align = Align::left});
    table_.columns.push_back({.heading = "metric", .align = Align::left});
    if (several_arms_) table_.columns.push_back({.heading = "arm", .align = Align::left});
    table_.columns.push_back({.heading = "equal", .align = Align::left});
    const std::vector<Column> numbers = {
        {.heading = baseline, .group = "paper, %", .key = "paper_baseline"},
        {.heading = arm, .group = "paper, %", .key = "paper_arm"},
        {.heading = baseline, .group = "here, %", .key = "here_baseline"},
        {.heading = arm, .group = "here, %", .key = "here_arm"},
        {.heading = "paper", .group = "gain, points", .key = "gain_paper"},
        {.heading = "here", .group = "gain, points", .key = "gain_here"},
        {.heading = "verdict", .align = Align::left}};
    table_.columns.insert(table_.columns.end(), numbers.begin(), numbers.end());
  }

  const Finding& find(const StudyRow& row, const std::string& name) const {
    return findings::finding(found_, study_, row, name);
  }

  static TableCell said_once(const std::string& text, bool again) {
    return again ? TableCell::repeated(text) : TableCell(text);
  }

  // Of people the first line alone; programs get every row whole.
  static TableCell number_once(const std::string& text, const std::optional<double>& value,
                               bool again) {
    TableCell cell(again ? "" : text, value);
    cell.said = text;
    return cell;
  }

  TableCell paper_cell(const StudyRow& row, const Finding& found, const TaskQuestion& question,
                       const std::string& arm, bool again) {
    if (!found.paper) return "-";
    TableCell cell = number_once(found.paper_text, found.paper, again);
    const std::string counts = findings::printed_counts(study_, row, question.task, arm);
    if (!again && counts.find("no count") != std::string::npos)
      cell.mark = Footnotes(table_).mark(counts);
    return cell;
  }

  TableCell score_cell(const Finding& found, const std::optional<RowScore>& score, bool again) {
    if (!found.here) return found.here_text;
    TableCell cell = number_once(found.here_text, found.here, again);
    if (!again && score && score->is_blind())
      cell.mark = Footnotes(table_).mark(join(score->doubts(), "; "));
    return cell;
  }

  void add_line(const StudyRow& row, const TaskGain& gain) {
    const TaskQuestion& question = gain.question;
    const plan::ArmPlan& arm = study_.plan.cells.front().arms[question.arm];
    const bool same_task = last_ != nullptr && last_->task == question.task;
    const bool same = same_task && last_->metric == question.metric;
    const Finding& baseline = find(row, findings::baseline_score_name(study_, question));
    const Finding& own = find(row, findings::score_name(study_, question));
    const Finding& found = find(row, findings::gain_name(study_, question));
    std::vector<TableCell> cells;
    if (several_rows_) cells.push_back(said_once(row.text(), last_ != nullptr));
    cells.push_back(said_once(findings::task_title(study_, question.task), same_task));
    cells.push_back(said_once(measure::name(question.metric), same));
    if (several_arms_) cells.emplace_back(findings::arm_title(study_, question));
    TableCell cut(question.cut);
    if (!gain.seeds.empty())
      if (const std::string remark = remarks(gain, arm); !remark.empty())
        cut.mark = Footnotes(table_).mark(remark);
    cells.push_back(std::move(cut));
    cells.push_back(paper_cell(row, baseline, question, study_.baseline().name, same));
    cells.push_back(paper_cell(row, own, question, arm.name, same && !several_arms_));
    cells.push_back(score_cell(baseline, gain.baseline, same));
    cells.push_back(score_cell(own, gain.own, false));
    cells.push_back(found.paper ? number_once(found.paper_text, found.paper, same && !several_arms_)
                                : TableCell("-"));
    cells.emplace_back(points_text(found), found.here);
    cells.emplace_back(findings::verdict_text(found));
    table_.add(std::move(cells), last_ == nullptr ? !table_.rows.empty() : !same_task);
    last_ = &question;
  }

  // Of the paper's gains, and of which way ours go.
  std::string verdicts_sentence(const std::vector<std::vector<TaskGain>>& gains) const {
    std::map<measure::Verdict, int64_t> verdicts;
    int64_t all = 0, better = 0, worse = 0;
    for (size_t row = 0; row < gains.size(); ++row)
      for (const TaskGain& gain : gains[row]) {
        ++all;
        ++verdicts[find(study_.rows[row], findings::gain_name(study_, gain.question))
                       .judgement.verdict];
        if (!gain.gain || !gain.gain->has_noise()) continue;
        better += gain.gain->interval.low > 0;
        worse += gain.gain->interval.high < 0;
      }
    std::vector<std::string> parts;
    for (const auto& [verdict, count] : verdicts)
      parts.push_back(fmt::format("{} {}", count, measure::name(verdict)));
    return fmt::format(
        "gains: {}; of all {} here {} are above zero clear of seeds and items, {} "
        "below it",
        join(parts, ", "), all, better, worse);
  }

  // Seeds that stand alike are told once.
  static std::string remarks(const TaskGain& gain, const plan::ArmPlan& arm) {
    std::vector<std::string> all;
    for (size_t seed = 0; seed < gain.seeds.size(); ++seed) {
      std::string remark = findings::cut_remark(gain.standing(seed), arm);
      if (!remark.empty() && std::find(all.begin(), all.end(), remark) == all.end())
        all.push_back(std::move(remark));
    }
    return join(all, "; ");
  }

  const Study& study_;
  const std::vector<Finding>& found_;
  bool several_rows_, several_arms_;
  Table table_;
  const TaskQuestion* last_ = nullptr;  // of the line before, in the same row of the study
};

}  // namespace

Table make_scores_view(const Study& study, const std::vector<Finding>& found) {
  return ScoresView(study, found).make();
}

}  // namespace repro::report
