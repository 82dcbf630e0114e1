#include "findings/score_findings.hpp"

#include <fmt/format.h>

#include <cmath>

#include "findings/findings.hpp"
#include "findings/judging.hpp"
#include "findings/row_effect.hpp"
#include "findings/score_texts.hpp"
#include "findings/values.hpp"

namespace repro::findings {
namespace {

using measure::Interval;

// A score or a gain as untested_reason() and question_of() know numbers. A gain is what a paper of
// another size may claim too; a score is its own models'.
claims::Quantity share_of_items(bool is_gain) {
  claims::Quantity quantity;
  quantity.unit = "%";
  quantity.sense = is_gain ? "at_least" : "about";
  quantity.scale_free = is_gain;
  return quantity;
}

RowEffect row_effect(std::vector<double> values, const measure::Effect& effect, int bound) {
  RowEffect row;
  const double mean = measure::mean(values), rungs = effect.parts.rungs;
  row.values = std::move(values);
  row.effect = effect;
  row.spanned = {bound < 0 ? -INFINITY : mean - rungs, bound > 0 ? INFINITY : mean + rungs};
  return row;
}

std::string sign_of(int bound) { return bound == 0 ? "" : bound > 0 ? ">= " : "<= "; }

struct Number {
  std::string name, title;
  std::optional<double> paper;
  std::string paper_text;
  std::optional<RowEffect> measured;
  int bound = 0;
  bool is_gain = false;
  measure::Evidence evidence = measure::Evidence::measured;
};

ScoreFinding make_score(const Study& study, const StudyRow& row, const Number& number) {
  ScoreFinding score;
  Finding& finding = score.finding;
  finding.id = finding_id(study, row, number.name);
  finding.row = row.text();
  finding.quantity = number.title;
  finding.unit = "%";
  finding.paper = number.paper;
  if (number.paper) finding.paper_text = number.paper_text;
  finding.scope = scope_of(study, row);
  if (number.measured) {
    finding.here = measure::mean(number.measured->values);
    finding.here_text = sign_of(number.bound) + format_value(*finding.here, finding.unit);
    finding.range = number.measured->shown_range();
    finding.effect = number.measured->effect;
    finding.evidence = std::string(name(number.evidence));
  } else if (const Status* obstacle = row.obstacle()) {
    finding.here_text = obstacle->text();
  }
  const claims::Quantity quantity = share_of_items(number.is_gain);
  finding.judgement.reason = untested_reason(quantity, study, row, number.paper, number.measured);
  if (finding.judgement.reason.empty())
    score.question = question_of(quantity, *number.paper, number.measured->effect);
  return score;
}

std::string printed_score(const Study& study, const StudyRow& row, const std::string& task,
                          const std::string& arm) {
  const claims::ViewScores& scores = study.view.scores;
  if (!paper_score(study, row, task, arm)) return "-";
  return study.sources.claims.cell(scores.table, task, scores.columns.at(arm))->printed;
}

measure::Evidence evidence_at(const std::string& cut) {
  return cut == "dollars" ? measure::Evidence::calibrated : measure::Evidence::measured;
}

std::string metric_title(const Study& study, const TaskQuestion& question) {
  return task_title(study, question.task) + ", " + measure::name(question.metric);
}

Number baseline_number(const Study& study, const StudyRow& row, const TaskGain& gain) {
  const TaskQuestion& question = gain.question;
  const std::string& arm = study.baseline().name;
  Number number{.name = baseline_score_name(study, question),
                .title = metric_title(study, question) + ": " + arm,
                .paper = paper_score(study, row, question.task, arm),
                .paper_text = printed_score(study, row, question.task, arm),
                .measured = {}};
  if (gain.baseline) number.measured = row_effect(gain.baseline->values, gain.baseline->effect, 0);
  return number;
}

Number own_number(const Study& study, const StudyRow& row, const TaskGain& gain) {
  const TaskQuestion& question = gain.question;
  const plan::ArmPlan& arm = study.plan.cells.front().arms[question.arm];
  const bool as_trained = question.reading == 0;
  Number number{
      .name = score_name(study, question),
      .title = fmt::format("{}: {}, equal {}", metric_title(study, question),
                           arm_title(study, question), question.cut),
      .paper = as_trained ? paper_score(study, row, question.task, arm.name) : std::nullopt,
      .paper_text = printed_score(study, row, question.task, arm.name),
      .measured = {},
      .evidence = evidence_at(question.cut)};
  if (!gain.own) return number;
  number.bound = gain.own->bound;
  number.measured = row_effect(gain.own->values, gain.own->effect, number.bound);
  return number;
}

Number gain_number(const Study& study, const StudyRow& row, const TaskGain& gain) {
  Number number = own_number(study, row, gain);
  const TaskQuestion& question = gain.question;
  const auto baseline = paper_score(study, row, question.task, study.baseline().name);
  number.name = gain_name(study, question);
  number.is_gain = true;
  number.title = fmt::format("{}: {} - {}, equal {}", metric_title(study, question),
                             arm_title(study, question), study.baseline().name, question.cut);
  number.paper = number.paper && baseline ? std::optional(*number.paper - *baseline) : std::nullopt;
  number.paper_text = number.paper ? format_value(*number.paper, "%") : "-";
  if (!gain.gain) return number;
  std::vector<double> values;
  for (size_t s = 0; s < gain.seeds.size(); ++s)
    values.push_back(gain.scores[s].value - gain.baseline_scores[s].value);
  number.measured = row_effect(std::move(values), *gain.gain, number.bound);
  return number;
}

}  // namespace

std::vector<ScoreFinding> score_findings(const Study& study, const StudyRow& row,
                                         const std::vector<TaskGain>& gains) {
  std::vector<ScoreFinding> findings;
  const auto add = [&](const TaskGain& gain, const Number& number, bool own, bool baseline) {
    ScoreFinding score = make_score(study, row, number);
    const bool own_blind = gain.own && gain.own->is_blind();
    const bool baseline_blind = gain.baseline && gain.baseline->is_blind();
    score.some_blind = (own && own_blind) || (baseline && baseline_blind);
    score.all_blind = (!own || own_blind) && (!baseline || baseline_blind);
    score.finding.inputs = score_lines(study, gain);
    findings.push_back(std::move(score));
  };
  const TaskQuestion* last = nullptr;
  for (const TaskGain& gain : gains) {
    const TaskQuestion& question = gain.question;
    if (last == nullptr || last->task != question.task || last->metric != question.metric)
      add(gain, baseline_number(study, row, gain), /*own=*/false, /*baseline=*/true);
    last = &question;
    add(gain, own_number(study, row, gain), /*own=*/true, /*baseline=*/false);
    add(gain, gain_number(study, row, gain), /*own=*/true, /*baseline=*/true);
  }
  return findings;
}

void limit_blind(const ScoreFinding& score, Finding& finding) {
  measure::Judgement& judgement = finding.judgement;
  const bool reproduced = judgement.verdict == measure::Verdict::reproduced;
  const bool decided = reproduced || judgement.verdict == measure::Verdict::not_reproduced;
  if (!(reproduced && score.some_blind) && !(decided && score.all_blind)) return;
  judgement.verdict = measure::Verdict::inconclusive;
  judgement.reason = score.all_blind
                         ? "every score is within noise of guessing: the task tells these models "
                           "nothing apart"
                         : "a score is within noise of guessing";
}

}  // namespace repro::findings
