// Downstream tasks in full: every model's accuracies beside what guessing would have, and both arms
// on the same items.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "findings/numbers.hpp"
#include "findings/score_texts.hpp"
#include "report/details.hpp"

namespace repro::report {
namespace {

using findings::Answers;
using findings::fixed;
using findings::Seed;
using findings::StudyRow;
using findings::TaskGain;
using measure::Normalised;

TableCell share_cell(double share) { return {fixed(100 * share, 2), share}; }

TableCell accuracy_cell(const measure::Accuracy& found) {
  return {fmt::format("{} ± {}", fixed(100 * found.value, 2), fixed(100 * found.standard_error, 2)),
          found.value};
}

// "24 26 25 25": how many of a hundred answers are 0, 1, ...
std::string predictions_text(const measure::Accuracy& found) {
  std::vector<std::string> shares;
  for (const int64_t count : found.predictions)
    shares.push_back(fixed(100 * static_cast<double>(count) / static_cast<double>(found.items), 0));
  return join(shares, " ");
}

bool lists(const config::Task& task, Normalised metric) {
  const auto& metrics = task.metrics;
  return std::find(metrics.begin(), metrics.end(), measure::name(metric)) != metrics.end();
}

// A group's share of right ones, weighed by its parts' items; empty where none was asked.
std::optional<measure::Accuracy> group_accuracy(const Answers& answers,
                                                const config::TaskGroup& group, Normalised metric) {
  measure::Accuracy found;
  for (size_t i = 0; i < answers.parts.size(); ++i) {
    const std::string& part = answers.part_names[static_cast<size_t>(answers.parts[i])];
    if (std::find(group.parts.begin(), group.parts.end(), part) == group.parts.end()) continue;
    ++found.items;
    found.correct += answers.right_by(metric)[i] > 0;
  }
  if (found.items < 2) return std::nullopt;
  const auto n = static_cast<double>(found.items);
  found.value = static_cast<double>(found.correct) / n;
  found.standard_error = std::sqrt(found.value * (1 - found.value) / (n - 1));
  return found;
}

void add_groups(const config::Task& task, const Answers& answers, const std::string& label,
                const std::string& model, const std::string& title, Table& table) {
  for (const config::TaskGroup& group : task.groups) {
    std::vector<TableCell> cells = {TableCell::repeated(label), TableCell::repeated(model),
                                    title + ": " + group.name};
    int64_t items = 0;
    std::vector<TableCell> scores;
    for (const Normalised metric : findings::kAllMetrics) {
      const auto found = group_accuracy(answers, group, metric);
      if (found) items = found->items;
      scores.push_back(found && lists(task, metric) ? accuracy_cell(*found) : TableCell("-"));
    }
    if (items == 0) continue;
    cells.emplace_back(with_commas(items), static_cast<double>(items));
    cells.insert(cells.end(), scores.begin(), scores.end());
    cells.resize(table.columns.size(), "-");
    table.add(std::move(cells));
  }
}

void add_answers(const Study& study, const std::string& label, const std::string& model,
                 const Answers& answers, bool rule, Table& table) {
  const config::Task& task = study.experiment().task_entries.at(answers.task);
  const std::string title = findings::task_title(study, answers.task);
  const measure::Accuracy& acc = answers.score(Normalised::none);
  const auto doubts = measure::doubts(acc, answers.ignorance);
  std::vector<TableCell> cells = {
      label, model, title, {with_commas(answers.items()), static_cast<double>(answers.items())}};
  for (const Normalised metric : findings::kAllMetrics)
    cells.push_back(lists(task, metric) ? accuracy_cell(answers.score(metric)) : TableCell("-"));
  cells.push_back(share_cell(answers.ignorance.chance));
  cells.push_back(share_cell(answers.ignorance.constant));
  cells.emplace_back(predictions_text(acc));
  cells.emplace_back(with_commas(answers.truncated), static_cast<double>(answers.truncated));
  cells.emplace_back(doubts.empty() ? "none" : join(doubts, "; "));
  table.add(std::move(cells), rule);
  add_groups(task, answers, label, model, title, table);
}

// Every ending of an arm that answered something, in the order of the tasks.
void add_arm(const Study& study, const StudyRow& row, const Seed& seed, const plan::ArmPlan& arm,
             Table& table) {
  const plan::Cell& cell = seed.runs.cell();
  for (size_t i = 0; i < arm.endings.size(); ++i) {
    bool rule = !table.rows.empty();
    for (const plan::TaskEval& one : arm.endings[i].answers) {
      const auto& answers = seed.runs[one.job].answers;
      if (!answers) continue;
      std::string model = job_title(cell, arm, arm.last(), i);
      if (model != arm.name) model = arm.name + ", " + model;
      if (one.reading > 0) model += ", read " + arm.readings[one.reading].title;
      add_answers(study, row.text(seed), model, *answers, rule, table);
      rule = false;
    }
  }
}

std::string p_value_text(double p) { return p < 0.0001 ? "< 0.0001" : findings::significant(p, 2); }

// A pair of one seed on its way into the table: Holm's correction needs all of them.
struct PairLine {
  const StudyRow* row;
  const TaskGain* gain;
  size_t seed;
};

void add_pair(const Study& study, const PairLine& line, double holm, Table& table) {
  const findings::TaskQuestion& question = line.gain->question;
  const measure::Paired& pair = line.gain->pairs[line.seed];
  const auto count = [](int64_t number) {
    return TableCell(with_commas(number), static_cast<double>(number));
  };
  const int64_t needed = line.gain->items_to_see();
  table.add(
      {line.row->text(*line.gain->seeds[line.seed]),
       findings::task_title(study, question.task),
       measure::name(question.metric),
       findings::arm_title(study, question),
       question.cut,
       count(pair.items),
       count(pair.clusters),
       count(pair.only_a),
       count(pair.only_b),
       {fmt::format("{:+.2f} ± {}", 100 * pair.difference, fixed(100 * pair.standard_error, 2)),
        pair.difference},
       {p_value_text(pair.test.p), pair.test.p},
       {p_value_text(holm), holm},
       needed > 0 ? count(needed) : TableCell("-")});
}

}  // namespace

Table task_scores(const Study& study) {
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "model", .align = Align::left},
                   {.heading = "task", .align = Align::left},
                   {.heading = "items"},
                   {.heading = "acc, %", .key = "acc"},
                   {.heading = "acc_norm, %", .key = "acc_norm"},
                   {.heading = "acc_bytes, %", .key = "acc_bytes"},
                   {.heading = "chance, %", .group = "guessing", .key = "chance"},
                   {.heading = "constant, %", .group = "guessing", .key = "constant"},
                   {.heading = "answers by index, %", .align = Align::left, .key = "predictions"},
                   {.heading = "cut requests"},
                   {.heading = "doubts about acc", .align = Align::left}};
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds)
      for (const plan::ArmPlan& arm : seed.runs.cell().arms) add_arm(study, row, seed, arm, table);
  table.notes = {
      "± one standard error; acc: the choice of highest log-likelihood, acc_norm: by character, "
      "acc_bytes: by byte; constant: always the commonest right index; a group's subjects weigh by "
      "their items",
      "cut requests: their context lost its beginning, because a model reads only so many tokens"};
  return table;
}

Table task_pairs(const Study& study) {
  const std::string baseline = study.baseline().name;
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "task", .align = Align::left},
                   {.heading = "metric", .align = Align::left},
                   {.heading = "arm", .align = Align::left},
                   {.heading = "equal", .align = Align::left},
                   {.heading = "items"},
                   {.heading = "clusters"},
                   {.heading = baseline, .group = "right alone", .key = "only_baseline"},
                   {.heading = "arm", .group = "right alone", .key = "only_arm"},
                   {.heading = "gain, points", .key = "gain"},
                   {.heading = "p"},
                   {.heading = "p, Holm", .key = "p_holm"},
                   {.heading = "items to see 1 point", .key = "items_to_see"}};
  const auto gains = findings::task_gains(study);
  std::vector<PairLine> lines;
  std::vector<double> p_values;
  for (size_t row = 0; row < gains.size(); ++row)
    for (const TaskGain& gain : gains[row])
      for (size_t seed = 0; seed < gain.seeds.size(); ++seed) {
        lines.push_back({&study.rows[row], &gain, seed});
        p_values.push_back(gain.pairs[seed].test.p);
      }
  const std::vector<double> holm = measure::holm(p_values);
  for (size_t i = 0; i < lines.size(); ++i) add_pair(study, lines[i], holm[i], table);
  table.notes = {
      fmt::format("of one pair of models, not of what trained them: the arm less {} on the same "
                  "items, ± one standard error over clusters (a task's subjects, neighbouring "
                  "documents; else each item); an arm between two endings counts in proportion",
                  baseline),
      "p: exact (McNemar) where fewer than 25 answers are unlike; else McNemar's chi-squared, or "
      "Student's t over clusters; Holm: among all lines",
      "items to see 1 point: at 95 % in four cases of five, were as many answers unlike"};
  return table;
}

}  // namespace repro::report
