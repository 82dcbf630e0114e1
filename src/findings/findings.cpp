#include "findings/findings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "findings/baseline.hpp"
#include "findings/judging.hpp"
#include "findings/numbers.hpp"
#include "findings/row_effect.hpp"
#include "findings/score_findings.hpp"
#include "findings/values.hpp"
#include "measure/evidence.hpp"

namespace repro::findings {
namespace {

using claims::Quantity;
using measure::Judgement;
using measure::Question;

// A bound is shown as a bound: "<= 90 steps", ">= 87 %".
std::string here_text(const Quantity& quantity, const RowEffect& measured) {
  if (measured.some_not_reached && measured.some_at_most) return "some seeds did not reach";
  return sign_of_bound(measured.some_not_reached, measured.some_at_most, measured.falls) +
         format_value(measure::mean(measured.values), quantity.unit);
}

std::string run_line(const std::string& what, const Training& run, const Status& status) {
  return fmt::format("{}: {} steps, {} tokens, {} billed ({} of it training): {}", what,
                     with_commas(run.steps), with_commas(run.tokens),
                     human_seconds(run.clocks.wall()), human_seconds(run.clocks.train),
                     status.directory);
}

void add_ending_lines(const Seed& seed, const plan::ArmPlan& arm, std::vector<std::string>& lines) {
  const double threshold = seed.comparison->target.threshold();
  const bool has_target =
      seed.runs.plan().experiment.protocol == plan::Protocol::target && arm.endings.size() > 1;
  for (const plan::Ending& ending : arm.endings) {
    const Training* run = seed.runs.training(ending.job);
    if (run == nullptr) continue;
    const auto found = seed.runs.loss(ending, seed.runs.plan().experiment.target.metric);
    if (!found) continue;
    const double loss = *found;
    const std::string what =
        arm.endings.size() == 1
            ? arm.last().title
            : fmt::format("{} ending at {}{}", arm.last().title, loss_text(loss),
                          has_target && loss <= threshold ? ", reaches" : "");
    lines.push_back(run_line(what, *run, seed.runs[ending.job].status));
  }
}

void add_arm_lines(const Seed& seed, size_t index, std::vector<std::string>& lines) {
  const plan::ArmPlan& arm = seed.runs.cell().arms[index];
  for (const plan::PhasePlan& phase : arm.phases)
    for (const size_t job : phase.jobs)
      if (const Training* run = seed.runs.training(job); run && &phase != &arm.last())
        lines.push_back(run_line(phase.title, *run, seed.runs[job].status));
  add_ending_lines(seed, arm, lines);
  const auto& standing = seed.comparison->arms[index];
  if (standing && standing->to_target)
    lines.push_back(arm.last().title + " steps to the target: " + standing->to_target->text());
}

std::vector<std::string> inputs_of(const Study& study, const StudyRow& row) {
  std::vector<std::string> lines;
  for (const Seed& seed : row.seeds) {
    if (!seed.comparison) continue;
    const auto& target = seed.comparison->target;
    lines.push_back(fmt::format("seed {}: target {} nats ({} of the {} arm) + {} tolerance",
                                seed.runs.cell().seed, loss_text(target.loss),
                                study.experiment().target.metric == "train_loss"
                                    ? "mean training loss of the last steps"
                                    : "unseen loss at the end",
                                study.baseline().name, target.tolerance));
    for (size_t arm = 0; arm < seed.runs.cell().arms.size(); ++arm) add_arm_lines(seed, arm, lines);
  }
  for (std::string& line : speed_lines(study)) lines.push_back(std::move(line));
  for (const std::string& profile : study.experiment().profiles()) {
    const auto dollars = study.prices.of(profile);
    lines.push_back(
        dollars ? fmt::format("price of {}: ${}/h ({})", profile, significant(*dollars),
                              study.sources.prices.title)
                : fmt::format("price of {}: none in {}", profile, study.sources.prices.title));
  }
  return lines;
}

// Without its judgement, which needs the whole table, and without its inputs.
Finding make_finding(const Quantity& quantity, const Study& study, const StudyRow& row,
                     const std::optional<RowEffect>& measured) {
  Finding finding;
  finding.id = finding_id(study, row, quantity.id);
  finding.row = row.text();
  finding.quantity = quantity.title;
  finding.unit = quantity.unit;
  finding.paper = paper_value(quantity, study, row);
  if (finding.paper) finding.paper_text = format_value(*finding.paper, quantity.unit);
  if (measured) {
    finding.here = measure::mean(measured->values);
    finding.here_text = here_text(quantity, *measured);
    finding.range = measured->shown_range();
    finding.effect = measured->effect;
    finding.evidence = std::string(name(evidence_of(quantity)));
  } else if (const Status* obstacle = row.obstacle()) {
    finding.here_text = obstacle->text();
  }
  finding.scope = scope_of(study, row);
  return finding;
}

// The numbers of a table on their way to verdicts: what each asks, and whose row it is.
struct AskedNumber {
  size_t finding = 0;  // index
  size_t row = 0;
  const ScoreFinding* score = nullptr;  // null: a quantity's
};

class JudgedTable {
 public:
  explicit JudgedTable(const Study& study) : study_(study) {}

  void add(Finding finding, const std::optional<Question>& question, size_t row,
           const ScoreFinding* score = nullptr) {
    if (question) {
      asked_.push_back({findings_.size(), row, score});
      questions_.push_back(*question);
    }
    findings_.push_back(std::move(finding));
  }

  size_t size() const { return findings_.size(); }

  std::vector<Finding> judge() {
    const std::vector<Judgement> judgements = measure::judge(questions_);
    for (size_t i = 0; i < asked_.size(); ++i) {
      Finding& finding = findings_[asked_[i].finding];
      finding.judgement = judgements[i];
      limit_stand_in(finding);
      limit_baseline(study_.rows[asked_[i].row].baseline, finding);
      if (asked_[i].score != nullptr) limit_blind(*asked_[i].score, finding);
    }
    return std::move(findings_);
  }

 private:
  const Study& study_;
  std::vector<Finding> findings_;
  std::vector<AskedNumber> asked_;
  std::vector<Question> questions_;
};

// A number as it was measured, with its question unless the finding says why there is none.
void add_quantity(const Quantity& quantity, const Study& study, size_t row,
                  const std::optional<RowEffect>& measured, std::vector<std::string> inputs,
                  JudgedTable& table) {
  Finding finding = make_finding(quantity, study, study.rows[row], measured);
  finding.inputs = std::move(inputs);
  finding.judgement.reason =
      untested_reason(quantity, study, study.rows[row], finding.paper, measured);
  std::optional<Question> question;
  if (finding.judgement.reason.empty())
    question = question_of(quantity, *finding.paper, measured->effect);
  table.add(std::move(finding), question, row);
}

// A number that was judged before and is again, among others.
void add_again(const Quantity& quantity, const Finding& before, size_t row, JudgedTable& table) {
  std::optional<Question> question;
  if (before.judgement.judged > 0) question = question_of(quantity, *before.paper, *before.effect);
  table.add(before, question, row);
}

// By row.
std::vector<std::vector<ScoreFinding>> scores_of(const Study& study) {
  const auto gains = task_gains(study);
  std::vector<std::vector<ScoreFinding>> scores;
  for (size_t row = 0; row < study.rows.size(); ++row)
    scores.push_back(score_findings(study, study.rows[row], gains[row]));
  return scores;
}

}  // namespace

std::vector<Finding> findings_of(const Study& study) {
  const auto quantities = claims::quantities_of(study.sources.claims, study.view);
  const Terms terms = terms_of(study);
  std::vector<std::vector<std::optional<RowEffect>>> effects;  // by quantity and row
  for (const Quantity* quantity : quantities)
    effects.push_back(row_effects(*quantity, study, terms));
  const auto scores = scores_of(study);
  JudgedTable table(study);
  for (size_t row = 0; row < study.rows.size(); ++row) {
    const std::vector<std::string> inputs = inputs_of(study, study.rows[row]);
    for (size_t i = 0; i < quantities.size(); ++i)
      add_quantity(*quantities[i], study, row, effects[i][row], inputs, table);
    for (const ScoreFinding& score : scores[row])
      table.add(score.finding, score.question, row, &score);
  }
  return table.judge();
}

std::vector<Finding> judged_at(const Study& study, const std::vector<Finding>& found,
                               const Prices& prices) {
  const auto quantities = claims::quantities_of(study.sources.claims, study.view);
  const Terms terms{study.timing, prices};
  const auto scores = scores_of(study);
  JudgedTable table(study);
  std::vector<size_t> wanted;
  for (const Quantity* quantity : quantities) {
    const bool is_wanted = quantity->id == study.view.verdict;
    const bool moves = depends_on_prices(*quantity);
    // What can never be judged takes no part.
    if (!is_wanted && moves && study.stand_in() && !quantity->scale_free) continue;
    const auto effects =
        moves ? row_effects(*quantity, study, terms) : std::vector<std::optional<RowEffect>>{};
    for (size_t row = 0; row < study.rows.size(); ++row) {
      if (is_wanted) wanted.push_back(table.size());
      if (moves)
        add_quantity(*quantity, study, row, effects[row], {}, table);
      else
        add_again(*quantity, finding(found, study, study.rows[row], quantity->id), row, table);
    }
  }
  for (size_t row = 0; row < study.rows.size(); ++row)
    for (const ScoreFinding& score : scores[row])
      table.add(score.finding, score.question, row, &score);
  std::vector<Finding> all = table.judge(), answer;
  for (const size_t index : wanted) answer.push_back(std::move(all[index]));
  return answer;
}

std::string finding_id(const Study& study, const StudyRow& row, const std::string& name) {
  return fmt::format("{}:{}:{}:{}", study.experiment().name, row.model, row.corpus, name);
}

const Finding& finding(const std::vector<Finding>& findings, const Study& study,
                       const StudyRow& row, const std::string& quantity) {
  const std::string id = finding_id(study, row, quantity);
  const auto at = std::find_if(findings.begin(), findings.end(),
                               [&](const Finding& one) { return one.id == id; });
  check(at != findings.end(), "a view shows a quantity that it declares");
  return *at;
}

}  // namespace repro::findings
