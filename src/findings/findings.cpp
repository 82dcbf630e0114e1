#include "findings/findings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "findings/baseline.hpp"
#include "findings/judging.hpp"
#include "findings/numbers.hpp"
#include "findings/row_effect.hpp"
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

std::string id_of(const Study& study, const StudyRow& row, const std::string& quantity) {
  return fmt::format("{}:{}:{}:{}", study.experiment().name, row.model, row.corpus, quantity);
}

// Without its judgement, which needs the whole table, and without its inputs.
Finding make_finding(const Quantity& quantity, const Study& study, const StudyRow& row,
                     const std::optional<RowEffect>& measured) {
  Finding finding;
  finding.id = id_of(study, row, quantity.id);
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
  finding.judgement.reason = untested_reason(quantity, study, row, finding.paper, measured);
  return finding;
}

// The numbers of a table that can be judged, each with the finding and the row that it is of.
class Judging {
 public:
  explicit Judging(const Study& study) : study_(study) {}

  void ask(const Quantity& quantity, size_t row, Finding& finding) {
    asked_.push_back({&finding, row});
    questions_.push_back(question_of(quantity, *finding.paper, *finding.effect));
  }
  void judge() {
    const std::vector<Judgement> judgements = measure::judge(questions_);
    for (size_t i = 0; i < asked_.size(); ++i) {
      asked_[i].finding->judgement = judgements[i];
      limit_stand_in(*asked_[i].finding);
      limit_baseline(study_.rows[asked_[i].row].baseline, *asked_[i].finding);
    }
  }

 private:
  struct Asked {
    Finding* finding;
    size_t row;
  };
  const Study& study_;
  std::vector<Asked> asked_;
  std::vector<Question> questions_;
};

}  // namespace

std::vector<Finding> findings_of(const Study& study) {
  const auto quantities = claims::quantities_of(study.sources.claims, study.view);
  const Terms terms = terms_of(study);
  std::vector<std::vector<std::optional<RowEffect>>> effects;  // by quantity and row
  for (const Quantity* quantity : quantities)
    effects.push_back(row_effects(*quantity, study, terms));
  std::vector<Finding> findings;
  findings.reserve(study.rows.size() * quantities.size());
  Judging judging(study);
  for (size_t row = 0; row < study.rows.size(); ++row) {
    const std::vector<std::string> inputs = inputs_of(study, study.rows[row]);
    for (size_t i = 0; i < quantities.size(); ++i) {
      findings.push_back(make_finding(*quantities[i], study, study.rows[row], effects[i][row]));
      findings.back().inputs = inputs;
      if (findings.back().judgement.reason.empty())
        judging.ask(*quantities[i], row, findings.back());
    }
  }
  judging.judge();
  return findings;
}

std::vector<Finding> judged_at(const Study& study, const std::vector<Finding>& found,
                               const Prices& prices) {
  const auto quantities = claims::quantities_of(study.sources.claims, study.view);
  check(found.size() == study.rows.size() * quantities.size(), "findings are of this study");
  const Terms terms{study.timing, prices};
  std::vector<Finding> all;
  all.reserve(found.size());
  Judging judging(study);
  std::vector<size_t> wanted;
  for (size_t i = 0; i < quantities.size(); ++i) {
    const Quantity& quantity = *quantities[i];
    const bool is_wanted = quantity.id == study.view.verdict;
    const bool moves = depends_on_prices(quantity);
    // What can never be judged takes no part.
    if (!is_wanted && moves && study.stand_in() && !quantity.scale_free) continue;
    const auto effects =
        moves ? row_effects(quantity, study, terms) : std::vector<std::optional<RowEffect>>{};
    for (size_t row = 0; row < study.rows.size(); ++row) {
      const Finding& before = found[row * quantities.size() + i];
      if (is_wanted) wanted.push_back(all.size());
      all.push_back(moves ? make_finding(quantity, study, study.rows[row], effects[row]) : before);
      const bool is_judged =
          moves ? all.back().judgement.reason.empty() : before.judgement.judged > 0;
      if (is_judged) judging.ask(quantity, row, all.back());
    }
  }
  judging.judge();
  std::vector<Finding> answer;
  for (const size_t index : wanted) answer.push_back(std::move(all[index]));
  return answer;
}

const Finding& finding(const std::vector<Finding>& findings, const Study& study,
                       const StudyRow& row, const std::string& quantity) {
  const std::string id = id_of(study, row, quantity);
  const auto at = std::find_if(findings.begin(), findings.end(),
                               [&](const Finding& one) { return one.id == id; });
  check(at != findings.end(), "a view shows a quantity that it declares");
  return *at;
}

}  // namespace repro::findings
